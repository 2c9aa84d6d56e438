"""MPI3D from its published files: a robot's arm that holds an object, simulated or real."""

import warnings
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.dsprites import RASTER
from metaprior.data.npz import open_array
from metaprior.data.official import OfficialOptions, hold, reading
from metaprior.data.store import find, missing
from metaprior.data.world import Held, World

FACTORS = (
    "object_color", "object_shape", "object_size", "camera_height", "background_color", "horizontal_axis",
    "vertical_axis",
)  # fmt: skip
_COMMON = (("small", "large"), ("top", "center", "bottom"), ("purple", "sea green", "salmon"))
_AXES = (tuple(map(str, range(40))),) * 2
FIRST = (("green", "red", "blue", "brown"), ("cone", "cube", "hexagonal prism", "sphere"), *_COMMON, *_AXES)
CURRENT = (
    ("white", "green", "red", "blue", "brown", "olive"),
    ("cone", "cube", "cylinder", "hexagonal", "pyramid", "sphere"),
    *_COMMON,
    *_AXES,
)
OTHER = (
    ("yellow", "green", "olive", "red"), ("coffee-cup", "tennis-ball", "croissant", "beer-cup"), *_COMMON, *_AXES,
)  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """One of the sets: its name, its file without the ending, and the releases of it, as values of the factors."""

    name: str
    stem: str
    releases: tuple[tuple[tuple[str, ...], ...], ...] = (CURRENT, FIRST)

    @property
    def files(self) -> tuple[str, str]:
        """The archive as it is published, or the array that was in it."""
        return f"{self.stem}.npz", f"{self.stem}.npy"

    def load(self, options: OfficialOptions) -> World:
        """The published pictures: mapped from the file at 64 pixels, else held in memory."""
        path = next(filter(None, map(find, reversed(self.files))), None)  # what was unpacked, rather than the archive
        if path is None:
            raise missing(self.name, " or ".join(self.files), FETCH)
        return read_mpi3d(path, self, options)


FETCH = (
    "from huggingface.co/datasets/waleedgondal/mpi3d (github.com/rr-learning/disentanglement_dataset), up to 12.7 GB, "
    "CC BY 4.0"
)
TOY = Edition("mpi3d-toy", "mpi3d_toy")
REALISTIC = Edition("mpi3d-realistic", "mpi3d_realistic")
REAL = Edition("mpi3d-real", "mpi3d_real")
COMPLEX = Edition("mpi3d-complex", "real3d_complicated_shapes_ordered", (OTHER,))


def read_mpi3d(path: Path, edition: Edition, options: OfficialOptions | None = None) -> World:
    """The world in a file of the published layout: ``images`` uint8 N×64×64×3, the last factor fastest, no labels.

    Which release it is, and so what its factors are, is told by N alone: 1,036,800 or, of the first releases of toy and
    realistic, 460,800. Source: Gondal et al. 2019, "On the Transfer of Inductive Bias from Simulation to the Real
    World".
    """
    size = (options or OfficialOptions()).size
    with reading(path):
        array = open_array(path, "images")
        if array.shape[1:] != (RASTER, RASTER, 3) or array.dtype != np.uint8:
            raise MetapriorError(f"{path}: images is {array.dtype} {array.shape}, not uint8 N×{RASTER}×{RASTER}×3")
        counts = {prod(map(len, release)): release for release in edition.releases}
        if len(array) not in counts:
            known = " or ".join(f"{count:,}" for count in counts)
            raise MetapriorError(f"{path} has {len(array):,} pictures, and {edition.name} has {known}")
        values = counts[len(array)]
        sizes = tuple(map(len, values))
        if array.offset is not None and size == RASTER:
            held = Held(_tensor(array.mapped()), sizes)
        else:
            unpack = f"unpack it once: unzip -p {path} images.npy > {path.with_name(edition.files[1])}"
            blocks = zip(torch.arange(len(array)).split(1024), array.blocks(1024), strict=True)
            held = hold(edition.name, blocks, sizes, 3, size, instead=unpack if array.offset is None else "")
    return World(edition.name, FACTORS, sizes, (3, size, size), held, "", values)


def _tensor(pictures: np.ndarray) -> UInt8[Tensor, "n 3 64 64"]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that what is mapped cannot be written to; nobody does
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)
