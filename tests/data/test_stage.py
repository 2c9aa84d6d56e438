"""Stages: where things appear, how bright they are, and what lies in shadow."""

import math

import pytest
import torch

from metaprior.data.solids import ball, block
from metaprior.data.stage import GROUND, Camera, Finish, Lamp, Stage, encoded, look, render

AHEAD = Camera((0.0, -10.0, 3.0), (0.0, 0.0, 3.0), 0.5)
ABOVE = Camera((0.0, -1e-3, 10.0), (0.0, 0.0, 0.0), 0.3)
GREY = Finish((0.4, 0.4, 0.4))


def test_points_on_the_axis_are_in_the_middle_at_their_distance() -> None:
    camera = Camera((3.0, -4.0, 5.0), (1.0, 2.0, 0.5), 0.4)
    eye, target = torch.tensor(camera.eye), torch.tensor(camera.target)
    right, down, depth = camera.project(torch.stack([target, 2 * target - eye], dim=1))
    assert right.tolist() == pytest.approx([0, 0], abs=1e-6)
    assert down.tolist() == pytest.approx([0, 0], abs=1e-6)
    assert depth.tolist() == pytest.approx([(target - eye).norm().item() * k for k in (1, 2)], rel=1e-5)


def test_a_camera_sees_right_as_right_and_up_as_up() -> None:
    right, down, depth = AHEAD.project(torch.tensor([[5.0, 0, 3], [0, 0, 8], [-5, 10, 3]]).T)
    assert right.tolist() == pytest.approx([1, 0, -0.5], abs=1e-6)
    assert down.tolist() == pytest.approx([0, -1, 0], abs=1e-6)
    assert depth.tolist() == pytest.approx([10, 10, 20])


def test_rays_go_where_points_appear() -> None:
    camera = Camera((3.0, -4.0, 5.0), (1.0, 2.0, 0.5), 0.4)
    rays = camera.rays(8, 6)
    right, down, depth = camera.project(rays.at(torch.full((48,), 7.0)))
    assert depth.tolist() == pytest.approx([7] * 48, rel=1e-5)
    assert right[:8].tolist() == pytest.approx([(2 * i + 1) / 8 - 1 for i in range(8)], abs=1e-5)
    assert down[::8].tolist() == pytest.approx([((2 * i + 1) / 6 - 1) * 6 / 8 for i in range(6)], abs=1e-5)


def test_a_ball_on_the_axis_covers_a_disc_of_the_known_radius() -> None:
    """Its outline is at the angle of sine r/d, which the picture shows at its tangent."""
    seen = look(AHEAD, [ball((0, 0, 3), (2, 2, 2))], 400, 300)
    radius = 2 / math.sqrt(10**2 - 2**2) / AHEAD.half_view * 200
    assert int((seen.which == 0).sum()) == pytest.approx(math.pi * radius**2, rel=2e-3)
    assert seen.depth[150, 200] == pytest.approx(8, abs=1e-3)
    assert seen.normal[:, 150, 200].tolist() == pytest.approx([0, -1, 0], abs=2e-2)


def test_the_nearer_of_two_things_is_seen_whatever_their_order() -> None:
    near, far = ball((0, -3, 3), (1, 1, 1)), block((0, 3, 3), (2, 2, 2))
    for solids, number in (((near, far), 0), ((far, near), 1)):
        seen = look(AHEAD, solids, 80, 60)
        assert seen.which[30, 40] == number
        assert set(seen.which.unique().tolist()) == {GROUND, 0, 1}


def test_the_ground_facing_a_lamp_is_as_bright_as_lamp_and_ambient_light_make_it() -> None:
    """At the origin: colour · (ambient + power)."""
    stage = Stage(ABOVE, (Lamp((0.0, 0.0, 5.0), 0.6),), (), (), GREY, ambient=0.2)
    middle = render(stage, 9, 9)[:, 4, 4]
    assert middle.tolist() == [round(255 * encoded(torch.tensor(0.4 * (0.2 + 0.6))).item())] * 3


def test_light_fades_with_distance_and_slant() -> None:
    """Lambert's cosine and the square of the distance: at x, the cube of the cosine."""
    stage = Stage(ABOVE, (Lamp((0.0, 0.0, 2.0), 1.0),), (), (), GREY, ambient=0.0)
    picture = render(stage, 101, 101, 1)
    x = 10 * 0.3 * (2 * 90.5 / 101 - 1)
    light = 0.4 * (2 / math.hypot(x, 2)) ** 3
    assert picture[0, 50, 90] == pytest.approx(255 * encoded(torch.tensor(light)).item(), abs=1)


