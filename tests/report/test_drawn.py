from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from metaprior.core import MetapriorError, generator
from metaprior.report.drawn import FROM_DATA, STEPS, Drawn, from_prior, refuse_place, write_drawn
from tests.conftest import Columns


class Pixels(nn.Module):
    """Codes are pixels: what is encoded comes back, and a mixture of codes is a mixture of images."""

    def encode(self, images: Tensor) -> Tensor:
        assert not self.training
        return images.flatten(1)

    def decode(self, codes: Tensor) -> Tensor:
        assert not self.training
        return codes.unflatten(1, (1, 4, 4))


class Prior(Pixels):
    def sample(self, count: int, seed: int = 0) -> Tensor:
        return torch.rand(count, 1, 4, 4, generator=generator(seed, "sample"))


IMAGES = torch.rand(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))
DATA = Columns(images=IMAGES)


def test_reconstructions_stand_beside_what_they_are_of() -> None:
    found = FROM_DATA["reconstruction"](Pixels(), DATA, 20, 0)
    assert found.originals is not None
    assert torch.equal(found.images, found.originals)
    assert len(found.images.flatten(1).unique(dim=0)) == 20


def test_interpolations_begin_and_end_at_images_and_have_equal_steps() -> None:
    found = FROM_DATA["interpolation"](Pixels(), DATA, 3 * STEPS, 0).images.unflatten(0, (3, STEPS))
    known = {tuple(image.tolist()) for image in IMAGES.flatten(1)}
    ends = found[:, [0, -1]].flatten(2).flatten(0, 1)
    assert {tuple(each.tolist()) for each in ends} <= known
    assert len(ends.unique(dim=0)) == 6
    steps = found.diff(dim=1)
    assert torch.allclose(steps, steps[:, :1].expand_as(steps), atol=1e-6)


def test_a_mixture_has_the_moments_of_the_codes() -> None:
    made = FROM_DATA["mixture"](Pixels(), DATA, 5000, 0).images
    assert made.mean(dim=0).numpy() == pytest.approx(IMAGES.mean(dim=0).numpy(), abs=0.03)
    assert made.std(dim=0).numpy() == pytest.approx(IMAGES.std(dim=0, unbiased=False).numpy(), abs=0.03)


@pytest.mark.parametrize("kind", ["prior", *FROM_DATA])
def test_a_seed_gives_the_same_images_and_another_others(kind: str) -> None:
    def drawn(seed: int) -> Tensor:
        found = from_prior(Prior(), 16, seed) if kind == "prior" else FROM_DATA[kind](Prior(), DATA, 16, seed)
        return found.images

    assert drawn(1).shape == (16, 1, 4, 4)
    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_an_autoencoder_without_a_prior_is_told_of_the_mixture() -> None:
    with pytest.raises(MetapriorError, match="Pixels has no prior to draw from; take --kind mixture, which fits one"):
        from_prior(Pixels(), 4)
    with pytest.raises(MetapriorError, match=r"needs a model with sample\(\); Identity has none"):
        from_prior(nn.Identity(), 4)
    for draw in FROM_DATA.values():
        with pytest.raises(MetapriorError, match=r"needs a model with encode\(\)"):
            draw(nn.Identity(), DATA, STEPS, 0)


def test_what_cannot_be_drawn_is_named() -> None:
    with pytest.raises(MetapriorError, match="100 images are to be drawn from data of 60; lower --count"):
        FROM_DATA["reconstruction"](Pixels(), DATA, 100, 0)
    with pytest.raises(MetapriorError, match="--count must be a multiple of it, not 12"):
        FROM_DATA["interpolation"](Pixels(), DATA, 12, 0)
    with pytest.raises(MetapriorError, match="its training has diverged"):
        Drawn(torch.full((1, 1, 4, 4), torch.nan), 1)
    with pytest.raises(MetapriorError, match="a sheet shows up to 1,024 images, not 1,025"):
        Drawn(torch.zeros(1025, 1, 4, 4), 32).sheet()


@pytest.mark.parametrize("channels", [1, 3])
def test_an_array_and_a_folder_hold_the_images_themselves(channels: int, tmp_path: Path) -> None:
    images = torch.rand(5, channels, 4, 6, generator=torch.Generator().manual_seed(0))
    write_drawn(Drawn(images, 5), tmp_path / "made.npy")
    assert np.array_equal(np.load(tmp_path / "made.npy"), images.numpy())
    write_drawn(Drawn(images, 5), tmp_path / "made")
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == [f"0000{i}.png" for i in range(5)]
    for name, image in zip(names, images, strict=True):
        picture = np.asarray(Image.open(tmp_path / "made" / name)).reshape(4, 6, channels)
        assert picture == pytest.approx(image.permute(1, 2, 0).numpy() * 255, abs=0.51)


def test_a_sheet_shows_every_image_in_its_place(tmp_path: Path) -> None:
    images = torch.arange(6).float().reshape(6, 1, 1, 1).expand(-1, 1, 64, 64) / 10
    write_drawn(Drawn(images, 3), tmp_path / "made.png")
    sheet = np.asarray(Image.open(tmp_path / "made.png"))
    places = np.array([[sheet[64 + 134 * row, 64 + 134 * column] for column in range(3)] for row in range(2)])
    assert places.ravel() == pytest.approx(images[:, 0, 0, 0].numpy() * 255, abs=1)
    twelve = FROM_DATA["reconstruction"](Pixels(), DATA, 12, 0).sheet()
    twenty = FROM_DATA["reconstruction"](Pixels(), DATA, 20, 0).sheet()
    assert twenty.height > 1.9 * twelve.height  # two rows of pairs, the second one short


def test_files_that_are_there_are_not_swept_away(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    refuse_place(mine)
    (mine / "thesis.txt").write_text("words")
    with pytest.raises(MetapriorError, match="mine is there and not empty; name a new folder"):
        write_drawn(Drawn(torch.zeros(1, 1, 4, 4), 1), mine)
    assert (mine / "thesis.txt").read_text() == "words"
    with pytest.raises(MetapriorError, match=r"or a folder, and made\.jpg is none of them"):
        refuse_place(tmp_path / "made.jpg")
