"""Solids in any place: where rays meet them, and along which normal."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from metaprior.data.raycast import Rays
from metaprior.data.solids import Solid, ball, block, cask, turned

TURN = turned(2, 0.7) @ turned(0, 0.4)
PLACE, HALF = (0.5, -1.0, 2.0), (0.9, 0.3, 0.6)


def own(points: Tensor, turn: Tensor = TURN) -> Tensor:
    """World points in a frame where the solid fills the cube of side 2."""
    return turn.T @ (points - torch.tensor(PLACE)[:, None]) / torch.tensor(HALF)[:, None]


LEVELS: dict[Callable[..., Solid], Callable[[Tensor], Tensor]] = {
    ball: lambda p: p.norm(dim=0),
    block: lambda p: p.abs().amax(dim=0),
    cask: lambda p: torch.maximum(p[:2].norm(dim=0), p[2].abs()),
}
"""What is 1 on the surface, and less inside."""


def rays_from_around(count: int = 4000) -> Rays:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(3, count, generator=generator)
    start = torch.tensor(PLACE)[:, None] + 3 * start / start.norm(dim=0)
    target = torch.tensor(PLACE)[:, None] + 0.6 * torch.randn(3, count, generator=generator)
    return Rays(start, target - start)


@pytest.mark.parametrize("make", LEVELS)
def test_a_hit_is_the_first_point_of_the_solid(make: Callable[..., Solid]) -> None:
    rays = rays_from_around()
    distance = make(PLACE, HALF, TURN).hits(rays).distance
    hit = distance.isfinite()
    assert 800 < int(hit.sum()) < 3600
    level = LEVELS[make]
    assert level(own(rays[hit].at(distance[hit]))) == pytest.approx(1, abs=1e-4)
    for part in torch.linspace(0.01, 0.99, 50):
        assert bool((level(own(rays.at(part * distance.clamp_max(3)))) > 1 - 1e-4).all())


@pytest.mark.parametrize("make", LEVELS)
def test_the_solid_is_left_along_the_normal(make: Callable[..., Solid]) -> None:
    """The normal is of unit length, against the ray, and the steepest way out: along it the level rises fastest."""
    rays = rays_from_around()
    hits = make(PLACE, HALF, TURN).hits(rays)
    hit = hits.distance.isfinite()
    normal, point = hits.normal[:, hit], rays[hit].at(hits.distance[hit]).double().requires_grad_()
    assert torch.allclose(normal.norm(dim=0), torch.ones(1))
    assert bool(((normal * rays[hit].direction).sum(0) < 1e-4).all())
    level = LEVELS[make](TURN.double().T @ (point - torch.tensor(PLACE)[:, None]) / torch.tensor(HALF)[:, None])
    (gradient,) = torch.autograd.grad(level.sum(), point)
    cosine = torch.cosine_similarity(gradient.float(), normal, dim=0)
    assert cosine.quantile(0.005) > 0.999  # but for the few at an edge


def test_a_solid_blocks_what_lies_behind_it_and_nothing_before_it() -> None:
    stone = ball((0, 0, 5), (1, 1, 1))
    start = torch.zeros(3, 1)
    lengths = {3.9: False, 4.1: True, 9.0: True, -9.0: False}
    for length, blocked in lengths.items():
        assert stone.blocks(Rays(start, torch.tensor([[0.0], [0.0], [length]]))).item() is blocked


def test_corners_enclose_the_solid() -> None:
    rays = rays_from_around()
    for make in LEVELS:
        solid = make(PLACE, HALF, TURN)
        hits = solid.hits(rays)
        points = rays.at(hits.distance)[:, hits.distance.isfinite()]
        assert bool((points >= solid.corners.amin(dim=1, keepdim=True) - 1e-4).all())
        assert bool((points <= solid.corners.amax(dim=1, keepdim=True) + 1e-4).all())


@pytest.mark.parametrize(("axis", "moved"), [(0, [0, 0, 1]), (1, [0, 1, 0]), (2, [-1, 0, 0])])
def test_a_quarter_turn(axis: int, moved: list[float]) -> None:
    assert (turned(axis, math.pi / 2) @ torch.tensor([0.0, 1.0, 0.0])).tolist() == pytest.approx(moved, abs=1e-6)
