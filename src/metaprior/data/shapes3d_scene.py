"""The room of 3D Shapes: what each ray of the camera meets, and how bright it is there.

Lengths are in halves of the room's width. Lights are those of OpenGL's fixed pipeline, which MuJoCo draws with: one
ambient light, one that shines along the camera's axis, and a lamp under the sky that shines straight down, whose cone
fades as the 10th power of the cosine, and which alone casts shadows and gives gloss (white, wherever it reaches the
object). One set of numbers serves floor, walls and objects; all but the round ones (25°, the 10th power, walls 4/7
high, the cube) were fitted to the 53 frames of the set's own animation.

Source: Burgess & Kim 2018, github.com/google-deepmind/3d-shapes (factors, values, order, the animation).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from metaprior.data.raycast import Hits, Rays, capsule, cube, cylinder, passes, room, sphere

RAYS = 4
"""Rays across a pixel, and as many down it."""
SKY, FLOOR, WALL, OBJECT = range(4)
REGIONS = 4

CAMERA_RADIUS, CAMERA_HEIGHT = 0.71, 0.211
HALF_VIEW = math.tan(math.radians(25))
WALL_HEIGHT = 4 / 7
AMBIENT, HEADLIGHT, LAMP, GLOSS = 0.354, 0.588, 0.937, 0.1
LAMP_PLACE = (-0.415, 0.143, 2.125)
STAIN, STAIN_PLACE, STAIN_AXES, STAIN_TILT = 0.057, (0.08, 0.508), (0.19, 0.088), -0.94


class Solid(NamedTuple):
    """A shape at scale 1: what a ray meets, and how high and how wide (from the axis) it is."""

    name: str
    meet: Callable[[Rays, float], Hits]
    height: float
    reach: float


SOLIDS = (
    Solid("cube", lambda rays, scale: cube(rays, 0.1 * scale), 0.2, 0.1 * math.sqrt(2)),
    Solid("cylinder", lambda rays, scale: cylinder(rays, 0.107 * scale, 0.214 * scale), 0.214, 0.107),
    Solid("sphere", lambda rays, scale: sphere(rays, 0.121 * scale, 0.121 * scale), 0.242, 0.121),
    Solid("capsule", lambda rays, scale: capsule(rays, 0.093 * scale, 0.37 * scale), 0.37, 0.093),
)


@dataclass(frozen=True)
class Seen:
    """What rays meet: a region each, how bright it is (1: its full colour), and how much white it adds."""

    region: Int64[Tensor, " n"]
    brightness: Float64[Tensor, " n"]
    gloss: Float64[Tensor, " n"]

    def __getitem__(self, chosen: Tensor) -> "Seen":
        """The chosen ones, by a mask or by their numbers."""
        return Seen(self.region[chosen], self.brightness[chosen], self.gloss[chosen])


@dataclass(frozen=True)
class Room:
    """The empty room from one side: rays pixel by pixel, 16 a pixel, how far each goes, what it meets."""

    rays: Rays
    distance: Float64[Tensor, " n"]
    seen: Seen


def empty_room(orientation: float, size: int) -> Room:
    """The room as the camera sees it from ``orientation`` degrees, in pictures of size×size pixels."""
    rays = _camera(math.radians(orientation), size)
    hits = room(rays)
    point = rays.at(hits.distance)
    region = torch.where(hits.normal[2] > 0, FLOOR, torch.where(point[2] < WALL_HEIGHT, WALL, SKY))
    brightness = _light(rays, point, hits.normal, torch.ones_like(region, dtype=torch.bool))
    stained = (region == WALL) & _stained(point, hits.normal)
    brightness = torch.where(stained, (1 - STAIN) * brightness, brightness)
    return Room(rays, hits.distance, Seen(region, brightness, torch.zeros_like(brightness)))


def furnish(empty: Room, solid: Solid, scale: float) -> tuple[Bool[Tensor, " n"], Seen]:
    """What changes with a solid in the middle of the room: which rays, and what all rays see now."""
    rays, before = empty.rays, empty.seen
    seen = Seen(before.region.clone(), before.brightness.clone(), before.gloss.clone())
    on, hits = _struck(rays, solid, scale)
    point = rays[on].at(hits.distance)
    lit = (_to_lamp(point) * hits.normal).sum(0) > 0
    seen.region[on] = OBJECT
    seen.brightness[on] = _light(rays[on], point, hits.normal, lit)
    seen.gloss[on] = GLOSS * lit.double()

    floor = (seen.region == FLOOR).nonzero()[:, 0]
    point = rays[floor].at(empty.distance[floor])
    shaded, _ = _struck(Rays(point, _to_lamp(point)), solid, scale)
    seen.brightness[floor[shaded]] = AMBIENT  # the light of the level camera does not reach the floor

    changed = torch.zeros_like(seen.region, dtype=torch.bool)
    changed[on] = changed[floor[shaded]] = True
    return changed, seen


def _struck(rays: Rays, solid: Solid, scale: float) -> tuple[Int64[Tensor, " m"], Hits]:
    """The numbers of the rays that meet a solid, and where they do."""
    middle = solid.height / 2 * scale
    near = passes(rays, math.hypot(solid.reach * scale, middle), middle).nonzero()[:, 0]  # most rays go far by
    hits = solid.meet(rays[near], scale)
    struck = hits.distance.isfinite()
    return near[struck], Hits(hits.distance[struck], hits.normal[:, struck])


def _camera(turn: float, size: int) -> Rays:
    """Rays from a camera on its ring, level, towards the axis of the room; at 0 it looks along y, before the object."""
    across = ((torch.arange(size * RAYS, dtype=torch.float64) + 0.5) * (2 / (size * RAYS)) - 1) * HALF_VIEW
    grid = across.view(size, RAYS)
    right = grid[None, :, None, :].expand(size, size, RAYS, RAYS).flatten()
    down = grid[:, None, :, None].expand(size, size, RAYS, RAYS).flatten()
    cos, sin = math.cos(turn), math.sin(turn)
    eye = right.new_tensor([[CAMERA_RADIUS * sin], [-CAMERA_RADIUS * cos], [CAMERA_HEIGHT]])
    return Rays(eye, torch.stack([right * cos - sin, right * sin + cos, -down]))


def _to_lamp(point: Float64[Tensor, "3 n"]) -> Float64[Tensor, "3 n"]:
    return point.new_tensor(LAMP_PLACE)[:, None] - point


def _light(
    rays: Rays, point: Float64[Tensor, "3 n"], normal: Float64[Tensor, "3 n"], lit: Bool[Tensor, " n"]
) -> Float64[Tensor, " n"]:
    """Ambient light, the camera's and, where it reaches, the lamp's; above 1 colours are cut."""
    faced = (normal[:2] * rays.origin[:2]).sum(0) / CAMERA_RADIUS
    to_lamp = _to_lamp(point)
    length = (to_lamp * to_lamp).sum(0).sqrt()
    incident = ((to_lamp * normal).sum(0) / length).clamp_min(0)
    return AMBIENT + HEADLIGHT * faced.clamp_min(0) + LAMP * lit * incident * (to_lamp[2] / length) ** 10


def _stained(point: Float64[Tensor, "3 n"], normal: Float64[Tensor, "3 n"]) -> Bool[Tensor, " n"]:
    """The one mark of the walls' pattern, an oblique ellipse; along a wall it is repeated every height of the wall."""
    along = normal[0] * point[1] - normal[1] * point[0]  # to the right of one who faces the wall
    across = (along / WALL_HEIGHT - STAIN_PLACE[0] + 0.5).remainder(1) - 0.5
    up = point[2] / WALL_HEIGHT - STAIN_PLACE[1]
    cos, sin = math.cos(STAIN_TILT), math.sin(STAIN_TILT)
    long, short = across * cos + up * sin, up * cos - across * sin
    return (long / STAIN_AXES[0]) ** 2 + (short / STAIN_AXES[1]) ** 2 < 1
