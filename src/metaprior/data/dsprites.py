"""dSprites, rendered: the 737,280 pictures of the published set from their factors, without its file.

Geometry fitted to the 320 true frames of the set's own animation: a pixel (i, j) tests its centre (i+1/2, j+1/2); y
points down; the sprite's centre is at 16 + 32·position on both axes; rotation looks counter-clockwise as orientation
grows; no antialiasing. Of the 254 distinct true frames 43/43 squares, 42/44 ellipses and 159/167 hearts come out
exactly, the other 10 with 1 or 2 wrong pixels.

Source: Matthey, Higgins, Hassabis, Lerchner 2017, github.com/deepmind/dsprites-dataset (factors, values, order).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.nn.functional import avg_pool2d

from metaprior.core import MetapriorError
from metaprior.data.scanline import crossings, fill
from metaprior.data.world import World

FACTORS = ("shape", "scale", "orientation", "position_x", "position_y")
SIZES = (3, 6, 40, 32, 32)
RASTER = 64
CAVEAT = "dSprites (re-rendered): not the published file; about 1 picture in 25 differs from it, by 1 or 2 pixels"


@dataclass(frozen=True)
class DSpritesOptions:
    """Side of the picture in pixels, 64, 32 or 16; and how many values each factor keeps.

    - ``shape``: the first n of square, ellipse, heart;
    - ``scale``: n values evenly spaced over [0.5, 1], both ends among them (n = 1: 1);
    - ``orientation``: 2π·k/n for k < n; all 40 are the published values, 2π·k/39, whose first and last coincide;
    - ``position_x``, ``position_y``: n values evenly spaced over [0, 1], both ends among them (n = 1: 1/2).

    Pictures below 64 px are the 64 px picture averaged over squares of pixels, in 17 (32: 5) levels of grey: the
    same that shrinking the published file gives, and sprites that differ by a sub-pixel shift stay distinct.
    """

    size: int = RASTER
    shape: int = SIZES[0]
    scale: int = SIZES[1]
    orientation: int = SIZES[2]
    position_x: int = SIZES[3]
    position_y: int = SIZES[4]

    def __post_init__(self) -> None:
        if self.size not in (16, 32, 64):
            raise MetapriorError(f"dsprites has pictures of 16, 32 or 64 pixels, not size={self.size}")
        for name, kept, most in zip(FACTORS, self.factor_sizes, SIZES, strict=True):
            if not 1 <= kept <= most:
                raise MetapriorError(f"dsprites keeps 1 to {most} values of {name}, not {name}={kept}")

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor keeps, in the order of the factors."""
        return tuple(getattr(self, name) for name in FACTORS)


def dsprites_world(options: DSpritesOptions | None = None) -> World:
    """The world of dSprites, rendered as it is asked for.

    >>> world = dsprites_world(DSpritesOptions(size=16, orientation=8))
    >>> world.factor_sizes, world.image_shape
    ((3, 6, 8, 32, 32), (1, 16, 16))
    """
    options = options or DSpritesOptions()
    return World(
        name="dsprites",
        factor_names=FACTORS,
        factor_sizes=options.factor_sizes,
        image_shape=(1, options.size, options.size),
        renderer=Sprites(*_tables(options.factor_sizes), options.size),
        caveat=CAVEAT,
        factor_values=values_of(options.factor_sizes),
    )


def values_of(sizes: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """What the indices of each factor stand for; orientations are in radians.

    >>> values_of((2, 2, 2, 1, 3))[1:]
    (('0.5', '1'), ('0', '3.14'), ('0.5',), ('0', '0.5', '1'))
    """
    numbers = (scales(sizes[1]), orientations(sizes[2]), positions(sizes[3]), positions(sizes[4]))
    return ("square", "ellipse", "heart")[: sizes[0]], *(tuple(f"{value:.3g}" for value in row) for row in numbers)


@dataclass(frozen=True, eq=False)
class Sprites:
    """The renderer: where rows cross each outline, sprite's centre at 0, and the abscissa of each centre."""

    table: Tensor
    centres: Tensor
    size: int

    def __call__(self, factors: Int64[Tensor, "n 5"]) -> UInt8[Tensor, "n 1 size size"]:
        """The pictures of these factor vectors."""
        shape, scale, orientation, x, y = factors.to(self.table.device).unbind(1)
        pictures = fill(self.table[shape, scale, orientation, y] + self.centres[x, None, None], RASTER).unsqueeze(1)
        return pictures if self.size == RASTER else shrink(pictures, self.size)

    def to(self, device: torch.device | str) -> "Sprites":
        """The same renderer with its tables on ``device``."""
        return Sprites(self.table.to(device), self.centres.to(device), self.size)


def shrink(images: UInt8[Tensor, "n c h h"], size: int) -> UInt8[Tensor, "n c size size"]:
    """Area averages over squares of h/size pixels, rounded to whole grey levels (halves to even)."""
    return avg_pool2d(images.float(), images.shape[-1] // size).round_().to(torch.uint8)


def scales(count: int) -> np.ndarray:
    """The kept scales; all six are 0.5, 0.6 … 1."""
    return np.linspace(0.5, 1, count) if count > 1 else np.ones(1)


def orientations(count: int) -> np.ndarray:
    """The kept orientations in radians."""
    return np.linspace(0, 2 * np.pi, count, endpoint=count == SIZES[2])


def positions(count: int) -> np.ndarray:
    """The kept positions, 0 at the left or top, 1 at the right or bottom."""
    return np.linspace(0, 1, count) if count > 1 else np.full(1, 0.5)


def outline(shape: int) -> np.ndarray:
    """The corners of square, ellipse or heart at scale 1 and orientation 0, in pixels, y down: corners×2."""
    if shape == 0:
        return 9.599 * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    if shape == 1:
        t = np.arange(64) * (2 * np.pi / 64)
        return np.stack([12.78 * np.cos(t), 7.22 * np.sin(t)], axis=1)
    t = np.arange(180) * (2 * np.pi / 180)
    curve = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([9.6 * np.sin(t) ** 3, -(19.2 / 29) * curve - 1.44], axis=1)


@lru_cache(maxsize=4)
def _tables(sizes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Crossings, shape×scale×orientation×position_y×row×K, relative to the sprite's centre; and the centres' x."""
    across, down = (16 + 32 * positions(count) for count in sizes[3:])
    rows = (np.arange(RASTER) + 0.5 - down[:, None]).ravel()
    found = []
    for shape in range(sizes[0]):
        corners = outline(shape)
        for scale in scales(sizes[1]):
            for turn in orientations(sizes[2]):
                cos, sin = np.cos(turn), np.sin(turn)
                found.append(crossings(scale * corners @ np.array([[cos, -sin], [sin, cos]]), rows))
    table = np.full((len(found), len(rows), max(part.shape[1] for part in found)), np.inf)
    for place, part in enumerate(found):
        table[place, :, : part.shape[1]] = part
    return torch.from_numpy(table.reshape(*sizes[:3], sizes[4], RASTER, -1)), torch.from_numpy(across)
