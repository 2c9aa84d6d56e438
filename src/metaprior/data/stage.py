"""A ground with solids on it, lamps above and a camera before it → a picture, by casting rays.

Lengths are in the units of the stage, colours linear in light; pictures are coded as sRGB. A surface gives back what a
lamp sends by Lambert's law and by Blinn's for its gloss; lamps fade with the square of the distance and cast
shadows; what is polished also mirrors ground and solids, once. There is no light from surface to surface.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.nn.functional import avg_pool2d

from metaprior.data.raycast import Rays
from metaprior.data.solids import Solid

GROUND = -1
NEAR = 0.1
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """Where it is, what it looks at (upright), and the tangent of half its horizontal angle of view."""

    eye: Triple
    target: Triple
    half_view: float

    @cached_property
    def axes(self) -> Float[Tensor, "3 3"]:
        """Unit vectors to the right, downwards and ahead, a row each."""
        ahead = torch.tensor(self.target, dtype=torch.float64) - torch.tensor(self.eye, dtype=torch.float64)
        ahead = ahead / ahead.norm()
        right = torch.stack([ahead[1], -ahead[0], torch.zeros_like(ahead[0])])
        right = right / right.norm()
        return torch.stack([right, torch.linalg.cross(ahead, right), ahead]).float()

    def project(
        self, points: Float[Tensor, "3 n"]
    ) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"], Float[Tensor, " n"]]:
        """How far right and down of the middle of the picture points are, in halves of its width; and their depths.

        A depth is measured along the camera's axis.
        """
        right, down, depth = self.axes @ (points - torch.tensor(self.eye)[:, None])
        return right / (depth * self.half_view), down / (depth * self.half_view), depth

    def rays(self, width: int, height: int) -> Rays:
        """One ray through the middle of each pixel, row by row; a unit of distance is a unit of depth."""
        return Rays(torch.tensor(self.eye)[:, None], self.axes.T @ _plane(width, height, self.half_view))


@dataclass(frozen=True)
class Finish:
    """How a surface looks: its colour, the strength and the exponent of its gloss, and how much of it is a mirror.

    A mirror colours what it shows and how it glosses; other gloss is white.
    """

    colour: Triple
    gloss: float = 0.0
    sharpness: float = 1.0
    mirror: float = 0.0


@dataclass(frozen=True)
class Lamp:
    """A square lamp: its middle, how bright it makes what faces it at the origin, and half its side."""

    place: Triple
    power: float
    half: float = 0.0


@dataclass(frozen=True, eq=False)
class Stage:
    """All there is to see; solids may reach into the ground, and every lamp hangs above all of them."""

    camera: Camera
    lamps: tuple[Lamp, ...]
    solids: tuple[Solid, ...]
    finishes: tuple[Finish, ...]
    ground: Finish
    ambient: float
    sky: float = 0.0
    """How bright that is which mirrors show above the horizon."""


@dataclass(frozen=True)
class Seen:
    """What the rays of a camera meet, height×width: at what depth, with what normal, and which solid, or the ground."""

    rays: Rays
    depth: Float[Tensor, "h w"]
    normal: Float[Tensor, "3 h w"]
    which: Int64[Tensor, "h w"]


def look(camera: Camera, solids: Sequence[Solid], width: int, height: int) -> Seen:
    """The first thing that the ray through the middle of each pixel meets."""
    rays = camera.rays(width, height)
    directions = rays.direction.view(3, height, width)
    depth = camera.eye[2] / (-directions[2]).clamp_min(1e-3)  # the ground comes up to meet what would see no ground
    normal = torch.zeros_like(directions)
    normal[2] = 1
    which = torch.full((height, width), GROUND)
    for number, solid in enumerate(solids):
        part = _window(camera, solid.corners, width, height)
        chosen = directions[:, *part]
        hits = solid.hits(Rays(rays.origin, chosen.flatten(1)))
        distance = hits.distance.view(chosen.shape[1:])
        nearer = distance < depth[part]
        depth[part] = torch.where(nearer, distance, depth[part])
        normal[:, *part] = torch.where(nearer, hits.normal.view(chosen.shape), normal[:, *part])
        which[part] = torch.where(nearer, number, which[part])
    return Seen(rays, depth, normal, which)


def render(stage: Stage, width: int, height: int, rays: int = 2) -> UInt8[Tensor, "3 height width"]:
    """The picture of a stage, rays×rays of them a pixel."""
    seen = look(stage.camera, stage.solids, rays * width, rays * height)
    points = seen.rays.origin[:, :, None] + seen.depth * seen.rays.direction.view_as(seen.normal)
    arriving = [_reaches(stage, lamp, seen, points).flatten() for lamp in stage.lamps]
    surfaces = _Surfaces.of((*stage.finishes, stage.ground))  # GROUND = -1 is the last
    at, normals, which = points.flatten(1), seen.normal.flatten(1), seen.which.flatten()
    view = -seen.rays.direction * (seen.rays.direction * seen.rays.direction).sum(0).rsqrt()
    light = _light(stage, surfaces[which], at, normals, view, arriving)

    polished = (surfaces.mirror[which] > 0).nonzero()[:, 0]
    away, view = normals[:, polished], view[:, polished]
    mirrored = Rays(at[:, polished], 2 * (away * view).sum(0) * away - view)
    shown = surfaces[which[polished]]
    light[:, polished] += shown.mirror * shown.colour * _surroundings(stage, surfaces, mirrored, which[polished])
    picture = avg_pool2d(light.view_as(points), rays)
    return (255 * encoded(picture)).round_().to(torch.uint8)


def encoded(light: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """Linear light, cut to [0, 1], in the code of sRGB.

    >>> encoded(torch.tensor([0.0, 0.18, 2.0]))
    tensor([0.0000, 0.4614, 1.0000])
    """
    light = light.clamp(0, 1)
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp_min(1e-9).pow(1 / 2.4) - 0.055)


@dataclass(frozen=True, eq=False)
class _Surfaces:
    """Finishes as columns, one a place."""

    colour: Float[Tensor, "3 n"]
    gloss: Float[Tensor, " n"]
    sharpness: Float[Tensor, " n"]
    mirror: Float[Tensor, " n"]

    @classmethod
    def of(cls, finishes: Sequence[Finish]) -> "_Surfaces":
        rest = torch.tensor([[finish.gloss, finish.sharpness, finish.mirror] for finish in finishes])
        return cls(torch.tensor([finish.colour for finish in finishes]).T, *rest.unbind(1))

    def __getitem__(self, which: Int64[Tensor, " n"]) -> "_Surfaces":
        return _Surfaces(self.colour[:, which], self.gloss[which], self.sharpness[which], self.mirror[which])


def _light(
    stage: Stage,
    surfaces: _Surfaces,
    points: Float[Tensor, "3 n"],
    normals: Float[Tensor, "3 n"],
    view: Float[Tensor, "3 n"],
    arriving: Sequence[Float[Tensor, "#n"]],
) -> Float[Tensor, "3 n"]:
    """What surfaces send along ``view``, of the light of the lamps and of that which comes from everywhere."""
    matte, shine = torch.full_like(points[0], stage.ambient), torch.zeros_like(points[0])
    for lamp, share in zip(stage.lamps, arriving, strict=True):
        to_lamp = torch.tensor(lamp.place)[:, None] - points
        square = (to_lamp * to_lamp).sum(0)
        to_lamp *= square.rsqrt()
        sent = share * (lamp.power * sum(x * x for x in lamp.place)) / square
        matte += sent * (to_lamp * normals).sum(0).clamp_min_(0)
        between = to_lamp + view
        facing = (between * normals).sum(0).clamp_min_(0) * (between * between).sum(0).rsqrt()
        shine += sent * facing.pow(surfaces.sharpness)
    tint = torch.where(surfaces.mirror > 0, surfaces.colour, 1.0)
    return (1 - surfaces.mirror) * surfaces.colour * matte + surfaces.gloss * shine * tint


def _reaches(stage: Stage, lamp: Lamp, seen: Seen, points: Float[Tensor, "3 h w"]) -> Float[Tensor, "h w"]:
    """Whether the light of a lamp reaches what is seen; neighbouring rays look at different places of the lamp."""
    height, width = seen.depth.shape
    arriving = torch.ones_like(seen.depth)
    to_lamp = torch.tensor(lamp.place)[:, None, None] - points
    to_lamp[:2] += lamp.half * _places_of_lamp(width, height)
    for number, solid in enumerate(stage.solids):
        part = _window(stage.camera, torch.cat([solid.corners, _on_ground(solid.corners, lamp)], dim=1), width, height)
        start = points[:, *part]
        hidden = solid.blocks(Rays(start.flatten(1), to_lamp[:, *part].flatten(1))).view(start.shape[1:])
        arriving[part] *= ~(hidden & (seen.which[part] != number))  # a convex solid is not in its own way
    return arriving


def _surroundings(stage: Stage, surfaces: _Surfaces, rays: Rays, own: Int64[Tensor, " n"]) -> Float[Tensor, "3 n"]:
    """What mirrors show: the nearest solid but their own, the ground or the sky, without shadows or other mirrors."""
    down = rays.direction[2] < 0
    distance = torch.where(down, -rays.origin[2] / rays.direction[2], torch.inf)
    which = torch.full_like(own, GROUND)
    normal = torch.zeros_like(rays.direction)
    normal[2] = 1
    for number, solid in enumerate(stage.solids):
        hits = solid.hits(rays)
        nearer = (hits.distance < distance) & (own != number)
        distance = torch.where(nearer, hits.distance, distance)
        normal = torch.where(nearer, hits.normal, normal)
        which = torch.where(nearer, number, which)
    met = distance.isfinite()
    points = rays.at(torch.where(met, distance, 0.0))
    reached = [torch.ones(1)] * len(stage.lamps)
    light = _light(stage, surfaces[which], points, normal, -rays.direction, reached)
    return torch.where(met, light, stage.sky * rays.direction[2])


def _window(camera: Camera, points: Float[Tensor, "3 n"], width: int, height: int) -> tuple[slice, slice]:
    """The rows and columns of pixels that the hull of some points may cover; all if some are behind the camera."""
    right, down, depth = camera.project(points)
    if depth.min() < NEAR:
        return slice(0, height), slice(0, width)
    x, y = right.aminmax(), down.aminmax()
    columns = slice(*_bounds(width / 2, width / 2, x.min.item(), x.max.item(), width))
    return slice(*_bounds(height / 2, width / 2, y.min.item(), y.max.item(), height)), columns


def _bounds(middle: float, scale: float, low: float, high: float, most: int) -> tuple[int, int]:
    first, last = math.floor(middle + scale * low), math.ceil(middle + scale * high)
    return min(max(first, 0), most), min(max(last, 0), most)


def _on_ground(points: Float[Tensor, "3 n"], lamp: Lamp) -> Float[Tensor, "3 n"]:
    """The shadows of points on the ground, one for each corner of a lamp, which hangs above them: 3×4n."""
    x, y, z = lamp.place
    corners = torch.tensor([[x + i * lamp.half, y + j * lamp.half, z] for i in (-1, 1) for j in (-1, 1)])[:, :, None]
    shadows = corners + z / (z - points[2]) * (points - corners)
    return shadows.transpose(0, 1).flatten(1)


@lru_cache(maxsize=4)
def _plane(width: int, height: int, half_view: float) -> Float[Tensor, "3 n"]:
    """The middles of the pixels on the plane at depth 1: right, down, ahead."""
    right = ((torch.arange(width) + 0.5) * (2 / width) - 1) * half_view
    down = ((torch.arange(height) + 0.5) * (2 / height) - 1) * (half_view * height / width)
    return torch.stack([right.repeat(height), down.repeat_interleave(width), torch.ones(width * height)])


@lru_cache(maxsize=4)
def _places_of_lamp(width: int, height: int) -> Float[Tensor, "2 h w"]:
    """Which place of a square lamp each ray looks at, from -1 to 1: the middles of its quarters in turn."""
    across, along = (torch.arange(length) % 2 - 0.5 for length in (width, height))
    return torch.stack([across.expand(height, width), along[:, None].expand(height, width)])
