"""Scenes like CLEVR's: the published camera to the pixel, and what the published generator promises of a scene."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from metaprior.data.clevr_scene import APART, COLOURS, DIRECTIONS, GRID, MARGIN, REACH, SHAPES, camera_at, scene
from metaprior.data.stage import look

SCENES = [scene(0, index) for index in range(120)]


def test_the_camera_is_that_of_the_published_scenes() -> None:
    """All that is published of CLEVR_val_000000: places, pixels of 480×320, depths; only its jitter is fitted."""
    places = [
        (-1.4937210083007812, -1.9936031103134155, 0.7),
        (1.555708646774292, -2.104736566543579, 0.7),
        (-2.342184543609619, -0.5205014944076538, 0.35),
        (-0.8073106408119202, 1.914123773574829, 0.7),
        (2.6763813495635986, 0.03453871235251427, 0.35),
    ]
    pixels = [(119, 131), (198, 190), (161, 118), (282, 100), (337, 195)]
    depths = [10.801968574523926, 8.60103988647461, 12.372727394104004, 12.495001792907715, 9.161211967468262]
    right, down, depth = camera_at((0.3695, 0.2919, -0.3848)).project(torch.tensor(places).T)
    assert (240 + 240 * right).round().tolist() == [x for x, _ in pixels]
    assert (160 + 240 * down).round().tolist() == [y for _, y in pixels]
    assert depth.tolist() == pytest.approx(depths, abs=0.005)


def test_the_directions_are_those_of_the_published_scenes() -> None:
    assert DIRECTIONS[0].tolist() == pytest.approx([0.754490315914154, -0.6563112735748291], abs=2e-7)
    assert DIRECTIONS[1].tolist() == pytest.approx([0.6563112735748291, 0.7544902563095093], abs=2e-7)


def test_objects_keep_their_distances() -> None:
    """Of any two, the one drawn first by its own radius; the other, by its size before a cube's is divided by √2."""
    for each in SCENES:
        for number, thing in enumerate(each.things):
            size = thing.radius * (math.sqrt(2) if thing.shape == "cube" else 1)
            assert size == pytest.approx(0.7) or size == pytest.approx(0.35)
            assert max(abs(thing.x), abs(thing.y)) <= REACH
            for before in each.things[:number]:
                away = np.array([thing.x - before.x, thing.y - before.y])
                assert np.hypot(*away) - size - before.radius >= APART
                assert (np.abs(DIRECTIONS @ away) >= MARGIN).all()


def test_everything_shows_as_much_of_itself_as_200_pixels_of_320_times_240() -> None:
    for each in SCENES[:20]:
        which = look(each.camera, [thing.solid for thing in each.things], 320, 240).which
        shown = torch.bincount(which.flatten() + 1)[1:]
        assert len(shown) == len(each.things)
        assert int(shown.min()) >= 200 - 25  # 50 rays of a coarser grid


def test_the_nearest_depth_is_that_of_the_camera_s_axis() -> None:
    each = SCENES[3]
    eye = np.array(each.camera.eye)
    middles = np.array([(thing.x, thing.y, thing.radius) for thing in each.things])
    assert each.depths == pytest.approx((middles - eye) @ (-eye / np.linalg.norm(eye)), rel=1e-5)


def test_numbers_shapes_and_colours_are_uniform() -> None:
    """Within five standard errors; the count is that of 120 scenes, the others of some 780 objects."""
    counts = Counter(len(each.things) for each in SCENES)
    assert set(counts) == set(range(3, 11))
    assert max(counts.values()) < 15 + 5 * math.sqrt(15)
    things = [thing for each in SCENES for thing in each.things]
    for values, kinds in (("colour", list(COLOURS)), ("material", ["rubber", "metal"])):
        found = Counter(getattr(thing, values) for thing in things)
        expected = len(things) / len(kinds)
        assert all(abs(found[kind] - expected) < 5 * math.sqrt(expected) for kind in kinds)
    assert {thing.shape for thing in things} == set(SHAPES)


def test_a_scene_depends_on_its_seed_and_number_alone() -> None:
    assert scene(0, 7) == SCENES[7]
    assert scene(1, 7) != SCENES[7]
    assert len({each.things for each in SCENES}) == len(SCENES)


def test_the_camera_stays_within_its_jitter() -> None:
    eyes = np.array([each.camera.eye for each in SCENES]) - (7.48113, -6.50764, 5.34367)
    lamps = np.array([each.lamps for each in SCENES])
    assert 0.4 < np.abs(eyes).max() <= 0.5
    assert 0.9 < np.abs(lamps).max() <= 1.0
    assert GRID[0] * GRID[1] / 50 == 320 * 240 / 200
