"""Where rays hit solids: on the surface, not before it, and along the normal's other side."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from metaprior.data.raycast import Hits, Rays, capsule, cube, cylinder, passes, room, sphere

Solid = Callable[[Rays], Hits]


def depth_in_sphere(point: Tensor, radius: float, height: float) -> Tensor:
    return radius - (point - torch.tensor([[0.0], [0.0], [height]], dtype=torch.float64)).norm(dim=0)


def depth_in_cube(point: Tensor) -> Tensor:
    return 0.5 - (point - torch.tensor([[0.0], [0.0], [0.5]], dtype=torch.float64)).abs().amax(dim=0)


def depth_in_cylinder(point: Tensor) -> Tensor:
    return torch.minimum(0.4 - point[:2].norm(dim=0), 0.6 - (point[2] - 0.6).abs())


def depth_in_capsule(point: Tensor) -> Tensor:
    middle = point.clone()
    middle[2] -= point[2].clamp(0.3, 1.1)
    return 0.3 - middle.norm(dim=0)


SOLIDS: list[tuple[Solid, Callable[[Tensor], Tensor]]] = [
    (lambda rays: sphere(rays, 0.7, 0.7), lambda point: depth_in_sphere(point, 0.7, 0.7)),
    (lambda rays: cube(rays, 0.5), depth_in_cube),
    (lambda rays: cylinder(rays, 0.4, 1.2), depth_in_cylinder),
    (lambda rays: capsule(rays, 0.3, 1.4), depth_in_capsule),
]
NAMES = ["sphere", "cube", "cylinder", "capsule"]


def rays_from_above(count: int = 3000) -> Rays:
    """From places around and above a solid to places in and about it, so that most hit; none from beneath."""
    generator = torch.Generator().manual_seed(0)
    turn, height, *aim = torch.rand(5, count, generator=generator, dtype=torch.float64)
    origin = torch.stack([3 * (6.3 * turn).cos(), 3 * (6.3 * turn).sin(), 0.01 + 2 * height])
    target = torch.stack([1.6 * aim[0] - 0.8, 1.6 * aim[1] - 0.8, 1.5 * aim[2]])
    return Rays(origin, target - origin)


@pytest.mark.parametrize(("solid", "depth"), SOLIDS, ids=NAMES)
def test_a_hit_is_the_first_point_of_the_solid(solid: Solid, depth: Callable[[Tensor], Tensor]) -> None:
    """It lies on the surface; all points of the ray before it are outside, and of a ray without a hit, all points."""
    rays = rays_from_above()
    distance = solid(rays).distance
    hit = distance.isfinite()
    assert 500 < int(hit.sum()) < 2900
    assert depth(rays[hit].at(distance[hit])).abs().max() < 1e-9
    for part in torch.linspace(0.001, 0.999, 60, dtype=torch.float64):
        assert bool((depth(rays.at(part * distance.clamp_max(2))) < 0).all())


@pytest.mark.parametrize(("solid", "depth"), SOLIDS, ids=NAMES)
def test_normals_are_unit_vectors_along_which_the_solid_is_left(
    solid: Solid, depth: Callable[[Tensor], Tensor]
) -> None:
    rays = rays_from_above()
    hits = solid(rays)
    hit = hits.distance.isfinite()
    normal = hits.normal[:, hit]
    assert torch.allclose(normal.norm(dim=0), torch.ones(1).double())
    assert bool(((normal * rays[hit].direction).sum(0) < 1e-12).all())
    point = rays[hit].at(hits.distance[hit])
    assert torch.allclose(depth(point + 1e-4 * normal), torch.tensor(-1e-4).double(), atol=1e-7)


def test_distances_are_in_units_of_the_direction() -> None:
    origin, direction = torch.tensor([[0.0], [-5.0], [1.0]]).double(), torch.tensor([[0.0], [2.0], [0.0]]).double()
    assert sphere(Rays(origin, direction), 1.0, 1.0).distance.item() == 2
    assert cube(Rays(origin, direction), 1.0).distance.item() == 2
    assert sphere(Rays(origin, -direction), 1.0, 1.0).distance.item() == math.inf
    assert bool(passes(Rays(origin, -direction), 1.0, 1.0))
    assert not bool(passes(Rays(origin, direction), 1.0, 2.5))


def test_a_ray_that_starts_on_a_floor_under_a_sphere_meets_it() -> None:
    """Shadow rays do; what the ball around a solid must not hide from them."""
    start = torch.tensor([[0.3], [0.0], [0.0]]).double()
    up = torch.tensor([[0.0], [0.0], [1.0]]).double()
    assert sphere(Rays(start, up), 0.5, 0.5).distance.item() == pytest.approx(0.5 - 0.4)
    assert bool(passes(Rays(start, up), 0.8, 0.5))


def test_the_room_is_met_from_inside() -> None:
    aims = torch.tensor([[1.0, 0, 0], [0, -2, 0], [0, 0, -1], [0.1, 0, 1], [1, 0.25, -0.2]]).double().T
    hits = room(Rays(torch.tensor([[0.5], [0.0], [0.5]]).double(), aims))
    assert hits.distance.tolist() == pytest.approx([0.5, 0.5, 0.5, 5, 0.5])
    assert hits.normal.T.tolist() == [[-1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [-1, 0, 0]]
