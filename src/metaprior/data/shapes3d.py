"""3D Shapes, rendered: the 480,000 pictures of the published set from their factors, without its file.

What a picture looks like but for its colours depends on scale, shape and orientation alone, which have 480 values
together. And a channel of a hue k/10 has one of six values, 0, 1/5 … 1. So a picture is a sum of four rows of a table,
one for each of floor, wall, object and sky; it is made of whole numbers, and is the same in any batch on any device.
"""

import colorsys
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from jaxtyping import Int16, Int64, UInt8
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.shapes3d_official import FACTORS, SIZES
from metaprior.data.shapes3d_scene import FLOOR, RAYS, SKY, SOLIDS, Seen, empty_room, furnish
from metaprior.data.world import World, index_of

NAME = "shapes3d-rendered"
CAVEAT = "3D Shapes (rendered): not the published file but an approximation of it, fitted to 53 frames of its animation"
SKY_COLOUR = (153, 226, 249)
LEVELS = 6
COLOURED = 3 * LEVELS
"""Rows of a scene: floor, wall and object, by the level of a channel of their colour; then the sky's three."""
ROWS = COLOURED + 3


@dataclass(frozen=True)
class Shapes3DOptions:
    """Side of the picture in pixels, 16 to 256; and how many values each factor keeps.

    - ``floor_hue``, ``wall_hue``, ``object_hue``: n of the ten hues 0, 0.1 … 0.9, as evenly spaced as they can be,
      ⌊10·k/n⌋/10 for k < n;
    - ``scale``: n values evenly spaced over [0.75, 1.25], both ends among them (n = 1: 1.25);
    - ``shape``: the first n of cube, cylinder, sphere, capsule;
    - ``orientation``: n values evenly spaced over [-30, 30] degrees, both ends among them (n = 1: 0).
    """

    size: int = 64
    floor_hue: int = SIZES[0]
    wall_hue: int = SIZES[1]
    object_hue: int = SIZES[2]
    scale: int = SIZES[3]
    shape: int = SIZES[4]
    orientation: int = SIZES[5]

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 256:
            raise MetapriorError(f"{NAME} has pictures of 16 to 256 pixels, not size={self.size}")
        for name, kept, most in zip(FACTORS, self.factor_sizes, SIZES, strict=True):
            if not 1 <= kept <= most:
                raise MetapriorError(f"{NAME} keeps 1 to {most} values of {name}, not {name}={kept}")

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor keeps, in the order of the factors."""
        return tuple(getattr(self, name) for name in FACTORS)


def shapes3d_world(options: Shapes3DOptions | None = None) -> World:
    """The world of 3D Shapes, rendered as it is asked for.

    >>> world = shapes3d_world(Shapes3DOptions(size=32, scale=2, orientation=3))
    >>> world.factor_sizes, len(world), world.image_shape
    ((10, 10, 10, 2, 4, 3), 24000, (3, 32, 32))
    """
    options = options or Shapes3DOptions()
    return World(
        name=NAME,
        factor_names=FACTORS,
        factor_sizes=options.factor_sizes,
        image_shape=(3, options.size, options.size),
        renderer=Scenes(options.factor_sizes, options.size),
        caveat=CAVEAT,
        factor_values=values_of(options.factor_sizes),
    )


def values_of(sizes: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """What the indices of each factor stand for; orientations are in degrees.

    >>> values_of((2, 3, 1, 2, 2, 3))
    (('0', '0.5'), ('0', '0.3', '0.6'), ('0',), ('0.75', '1.25'), ('cube', 'cylinder'), ('-30', '0', '30'))
    """
    hue_rows = tuple(tuple(f"{tenths / 10:g}" for tenths in hues(count).tolist()) for count in sizes[:3])
    names = tuple(solid.name for solid in SOLIDS[: sizes[4]])
    numbers = (tuple(f"{value:.3g}" for value in row) for row in (scales(sizes[3]), orientations(sizes[5])))
    return *hue_rows, next(numbers), names, next(numbers)


def hues(count: int) -> np.ndarray:
    """The kept hues, in tenths."""
    return np.arange(count) * SIZES[0] // count


def scales(count: int) -> np.ndarray:
    """The kept scales."""
    return np.linspace(0.75, 1.25, count) if count > 1 else np.full(1, 1.25)


def orientations(count: int) -> np.ndarray:
    """The kept orientations, in degrees."""
    return np.linspace(-30, 30, count) if count > 1 else np.zeros(1)


def colour_levels() -> Int64[Tensor, "hue channel"]:
    """The red, green and blue of hue k/10 at full saturation and value, in fifths.

    >>> colour_levels()[[0, 1, 6]].tolist()
    [[5, 0, 0], [5, 3, 0], [0, 2, 5]]
    """
    colours = [colorsys.hsv_to_rgb(tenths / 10, 1, 1) for tenths in range(SIZES[0])]
    return (torch.tensor(colours, dtype=torch.float64) * (LEVELS - 1)).round().long()


@dataclass(frozen=True, eq=False)
class Scenes:
    """The renderer: adds up rows of :func:`tables`, which are made when the first picture is asked for."""

    factor_sizes: tuple[int, ...]
    size: int
    device: torch.device | str = "cpu"

    def __call__(self, factors: Int64[Tensor, "n 6"]) -> UInt8[Tensor, "n 3 size size"]:
        """The pictures of these factor vectors."""
        factors = factors.to(self.device)
        scene = index_of(factors[:, 3:], self.factor_sizes[3:])[:, None] * ROWS
        sky = torch.arange(COLOURED, ROWS, device=self.device)
        total = self._table.index_select(0, (scene + sky).flatten())
        for rows, hue in zip(self._rows_of_hues, factors[:, :3].unbind(1), strict=True):
            total += self._table.index_select(0, (scene + rows[hue]).flatten())
        mean = total.add_(RAYS**2 // 2).bitwise_right_shift_((RAYS**2).bit_length() - 1)  # a shift is the quickest
        return mean.to(torch.uint8).view(len(factors), 3, self.size, self.size)

    def to(self, device: torch.device | str) -> "Scenes":
        """The same renderer with its tables on ``device``."""
        return Scenes(self.factor_sizes, self.size, device)

    @cached_property
    def _table(self) -> Int16[Tensor, "rows pixels"]:
        return tables(*self.factor_sizes[3:], self.size).flatten(0, 1).to(self.device)

    @cached_property
    def _rows_of_hues(self) -> list[Int64[Tensor, "hue 3"]]:
        """Of floor, wall and object: the rows, within a scene, of red, green and blue of each kept hue."""
        kept = [colour_levels()[hues(count)] for count in self.factor_sizes[:3]]
        return [(LEVELS * region + levels).to(self.device) for region, levels in enumerate(kept)]


@lru_cache(maxsize=2)
def tables(scale: int, shape: int, orientation: int, size: int) -> Int16[Tensor, "scenes rows pixels"]:
    """Sums over the 16 rays of each pixel, for each scene (scale, shape, orientation, the last one fastest).

    A ray counts 0 to 255: in the row of its region and of a level, what a channel of that level is there; in the last
    three rows, the sky's red, green and blue.
    """
    scenes = torch.empty(scale, shape, orientation, ROWS, size * size, dtype=torch.int16)
    for place, degrees in enumerate(orientations(orientation)):
        empty = empty_room(float(degrees), size)
        bare = pixel_rows(empty.seen)
        for i, factor in enumerate(scales(scale)):
            for j, solid in enumerate(SOLIDS[:shape]):
                changed, seen = furnish(empty, solid, float(factor))
                pixels = changed.view(-1, RAYS**2).any(dim=1)
                scenes[i, j, place] = bare
                scenes[i, j, place][:, pixels] = pixel_rows(seen[pixels.repeat_interleave(RAYS**2)])
    return scenes.flatten(0, 2)


def pixel_rows(seen: Seen) -> Int16[Tensor, "rows pixels"]:
    """What the 16 rays of each pixel add up to in each row."""
    level = torch.arange(LEVELS, dtype=torch.float64)[:, None] / (LEVELS - 1)
    counts = (255 * (seen.brightness * level + seen.gloss).clamp(0, 1)).round().to(torch.int16)
    coloured = [torch.where(seen.region == region, counts, 0) for region in range(FLOOR, FLOOR + 3)]
    sky = (seen.region == SKY) * torch.tensor(SKY_COLOUR, dtype=torch.int16)[:, None]
    return torch.cat([*coloured, sky]).view(ROWS, -1, RAYS**2).sum(dim=2, dtype=torch.int16)
