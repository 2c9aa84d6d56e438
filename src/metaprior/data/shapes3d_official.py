"""3D Shapes from its published file."""

from math import prod
from pathlib import Path

import h5py
import numpy as np
import torch

from metaprior.core import MetapriorError
from metaprior.data.dsprites import RASTER
from metaprior.data.official import OfficialOptions, hold, places, reading
from metaprior.data.store import locate, verify
from metaprior.data.world import World

FACTORS = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
SIZES = (10, 10, 10, 8, 4, 15)
FILE = "3dshapes.h5"
BYTES = 267_573_662
SHA256 = "0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785"  # as TFDS checks it
FETCH = f"from storage.googleapis.com/3d-shapes/{FILE} (github.com/google-deepmind/3d-shapes), 267.6 MB, Apache-2.0"


def official_shapes3d(options: OfficialOptions) -> World:
    """The published pictures, all held in memory (5.9 GB at 64 pixels, 1.5 GB at 32)."""
    return read_shapes3d(locate("shapes3d", FILE, FETCH), options)


def read_shapes3d(path: Path, options: OfficialOptions | None = None) -> World:
    """The world in a file of the published layout.

    ``images`` uint8 N×64×64×3; ``labels`` float64 N×6, the values of the factors. Source: Burgess & Kim 2018, "3D
    Shapes Dataset".
    """
    size = (options or OfficialOptions()).size
    with reading(path), h5py.File(path) as file:
        images, labels = file["images"], file["labels"]
        if not isinstance(images, h5py.Dataset) or images.shape[1:] != (RASTER, RASTER, 3) or images.dtype != np.uint8:
            raise MetapriorError(f"{path}: images is not an array of uint8, N×{RASTER}×{RASTER}×3")
        if not isinstance(labels, h5py.Dataset) or labels.shape != (len(images), len(FACTORS)):
            raise MetapriorError(f"{path}: labels is not an array of {len(images)}×{len(FACTORS)}")
        if len(images) == prod(SIZES):
            verify(path, SHA256)
        found = [np.unique(column, return_inverse=True) for column in labels[()].T]
        sizes = tuple(len(values) for values, _ in found)
        index = places(torch.from_numpy(np.stack([indices for _, indices in found], axis=1)), sizes, path)
        blocks = ((part, images[int(part[0]) : int(part[-1]) + 1]) for part in rows_at_once(images))
        held = hold("shapes3d", ((index[part], pictures) for part, pictures in blocks), sizes, 3, size)
    values = tuple(tuple(f"{value:.3g}" for value in values) for values, _ in found)
    caveat = "" if sizes == SIZES else f"a part of 3D Shapes: {len(index):,} of its {prod(SIZES):,} pictures"
    return World("shapes3d", FACTORS, sizes, (3, size, size), held, caveat, values)


def rows_at_once(images: h5py.Dataset) -> tuple[torch.Tensor, ...]:
    """Runs of row numbers of whole chunks of the file, each of which is unpacked once."""
    lead = images.chunks[0] if images.chunks else 1
    return torch.arange(len(images)).split(min(lead * max(1, 1024 // lead), 2**15))
