"""SmallNORB from its published files: toys of five kinds under six lights, from many sides."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import prod
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.binary_matrix import matrix_blocks, read_matrix
from metaprior.data.dsprites import RASTER
from metaprior.data.official import OfficialOptions, hold, places, reading
from metaprior.data.store import find, missing, verify
from metaprior.data.world import World

FACTORS = ("category", "elevation", "azimuth", "lighting")
SIZES = (5, 9, 18, 6)
INSTANCES = 10
RAW = 96
VALUES = (
    ("animal", "human", "plane", "truck", "car"),
    tuple(str(degrees) for degrees in range(30, 75, 5)),
    tuple(str(degrees) for degrees in range(0, 360, 20)),
    tuple(map(str, range(6))),
)
PARTS = ("smallnorb-5x46789x9x18x6x2x96x96-training", "smallnorb-5x01235x9x18x6x2x96x96-testing")
FILES = (f"{PARTS[0]}-dat.mat", f"{PARTS[0]}-dat.mat.gz")
"""One of the six, plain or gzipped, by which one sees that the set is there."""
BYTES = 262_778_180  # of the six, gzipped
FETCH = (
    "six files, smallnorb-…-{training,testing}-{dat,cat,info}.mat, gzipped or not, from "
    "cs.nyu.edu/~ylclab/data/norb-v1.0-small, 262.8 MB, for research, not to be sold"
)
SHA256 = {  # of the gzipped files, as TFDS checks them
    f"{PARTS[0]}-dat.mat.gz": "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
    f"{PARTS[0]}-cat.mat.gz": "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
    f"{PARTS[0]}-info.mat.gz": "de7eb932ebe7a4ee16217fead60660d0eb3d23632c2f4d1c51f88c501c17bf32",
    f"{PARTS[1]}-dat.mat.gz": "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
    f"{PARTS[1]}-cat.mat.gz": "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
    f"{PARTS[1]}-info.mat.gz": "16adf314226327ee006d1a44db8cfef52773c06c829951d5653a9f6f310248a2",
}


@dataclass(frozen=True)
class Part:
    """The three files of the training or the testing part: stereo pairs, categories, and what else is known."""

    pictures: Path
    categories: Path
    info: Path

    @property
    def factors(self) -> Int64[np.ndarray, "n 5"]:
        """Category, elevation, azimuth, lighting and instance of each picture."""
        with reading(self.categories):
            category = read_matrix(self.categories, "i4").astype(np.int64)
        with reading(self.info):
            instance, elevation, azimuth, lighting = read_matrix(self.info, "i4", (4,)).astype(np.int64).T
        if len(category) != len(instance):
            raise MetapriorError(f"{self.categories} has {len(category):,} rows and {self.info} {len(instance):,}")
        if (azimuth % 2).any():
            raise MetapriorError(f"{self.info} has odd azimuths, and they are 0, 2 … 34")
        return np.stack([category, elevation, azimuth // 2, lighting, instance], axis=1)

    def blocks(self, index: Int64[Tensor, " n"]) -> Iterator[tuple[Tensor, UInt8[np.ndarray, "m 64 64 1"]]]:
        """Places of pictures, and the pictures: the first of each pair, shrunk as the studies shrink them."""
        done = 0
        with reading(self.pictures):
            for pairs in matrix_blocks(self.pictures, "u1", (2, RAW, RAW)):
                place = index[done : done + len(pairs)]
                done += len(pairs)
                if done <= len(index):
                    yield place, np.stack([shrunk(left) for left in pairs[:, 0]])[..., None]
        if done != len(index):
            raise MetapriorError(f"{self.pictures} has {done:,} rows and {self.info} {len(index):,}")


def official_smallnorb(options: OfficialOptions) -> World:
    """The published pictures of both parts, all held in memory (0.2 GB at 64 pixels); the instance is hidden."""
    parts = [Part(*(_find(f"{part}-{kind}.mat") for kind in ("dat", "cat", "info"))) for part in PARTS]
    return read_smallnorb(parts, options)


def read_smallnorb(parts: list[Part], options: OfficialOptions | None = None) -> World:
    """The world in files of the published layout, whatever order their rows are in.

    The studies merge both parts, take the first picture of each stereo pair, halve the azimuth's number, and draw the
    instance at random: here it is the hidden digit. Source: LeCun, Huang & Bottou 2004, "Learning methods for generic
    object recognition with invariance to pose and lighting".
    """
    size = (options or OfficialOptions()).size
    factors = [part.factors for part in parts]
    rows = torch.from_numpy(np.concatenate(factors))
    sizes = tuple(int(most) + 1 for most in rows.amax(dim=0))
    index = places(rows, sizes, parts[0].info.parent).split([len(part) for part in factors])
    complete = sizes == (*SIZES, INSTANCES)
    if complete:
        for path in (path for part in parts for path in (part.pictures, part.categories, part.info)):
            if path.name in SHA256:
                verify(path, SHA256[path.name])
    blocks = chain.from_iterable(part.blocks(place) for part, place in zip(parts, index, strict=True))
    held = hold("smallnorb", blocks, sizes, 1, size)
    caveat = "" if complete else f"a part of SmallNORB: {len(rows):,} of its {prod(SIZES) * INSTANCES:,} pictures"
    values = VALUES if complete else ()
    return World("smallnorb", FACTORS, sizes[:-1], (1, size, size), held, caveat, values, hidden_sizes=sizes[-1:])


def shrunk(picture: UInt8[np.ndarray, "96 96"]) -> UInt8[np.ndarray, "64 64"]:
    """A picture of 64 pixels, by Pillow's Lanczos filter on whole numbers that may overshoot, cut to bytes at the end.

    The original keeps the overshoots, a little above white and below black.
    """
    wide = Image.fromarray(picture.astype(np.int32)).resize((RASTER, RASTER), Image.Resampling.LANCZOS)
    return np.asarray(wide).clip(0, 255).astype(np.uint8)


def _find(name: str) -> Path:
    path = find(name) or find(f"{name}.gz")
    if path is None:
        raise missing("smallnorb", f"{name} or {name}.gz", FETCH)
    return path
