"""Solids anywhere in space: a ball, a box or a drum, stretched, turned and moved from the cube |x|, |y|, |z| ≤ 1."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from metaprior.data.raycast import Hits, Rays, box, drum, sphere

CORNERS = torch.tensor(list(product((-1.0, 1.0), repeat=3))).T
"""Of the cube that every solid fills: 3×8."""


@dataclass(frozen=True, eq=False)
class Solid:
    """A convex solid: what ``meet`` knows in its own frame, whose point p is at ``frame``·p + ``place`` in the world.

    It lies inside the cube |x|, |y|, |z| ≤ 1 of its own frame.
    """

    meet: Callable[[Rays], Hits]
    frame: Float[Tensor, "3 3"]
    place: Float[Tensor, "3 1"]

    @cached_property
    def _inverse(self) -> Float[Tensor, "3 3"]:
        return torch.linalg.inv(self.frame)

    @cached_property
    def corners(self) -> Float[Tensor, "3 8"]:
        """Of the box around it."""
        return self.frame @ CORNERS.to(self.frame) + self.place

    def hits(self, rays: Rays) -> Hits:
        """Where each ray first meets it, and the unit normal there."""
        hits = self.meet(self._own(rays))
        normal = self._inverse.T @ hits.normal
        return Hits(hits.distance, normal / (normal * normal).sum(0).sqrt())

    def blocks(self, rays: Rays) -> Bool[Tensor, " n"]:
        """Whether it stands between where a ray starts and where one unit of its direction leads."""
        return self.meet(self._own(rays)).distance < 1

    def _own(self, rays: Rays) -> Rays:
        return Rays(self._inverse @ (rays.origin - self.place), self._inverse @ rays.direction)


def ball(place: Sequence[float], half: Sequence[float], turn: Tensor | None = None) -> Solid:
    """An ellipsoid: its middle, half its lengths along the axes of its frame, and how it is turned about its middle."""
    return _solid(partial(sphere, radius=1.0, height=0.0), place, half, turn)


def block(place: Sequence[float], half: Sequence[float], turn: Tensor | None = None) -> Solid:
    """A box, described as :func:`ball` is."""
    return _solid(partial(box, half=1.0, height=0.0), place, half, turn)


def cask(place: Sequence[float], half: Sequence[float], turn: Tensor | None = None) -> Solid:
    """An elliptic cylinder along the third axis of its frame, with both ends; described as :func:`ball` is."""
    return _solid(partial(drum, radius=1.0, low=-1.0, high=1.0), place, half, turn)


def turned(axis: int, radians: float) -> Float[Tensor, "3 3"]:
    """The rotation by an angle about an axis, 0 for x, 1 for y, 2 for z, counter-clockwise for who looks against it.

    >>> (turned(2, torch.pi / 2) @ torch.tensor([1.0, 0, 0])).round().abs().tolist()
    [0.0, 1.0, 0.0]
    """
    angle = torch.tensor(radians, dtype=torch.float64)
    matrix = torch.eye(3, dtype=torch.float64)
    one, two = (axis + 1) % 3, (axis + 2) % 3
    matrix[one, one] = matrix[two, two] = angle.cos()
    matrix[two, one], matrix[one, two] = angle.sin(), -angle.sin()
    return matrix.float()


def _solid(meet: Callable[[Rays], Hits], place: Sequence[float], half: Sequence[float], turn: Tensor | None) -> Solid:
    frame = torch.diag(torch.tensor(half, dtype=torch.float32))
    return Solid(meet, frame if turn is None else turn @ frame, torch.tensor(place, dtype=torch.float32)[:, None])
