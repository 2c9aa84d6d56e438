"""The room of 3D Shapes: light and shadow by closed forms."""

import math

import pytest
import torch

from metaprior.data.shapes3d_scene import (
    AMBIENT,
    FLOOR,
    GLOSS,
    HEADLIGHT,
    LAMP,
    LAMP_PLACE,
    OBJECT,
    SKY,
    SOLIDS,
    WALL,
    WALL_HEIGHT,
    Solid,
    empty_room,
    furnish,
)

SPHERE = SOLIDS[2]
LAMP_AT = torch.tensor(LAMP_PLACE, dtype=torch.float64)[:, None]


def test_the_empty_room_is_sky_above_walls_above_floor() -> None:
    room = empty_room(0, 32)
    height = room.rays.at(room.distance)[2]
    assert bool((height[room.seen.region == FLOOR].abs() < 1e-12).all())
    assert bool((height[room.seen.region == SKY] >= WALL_HEIGHT).all())
    assert bool(((height > 1e-12) & (height < WALL_HEIGHT))[room.seen.region == WALL].all())
    assert not bool(room.seen.gloss.any())
    rows = room.seen.region.view(32, 32, 4, 4)[:, 16, :, 0].flatten().tolist()
    assert rows == sorted(rows, key=[SKY, WALL, FLOOR].index)


def test_the_floor_is_brightest_under_the_lamp() -> None:
    """Ambient and lamp there; at an angle a to the lamp's axis the lamp's cone and its slant leave cos¹¹ a of it."""
    room = empty_room(30, 64)
    floor = room.seen.region == FLOOR
    point = room.rays.at(room.distance)[:, floor]
    away = (point - LAMP_AT)[:2].norm(dim=0)
    cosine = torch.cos(torch.atan(away / LAMP_PLACE[2]))
    assert torch.allclose(room.seen.brightness[floor], AMBIENT + LAMP * cosine**11)
    nearest = int(away.argmin())
    assert float(away[nearest]) < 0.02
    assert float(room.seen.brightness[floor][nearest]) == pytest.approx(AMBIENT + LAMP, abs=1e-3)


@pytest.mark.parametrize("orientation", [-30.0, 0.0, 12.0])
def test_a_sphere_shades_what_its_outline_hides_from_the_lamp(orientation: float) -> None:
    """A floor point lies in the shadow if the line from it to the lamp comes nearer to the centre than the radius."""
    room = empty_room(orientation, 64)
    changed, seen = furnish(room, SPHERE, 1.25)
    radius = SPHERE.height / 2 * 1.25
    floor = seen.region == FLOOR
    point = room.rays.at(room.distance)[:, floor]
    to_lamp, to_centre = LAMP_AT - point, torch.tensor([[0.0], [0.0], [radius]], dtype=torch.float64) - point
    past = torch.linalg.cross(to_lamp, to_centre, dim=0).norm(dim=0) / to_lamp.norm(dim=0)
    assert torch.equal(past < radius, seen.brightness[floor] == AMBIENT)
    assert torch.equal(past < radius, changed[floor])
    assert 500 < int((past < radius).sum()) < 10_000


def test_gloss_and_lamp_light_the_side_of_a_sphere_that_faces_the_lamp() -> None:
    room = empty_room(8, 64)
    _, seen = furnish(room, SPHERE, 1.0)
    on = (seen.region == OBJECT).nonzero()[:, 0]
    radius = SPHERE.height / 2
    away, eye = room.rays.direction[:, on], room.rays.origin
    start = eye - torch.tensor([[0.0], [0.0], [radius]], dtype=torch.float64)
    mixed, square = (away * start).sum(0), (away * away).sum(0)
    point = eye + (-mixed - (mixed**2 - square * ((start**2).sum() - radius**2)).sqrt()) / square * away
    normal = (point - torch.tensor([[0.0], [0.0], [radius]], dtype=torch.float64)) / radius
    slant = ((LAMP_AT - point) * normal).sum(0)
    assert torch.equal(slant > 0, seen.gloss[on] == GLOSS)
    assert not bool(seen.gloss[on][slant <= 0].any())
    level = torch.tensor([math.sin(math.radians(8)), -math.cos(math.radians(8))], dtype=torch.float64)
    faced = (normal[:2] * level[:, None]).sum(0).clamp_min(0)
    dark = slant <= 0
    assert torch.allclose(seen.brightness[on][dark], AMBIENT + HEADLIGHT * faced[dark])
    assert bool((seen.brightness[on] > AMBIENT + HEADLIGHT * faced - 1e-12).all())


@pytest.mark.parametrize("solid", SOLIDS, ids=[solid.name for solid in SOLIDS])
def test_what_a_solid_leaves_alone_is_the_empty_room(solid: Solid) -> None:
    """And what it changes is its own rays and the floor in its shadow."""
    room = empty_room(-30, 32)
    changed, seen = furnish(room, solid, 0.75)
    for now, before in zip(vars(seen).values(), vars(room.seen).values(), strict=True):
        assert torch.equal(now[~changed], before[~changed])
    assert bool(((seen.region[changed] == OBJECT) | (seen.region[changed] == FLOOR)).all())
    assert bool((seen.region == OBJECT).any())
