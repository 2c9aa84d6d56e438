"""Toys: ten of each kind, none like another, and a front that tells how they are turned."""

from itertools import combinations

import pytest
import torch

from metaprior.data.toys import KINDS, LIGHTS, picture, stage, toy


@pytest.mark.parametrize("kind", KINDS)
def test_every_toy_stays_in_the_picture(kind: str) -> None:
    """From every side and height."""
    for instance in range(10):
        for elevation in (0, 4, 8):
            for azimuth in range(0, 18, 3):
                seen = stage(kind, instance, elevation, azimuth, 0)
                right, down, _ = seen.camera.project(torch.cat([solid.corners for solid in seen.solids], dim=1))
                assert max(right.abs().max(), down.abs().max()) < 1.05


@pytest.mark.parametrize("kind", KINDS)
def test_toys_stand_on_the_ground_below_the_lamps(kind: str) -> None:
    for instance in range(10):
        heights = torch.cat([part.corners[2] for part in toy(kind, instance)])
        assert -0.2 < heights.min() < 0.25
        assert heights.max() < 2


def test_instances_of_a_kind_differ() -> None:
    for kind in KINDS:
        shown = [picture(kind, instance, 2, 3, 5, side=32).float() for instance in range(10)]
        assert min((one - other).abs().mean().item() for one, other in combinations(shown, 2)) > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_no_toy_looks_the_same_from_two_sides(kind: str) -> None:
    """Front and back least of all: else azimuths could not be told."""
    for instance in (0, 5):
        shown = [picture(kind, instance, 0, azimuth, 5, side=32).float() for azimuth in range(18)]
        assert min((one - other).abs().mean().item() for one, other in combinations(shown, 2)) > 0.5


def test_the_bare_ground_does_not_tell_the_elevation() -> None:
    """Each light makes all of it one grey, whatever the height of the camera."""
    for light in range(len(LIGHTS)):
        counts = [torch.bincount(picture("car", 0, elevation, 3, light).flatten()) for elevation in range(9)]
        assert len({int(count.argmax()) for count in counts}) == 1
        assert min(int(count.max()) for count in counts) > 96 * 96 / 3


def test_lights_differ_and_elevations_do() -> None:
    for shown in (
        [picture("car", 0, 2, 3, light, side=32).float() for light in range(len(LIGHTS))],
        [picture("car", 0, elevation, 3, 0, side=32).float() for elevation in range(9)],
    ):
        assert min((one - other).abs().mean().item() for one, other in combinations(shown, 2)) > 1


def test_pictures_are_grey_and_the_same_again() -> None:
    first = picture("plane", 4, 1, 2, 3)
    assert first.shape == (1, 96, 96)
    assert torch.equal(picture("plane", 4, 1, 2, 3), first)
