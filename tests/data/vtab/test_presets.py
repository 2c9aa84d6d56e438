"""Presets of preprocessing."""

import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Pictures
from metaprior.data.vtab.presets import LEVELS, PRESETS, Resized, augmentation, find_preset, stretched
from metaprior.data.vtab.resize import resize_legacy


def noise(channels: int, height: int, width: int) -> torch.Tensor:
    return torch.randint(256, (channels, height, width), generator=torch.Generator().manual_seed(0)).byte()


def test_the_benchmarks_pixels_are_neither_rounded_nor_cropped():
    picture = noise(3, 40, 61)
    shown = stretched(picture, 224, PRESETS["vtab-2019"].kernel)
    assert torch.equal(shown, resize_legacy(picture[None].float(), 224)[0] / 255)
    assert len((shown * 255).unique()) > 256


def test_grey_is_repeated_and_colour_is_weighed():
    grey = stretched(noise(1, 8, 8), 8, "legacy")
    assert grey.shape == (3, 8, 8)
    assert torch.equal(grey[0], grey[2])
    red = torch.zeros(3, 4, 4, dtype=torch.uint8)
    red[0] = 255
    assert stretched(red, 4, "legacy", channels=1).unique().tolist() == pytest.approx([0.299])


def test_pictures_of_different_sizes_make_one_batch():
    read = [noise(3, 10, 20), noise(1, 31, 7), noise(3, 16, 16)]
    source = Resized(Pictures("three", list("abc"), read.__getitem__), 16, "legacy")
    images = source.gather(torch.tensor([2, 0, 1])).images
    assert images.shape == (3, 3, 16, 16)
    assert torch.equal(images[0], read[2] / 255)
    assert torch.equal(images[2], source.one(1))


def test_every_task_is_augmented_in_one_of_the_recipes_four_ways():
    from metaprior.data.vtab.tasks import VTAB

    ways = {task: augmentation(task) for task in VTAB}
    counts = {way: list(ways.values()).count(way) for way in set(ways.values())}
    assert counts == {(True, True): 12, (True, False): 2, (False, True): 4, (False, False): 1}
    assert ways["dsprites-location"] == (False, False)


def test_levels_are_the_published_ones():
    assert PRESETS["vit-g-2022"].levels == "signed"
    assert PRESETS["peft"].levels == "imagenet"
    assert PRESETS["peft-unnormalised"].levels == "unit"
    mean, deviation = LEVELS["signed"]
    assert [(0 - mean[0]) / deviation[0], (1 - mean[0]) / deviation[0]] == [-1, 1]


def test_a_preset_that_is_not_there_is_named():
    with pytest.raises(MetapriorError, match="vtab-2018"):
        find_preset("vtab-2018")
