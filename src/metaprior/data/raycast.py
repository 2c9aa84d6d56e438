"""Rays against a few solids and the inside of a room, from their equations alone: any device, no meshes.

Axes: x right, y away, z up, the floor at z = 0; points and directions are 3×n. A ray is origin + distance·direction for
distances above 0; a direction is of any length, so distances are in units of it. Solids are upright, on the z axis;
:mod:`metaprior.data.solids` puts them elsewhere.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NEAREST = 1e-9  # what starts on a surface does not hit it


@dataclass(frozen=True)
class Rays:
    """Half lines: where they start, one point for all or one each, and where they go."""

    origin: Float[Tensor, "3 #n"]
    direction: Float[Tensor, "3 n"]

    def at(self, distance: Float[Tensor, " n"]) -> Float[Tensor, "3 n"]:
        """The points at these distances."""
        return self.origin + distance * self.direction

    def __getitem__(self, chosen: Tensor) -> "Rays":
        """The chosen ones, by a mask or by their numbers."""
        origin = self.origin if self.origin.shape[1] == 1 else self.origin[:, chosen]
        return Rays(origin, self.direction[:, chosen])


@dataclass(frozen=True)
class Hits:
    """Where each ray first meets a surface, infinitely far where it never does, and the unit normal there, outwards."""

    distance: Float[Tensor, " n"]
    normal: Float[Tensor, "3 n"]

    def or_nearer(self, other: "Hits") -> "Hits":
        """The nearer of two hits, ray by ray.

        >>> rays = Rays(torch.tensor([[0.0], [-3.0], [1.0]]).double(), torch.tensor([[0.0], [1.0], [0.0]]).double())
        >>> room(rays).or_nearer(sphere(rays, radius=1, height=1)).distance.item()
        2.0
        """
        nearer = other.distance < self.distance
        distance = torch.where(nearer, other.distance, self.distance)
        return Hits(distance, torch.where(nearer, other.normal, self.normal))


def passes(rays: Rays, radius: float, height: float) -> Bool[Tensor, " n"]:
    """Whether a ray, or its backward continuation, comes as near as this to the point of the axis at this height."""
    return _discriminant(rays.direction, _from_axis(rays, height), radius)[2] > 0


def sphere(rays: Rays, radius: float, height: float) -> Hits:
    """A sphere whose centre is at this height."""
    start = _from_axis(rays, height)
    distance = _first_root(rays.direction, start, radius)
    return Hits(distance, (start + distance * rays.direction) / radius)


def mantle(rays: Rays, radius: float, low: float, high: float) -> Hits:
    """The round side of an upright cylinder between two heights, without its ends."""
    distance = _first_root(rays.direction[:2], rays.origin[:2], radius)
    x, y, z = rays.at(distance)
    distance = torch.where((z >= low) & (z <= high), distance, torch.inf)
    return Hits(distance, torch.stack([x / radius, y / radius, torch.zeros_like(z)]))


def disc(rays: Rays, radius: float, height: float | Float[Tensor, " n"]) -> Hits:
    """A level disc, seen from above; of one height, or of one for each ray."""
    distance = (height - rays.origin[2]) / rays.direction[2]
    x, y, _ = rays.at(distance)
    distance = torch.where((x * x + y * y < radius**2) & (distance > NEAREST), distance, torch.inf)
    return Hits(distance, rays.direction.new_tensor([[0.0], [0.0], [1.0]]).expand_as(rays.direction))


def cube(rays: Rays, half: float) -> Hits:
    """A cube that stands on the floor, its sides along the axes, their length 2·half."""
    return box(rays, half, half)


def box(rays: Rays, half: float, height: float) -> Hits:
    """A cube with its middle at this height of the axis, its sides along the axes, their length 2·half."""
    middle = rays.origin.new_tensor([[0.0], [0.0], [height]])
    one, two = ((middle + side * half - rays.origin) / rays.direction for side in (-1, 1))
    entry, axis = torch.minimum(one, two).max(dim=0)
    hit = (entry < torch.maximum(one, two).amin(dim=0)) & (entry > NEAREST)
    return Hits(torch.where(hit, entry, torch.inf), _against(rays, axis))


def cylinder(rays: Rays, radius: float, height: float) -> Hits:
    """A cylinder that stands on the floor; nobody sees its lower end."""
    return mantle(rays, radius, 0.0, height).or_nearer(disc(rays, radius, height))


def drum(rays: Rays, radius: float, low: float, high: float) -> Hits:
    """An upright cylinder between two heights with both its ends."""
    facing = -rays.direction[2].sign()
    end = disc(rays, radius, (low + high) / 2 + facing * (high - low) / 2)
    return mantle(rays, radius, low, high).or_nearer(Hits(end.distance, end.normal * facing))


def capsule(rays: Rays, radius: float, height: float) -> Hits:
    """A cylinder between two halves of a sphere, of this height with them, that stands on the floor."""
    low, high = radius, height - radius
    ends = sphere(rays, radius, low).or_nearer(sphere(rays, radius, high))
    return mantle(rays, radius, low, high).or_nearer(ends)


def room(rays: Rays) -> Hits:
    """The inside of a room, |x| ≤ 1 and |y| ≤ 1, with a floor and with walls that end nowhere."""
    planes = rays.direction.sign()
    planes[2] = 0.0
    distances = (planes - rays.origin) / rays.direction
    distance, axis = torch.where(distances > NEAREST, distances, torch.inf).min(dim=0)
    return Hits(distance, _against(rays, axis))


def _from_axis(rays: Rays, height: float) -> Float[Tensor, "3 #n"]:
    return rays.origin - rays.origin.new_tensor([[0.0], [0.0], [height]])


def _discriminant(direction: Tensor, start: Tensor, radius: float) -> tuple[Tensor, Tensor, Tensor]:
    """Of |start + distance·direction| = radius: the coefficients a and b of a·d² + 2·b·d + c = 0, and b² - a·c."""
    square, mixed = (direction * direction).sum(0), (direction * start).sum(0)
    return square, mixed, mixed**2 - square * ((start * start).sum(0) - radius**2)


def _first_root(direction: Tensor, start: Tensor, radius: float) -> Tensor:
    """The first distance above 0 at which |start + distance·direction| is the radius, infinite where there is none."""
    square, mixed, discriminant = _discriminant(direction, start, radius)
    root = (-mixed - discriminant.clamp_min(0).sqrt()) / square
    return torch.where((discriminant > 0) & (root > NEAREST), root, torch.inf)


def _against(rays: Rays, axis: Tensor) -> Tensor:
    """The unit vectors along these axes that point against the rays."""
    return torch.zeros_like(rays.direction).scatter_(0, axis[None], 1.0) * -rays.direction.sign()