def test_a_ball_throws_a_round_shadow_of_the_known_size() -> None:
    """Under a lamp straight above, the umbra of a point lamp is the cone around the ball."""
    lamp = Lamp((0.0, 0.0, 6.0), 1.0)
    stage = Stage(ABOVE, (lamp,), (ball((0, 0, 2), (0.5, 0.5, 0.5)),), (GREY,), GREY, ambient=0.0)
    picture = render(stage, 200, 200, 1)
    angle = math.asin(0.5 / 4)
    radius = 6 * math.tan(angle) / (10 * 0.3) * 100
    hidden = 0.5 / math.sqrt(8**2 - 0.5**2) / 0.3 * 100  # what the ball itself covers
    dark = int((picture[0] == 0).sum())
    assert dark == pytest.approx(math.pi * (radius**2 - hidden**2), rel=0.02)


def test_a_larger_lamp_softens_the_shadow() -> None:
    def shades(half: float) -> int:
        solids = (block((0, 0, 1), (0.3, 0.3, 0.3)),)
        stage = Stage(ABOVE, (Lamp((2.0, 1.0, 4.0), 1.0, half),), solids, (GREY,), GREY, 0.0)
        return len(render(stage, 64, 64)[0].unique())

    assert shades(0.5) > shades(0.0)


def test_solids_shade_each_other_but_not_themselves() -> None:
    """On a block of height 1, the shadow of a small one above it is beside it, as the lamp is."""
    lamp = Lamp((1.6, 0.0, 6.0), 1.0)
    low, high = block((0, 0, 0.5), (0.5, 0.5, 0.5)), block((0, 0, 2), (0.2, 0.2, 0.1))
    alone = render(Stage(ABOVE, (lamp,), (low,), (GREY,), GREY, 0.0), 60, 60)
    both = render(Stage(ABOVE, (lamp,), (low, high), (GREY, GREY), GREY, 0.0), 60, 60)
    left, right = (slice(28, 32), slice(25, 27)), (slice(28, 32), slice(33, 35))
    assert bool((alone[0, *left] > 100).all())
    assert bool((both[0, *left] == 0).all())
    assert torch.equal(both[0, *right], alone[0, *right])


def test_a_mirror_shows_what_is_beside_it() -> None:
    """A grey mirror beside a red block has more red in it than without the block."""
    camera = Camera((0.0, -10.0, 2.0), (0.0, 0.0, 0.5), 0.2)
    lamps = (Lamp((0.0, -6.0, 8.0), 1.0),)
    mirror = (ball((-0.6, 0, 0.5), (0.5, 0.5, 0.5)), Finish((0.5, 0.5, 0.5), mirror=1.0))
    red = (block((0.6, 0, 0.5), (0.5, 0.5, 0.5)), Finish((0.9, 0.0, 0.0)))

    def redness(*things: tuple) -> float:
        solids, finishes = zip(*things, strict=True)
        picture = render(Stage(camera, lamps, solids, finishes, GREY, 0.2, 0.3), 80, 60).float()
        at = look(camera, solids, 80, 60).which == 0
        return (picture[0] - picture[1])[at].mean().item()

    assert redness(mirror) == pytest.approx(0, abs=0.01)
    assert redness(mirror, red) > 1


def test_pictures_of_one_stage_are_the_same() -> None:
    stage = Stage(AHEAD, (Lamp((0.0, -3.0, 8.0), 1.0, 0.3),), (ball((0, 0, 1), (1, 1, 1)),), (GREY,), GREY, 0.1)
    assert torch.equal(render(stage, 40, 30), render(stage, 40, 30))


@pytest.mark.parametrize("place", [(2.0, 3.0, 6.0), (-1.0, 12.0, 1.6), (9.0, -9.0, 2.5)])
def test_looking_only_where_something_may_be_changes_nothing(
    place: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a shadow falls past the camera."""
    solids = (ball((0, 0, 0.7), (0.7, 0.7, 0.7)), block((1.5, -2, 0.4), (0.4, 0.4, 0.4)), ball((9, 0, 1), (1, 1, 0.5)))
    finishes = (Finish((0.5, 0.2, 0.1), mirror=0.5), GREY, GREY)
    stage = Stage(
        Camera((1.0, -8.0, 4.0), (0.0, 0.0, 0.0), 0.45), (Lamp(place, 1.0, 0.3),), solids, finishes, GREY, 0.1
    )
    quick = render(stage, 60, 45)
    monkeypatch.setattr("metaprior.data.stage._window", lambda *_: (slice(None), slice(None)))
    slow = render(stage, 60, 45)
    assert (quick.int() - slow.int()).abs().max() <= 1
