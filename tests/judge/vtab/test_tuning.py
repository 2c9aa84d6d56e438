"""What an encoder is shown when it is fine-tuned under a preset: in training and in tests."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from metaprior.data.vtab.presets import PRESETS, Preset, stretched
from metaprior.judge.vtab.encoder import of_callable
from metaprior.judge.vtab.recipes import FineTuning
from metaprior.judge.vtab.trial import Trial
from metaprior.judge.vtab.tuning import images, tune
from metaprior.training import Loop
from tests.judge.vtab import pictures

SMALL = replace(PRESETS["vit-g-2022"], size=8, enlarged=10)
"""The ViT-G recipe's preset, in small."""
RECIPE = FineTuning("two short trials", "this test", (Trial(0.1, 16, 6, drops=()), Trial(0.01, 16, 6, drops=())))


class Watched(nn.Module):
    """Keeps what it is shown in training and in tests; every copy of it adds to the same lists."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.trained, self.tested = Shared(), Shared()

    def forward(self, shown: torch.Tensor) -> torch.Tensor:
        (self.trained if self.training else self.tested).append(shown.detach().clone())
        return shown.mean(dim=(2, 3)) * self.scale


class Shared(list):
    """A list of which copies are itself."""

    def __deepcopy__(self, memo: dict) -> "Shared":
        return self


def shown(task: str, preset: Preset) -> tuple[torch.Tensor, torch.Tensor]:
    """What fine-tuning on a task shows in training, and in tests of any kind."""
    net = Watched()
    encoder = of_callable(net, "watched", size=6, mean=(0.1, 0.2, 0.3), deviation=(0.5, 0.5, 0.5))
    data = replace(pictures.load(Path(), "1k"), name=task)
    tune(encoder, data, preset, RECIPE, Loop(seed=0, device="cpu"), None)
    return torch.cat(net.trained), torch.cat(net.tested)


def rows(batch: torch.Tensor) -> set[bytes]:
    return {row.numpy().tobytes() for row in batch.contiguous()}


def of_data(preset: Preset, side: int) -> dict[str, torch.Tensor]:
    """The pictures of each part as they are, in the levels of the preset: [-1, 1]."""
    data = pictures.load(Path(), "1k")
    return {part: (images(getattr(data, part), side, preset, 3) - 0.5) / 0.5 for part in ("train", "val", "test")}


@pytest.mark.parametrize(
    ("task", "cropped", "mirrored"),
    [
        ("pets", True, True),
        ("standin/smallnorb-azimuth", True, False),
        ("clevr-count", False, True),
        ("dsprites-location", False, False),
    ],
)
def test_the_vit_g_recipe_augments_as_it_says_of_each_task(task: str, cropped: bool, mirrored: bool) -> None:
    trained, tested = shown(task, SMALL)
    assert trained.shape[1:] == tested.shape[1:] == (3, 8, 8)
    large = of_data(SMALL, 10 if cropped else 8)
    learnt = torch.cat([large["train"], large["val"]])
    squares = learnt.unfold(2, 8, 1).unfold(3, 8, 1).permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
    plain, turned = rows(squares), rows(squares.flip(3))
    seen = rows(trained)
    assert seen <= plain | turned
    assert bool(seen & turned) == mirrored
    assert seen & plain


@pytest.mark.parametrize("task", ["pets", "clevr-count"])
def test_tests_see_pictures_as_they_are(task: str) -> None:
    _, tested = shown(task, SMALL)
    plain = of_data(SMALL, 8)
    assert rows(tested[2:]) == rows(plain["val"]) | rows(plain["test"])  # the first two only find the width


@pytest.mark.parametrize("name", ["vtab-2019", "peft", "native"])
def test_other_presets_never_augment(name: str) -> None:
    preset = PRESETS[name] if name == "native" else replace(PRESETS[name], size=6)
    trained, tested = shown("pets", preset)
    mean, deviation = {
        "peft": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    }.get(name, ((0.1, 0.2, 0.3), (0.5, 0.5, 0.5)))
    mean, deviation = (torch.tensor(each)[:, None, None] for each in (mean, deviation))
    data = pictures.load(Path(), "1k")
    learnt = (images(data.trainval, 6, preset, 3) - mean) / deviation
    assert rows(trained) <= rows(learnt)
    assert rows(tested[2:]) == rows((images(data.val + data.test, 6, preset, 3) - mean) / deviation)


def test_images_are_the_presets() -> None:
    data = pictures.load(Path(), "1k")
    found = images(data.test, 7, PRESETS["peft"], 1)
    assert found.shape == (30, 1, 7, 7)
    assert torch.equal(found[5], stretched(data.test.pictures[5], 7, "legacy", 1))
