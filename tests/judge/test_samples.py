import json

import pytest
import torch
from torch import Tensor, nn

from metaprior.core import Batch, MetapriorError, generator
from metaprior.data import Dataset, load
from metaprior.judge import PROTOCOLS, pixels, sample_quality
from metaprior.judge.samples import drawn, some_rows
from tests.judge.worlds import Pixels, world

PIXELS = "FD[pixels-3bf97439]"


class Copies(nn.Module):
    """Draws images of a set, with noise: as good as a model can be where there is none."""

    def __init__(self, images: Tensor, noise: float = 0.0) -> None:
        super().__init__()
        self.images, self.noise = images, noise
        self.asked: list[tuple[int, bool]] = []

    def sample(self, count: int, seed: int = 0) -> Tensor:
        self.asked.append((count, self.training))
        source = generator(seed, "copies")
        images = self.images[torch.randint(len(self.images), (count,), generator=source)]
        return (images + self.noise * torch.randn(images.shape, generator=source)).clamp(0, 1)


def digits(split: str = "train") -> Dataset:
    data = load("digits", split)
    assert isinstance(data, Dataset)
    return data


def images(split: str = "train") -> Tensor:
    data = digits(split)
    return data.gather(torch.arange(len(data))).images


class Noise:
    """Draws images of bytes that are all as likely."""

    def sample(self, count: int, seed: int = 0) -> Tensor:
        return torch.randint(256, (count, 1, 8, 8), generator=generator(seed, "noise")) / 255


def test_a_model_of_the_data_s_own_law_has_the_floor() -> None:
    data = Dataset("noise", (Noise().sample(1000, seed=1) * 255).round().byte())
    score = sample_quality(Noise(), data, pixels())[PIXELS]
    assert score.value == pytest.approx(score.details["floor"], rel=0.05)
    assert (score.n, score.rows, score.seed, score.details["features"]) == (500, 500, 0, 64)


def test_a_model_that_copies_what_it_is_compared_with_is_below_the_floor() -> None:
    score = sample_quality(Copies(images()), digits(), pixels())[PIXELS]
    assert score.value is not None
    assert score.value < score.details["floor"]


def test_worse_samples_are_farther() -> None:
    far = [sample_quality(Copies(images(), noise), digits(), pixels())[PIXELS].value or 0 for noise in (0, 0.1, 0.3)]
    assert far == sorted(far)
    assert far[2] > 2 * far[0]


def test_images_from_anywhere_are_judged_as_those_that_a_model_draws() -> None:
    model = Copies(images(), 0.1)
    made = drawn(model, 100, seed=3)
    one, other = (sample_quality(each, digits(), pixels(), count=100, seed=3) for each in (model, made))
    assert one.scores == other.scores
    assert (one.model, other.model) == ("Copies", "Tensor")
    as_bytes = sample_quality((made * 255).round().byte(), digits(), pixels(), count=100, seed=3)
    assert as_bytes[PIXELS].value == pytest.approx(one[PIXELS].value, rel=0.01)


def test_samples_and_halves_are_of_one_number_and_no_image_is_in_both_halves() -> None:
    assert sample_quality(Copies(images()), digits("test"), pixels())[PIXELS].n == 180
    assert sample_quality(images()[:50], digits("test"), pixels())[PIXELS].n == 50
    assert len(some_rows(360, 360, 0).unique()) == 360
    assert len(some_rows(10**13, 50, 0).unique()) == 50  # a world that cannot be shuffled


def test_a_model_draws_in_batches_at_rest_each_from_a_seed_of_its_own() -> None:
    model = Copies(images()).train()
    made = drawn(model, 100, seed=1, batch=40)
    assert model.asked == [(40, False), (40, False), (20, False)]
    assert model.training
    assert not torch.equal(made[:20], made[40:60])
    assert torch.equal(made, drawn(model, 100, seed=1, batch=40))
    assert not torch.equal(made, drawn(model, 100, seed=2, batch=40))


def test_the_score_says_what_was_compared() -> None:
    told = sample_quality(images(), digits("test"), count=100, split="test", model_name="mine").to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["protocol"], told["model"], told["data"]) == ("samples", "mine", "digits")
    (name, score), *others = told["scores"].items()
    assert not others
    assert name.partition("[")[0] == PROTOCOLS["samples"].scores[0]
    assert score["protocol"] == "samples against images of the data (split test), features random-conv"
    assert 0 < score["floor"] < score["value"]


def test_a_world_is_judged_too() -> None:
    score = sample_quality(torch.rand(40, 1, 1, 3), world(), pixels())[PIXELS]
    assert score.n == 30  # of its 60 images


def test_samples_that_are_no_numbers_have_no_score() -> None:
    score = sample_quality(torch.full((50, 1, 8, 8), torch.nan), digits())["FD[random-conv-7c6f3e11]"]
    assert score.value is None
    assert "features hold" in (score.reason or "")


class Empty:
    def __len__(self) -> int:
        return 3

    def gather(self, indices: Tensor) -> Batch:
        return Batch({"labels": indices})


def test_what_cannot_be_compared_is_named() -> None:
    with pytest.raises(MetapriorError, match=r"judging samples needs a model with sample\(\); Pixels has none"):
        sample_quality(Pixels(), digits())  # pyright: ignore[reportArgumentType]
    with pytest.raises(MetapriorError, match=r"samples are 1 x 8 x 9 .* and the data's images 1 x 8 x 8"):
        sample_quality(torch.rand(9, 1, 8, 9), digits())
    with pytest.raises(MetapriorError, match="count must be at least 2, not 1"):
        sample_quality(images(), digits(), count=1)
    with pytest.raises(MetapriorError, match="takes 2 samples and twice as many images, and here are fewer"):
        sample_quality(images(), Empty())
    with pytest.raises(MetapriorError, match="takes 2 samples"):
        sample_quality(images()[:1], digits())
