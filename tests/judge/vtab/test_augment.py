"""Random squares and mirror images: each equally likely, every pixel from its own place."""

import pytest
import torch
from torch import Tensor

from metaprior.core import Step
from metaprior.judge.vtab.augment import augmentation, cropped, mirrored
from tests.conftest import random

MANY = 20_000


def numbered(count: int, height: int, width: int) -> Tensor:
    """Pictures each of whose values says where it is: B×2×H×W, row and column."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([rows, columns]).float().expand(count, -1, -1, -1)


def test_every_place_is_equally_likely() -> None:
    places = torch.rand(MANY, 2, generator=torch.Generator().manual_seed(0))
    corners = cropped(numbered(MANY, 6, 8), places, 4)[:, :, 0, 0].long()
    for axis, room in ((0, 3), (1, 5)):
        counts = corners[:, axis].bincount()
        assert len(counts) == room
        assert (counts - MANY / room).abs().max() < 4 * (MANY / room) ** 0.5
    both = (corners[:, 0] * 5 + corners[:, 1]).bincount()
    assert (both - MANY / 15).abs().max() < 4 * (MANY / 15) ** 0.5


@pytest.mark.parametrize("most", [1 - 2**-24, 1 - 2**-53])
@pytest.mark.parametrize("room", [1, 2, 3, 5, 32, 64, 65, 127])
def test_the_largest_number_below_one_is_the_last_place(room: int, most: float) -> None:
    places = torch.full((1, 2), most, dtype=torch.float32 if most < 1 - 2**-30 else torch.float64)
    assert cropped(numbered(1, 3 + room - 1, 3 + room - 1), places, 3)[0, :, -1, -1].tolist() == [room + 1] * 2


def test_every_pixel_is_from_its_own_place_of_its_own_picture() -> None:
    images, places = random(0, 5, 3, 7, 9), torch.rand(5, 2, generator=torch.Generator().manual_seed(1))
    found = cropped(images, places, 4)
    for picture, (down, across), square in zip(images, places, found, strict=True):
        top, left = int(down * 4), int(across * 6)
        assert torch.equal(square, picture[:, top : top + 4, left : left + 4])


def test_half_of_the_pictures_are_mirrored_whole() -> None:
    images = random(0, 1, 3, 4, 6).expand(MANY, -1, -1, -1)
    found = mirrored(images, torch.rand(MANY, generator=torch.Generator().manual_seed(0)))
    turned = (found == images.flip(3)).flatten(1).all(1)
    assert turned.double().mean() == pytest.approx(0.5, abs=4 * 0.5 / MANY**0.5)
    assert torch.equal(found[~turned], images[~turned])


def test_a_square_as_large_as_the_picture_is_the_picture() -> None:
    images = random(0, 3, 1, 5, 5)
    assert torch.equal(cropped(images, torch.rand(3, 2), 5), images)


def test_tasks_are_cut_or_mirrored_as_is_said_and_not_otherwise() -> None:
    images = numbered(400, 6, 6)
    assert augmentation(4, crop=False, mirror=False) is None
    both, cut, turned = (augmentation(4, *each) for each in ((True, True), (True, False), (False, True)))
    assert both is not None
    assert cut is not None
    assert turned is not None
    assert both(images, Step()).shape == cut(images, Step()).shape == (400, 2, 4, 4)
    assert (cut(images, Step())[:, 1].diff(dim=-1) == 1).all()
    assert 150 < (both(images, Step())[:, 1, 0].diff() == 1).all(1).sum() < 250
    assert 150 < (turned(images, Step())[:, 1, 0].diff() == 1).all(1).sum() < 250
    assert turned(images, Step()).shape == images.shape


def test_where_a_picture_is_cut_does_not_tell_whether_it_is_mirrored() -> None:
    both = augmentation(4, crop=True, mirror=True)
    assert both is not None
    found = both(numbered(MANY, 5, 5), Step())
    upper, mirror = found[:, 0, 0, 0] == 0, found[:, 1, 0, 0] > found[:, 1, 0, 1]
    assert (upper & mirror).double().mean() == pytest.approx(0.25, abs=0.02)
