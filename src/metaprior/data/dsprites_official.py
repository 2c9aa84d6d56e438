"""dSprites from its published file, the NumPy archive or the HDF5."""

from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from metaprior.core import MetapriorError
from metaprior.data.dsprites import FACTORS, RASTER, SIZES, shrink, values_of
from metaprior.data.official import OfficialOptions, reading
from metaprior.data.store import find, missing, verify
from metaprior.data.world import Held, World, chunks, index_of

STEM = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64"
FILES = (f"{STEM}.npz", f"{STEM}.hdf5")
BYTES = 28_024_106
SHA256 = "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb"  # of the HDF5, as TFDS checks it
FETCH = "from github.com/deepmind/dsprites-dataset, 28.0 MB (the HDF5), Apache-2.0"


def official_dsprites(options: OfficialOptions) -> World:
    """The published pictures, 0 and 255, all held in memory (3.0 GB at 64 pixels); the colour factor is dropped."""
    path = next(filter(None, map(find, FILES)), None)
    if path is None:
        raise missing("dsprites-official", " or ".join(FILES), FETCH)
    world = read_dsprites(path, options)
    if len(world) == prod(SIZES) and path.suffix == ".hdf5":
        verify(path, SHA256)
    return world


def read_dsprites(path: Path, options: OfficialOptions | None = None) -> World:
    """The world in a file of the published layout.

    ``imgs`` uint8 N×64×64 of 0 and 1; ``latents_classes`` N×6 whole numbers (colour, shape, scale, orientation,
    posX, posY), in the HDF5 ``latents/classes``, counting through all combinations with the last fastest.
    """
    size = (options or OfficialOptions()).size
    images, classes = _arrays(path)
    if images.ndim != 3 or images.shape[1:] != (RASTER, RASTER) or images.dtype != np.uint8:
        raise MetapriorError(f"{path}: imgs is {images.dtype} {images.shape}, not uint8 N×{RASTER}×{RASTER}")
    if classes.shape != (len(images), 6) or not np.issubdtype(classes.dtype, np.integer):
        raise MetapriorError(f"{path}: the latent classes are {classes.dtype} {classes.shape}, not N×6 whole numbers")
    sizes = tuple(int(most) + 1 for most in classes[:, 1:].max(axis=0, initial=0))
    factors = torch.from_numpy(classes[:, 1:].astype(np.int64))
    if prod(sizes) != len(images) or not torch.equal(index_of(factors, sizes), torch.arange(len(images))):
        raise MetapriorError(f"{path} does not hold each combination of its {sizes} factors once and in order")
    if images.max(initial=0) > 1:
        raise MetapriorError(f"{path}: imgs has values up to {images.max()}, not 0 and 1")
    pictures = torch.empty(len(images), 1, size, size, dtype=torch.uint8)
    for rows in chunks(len(images)):
        part = torch.from_numpy(images[int(rows[0]) : int(rows[-1]) + 1]).unsqueeze(1) * 255
        pictures[rows[0] : rows[-1] + 1] = part if size == RASTER else shrink(part, size)
    values = values_of(SIZES) if sizes == SIZES else ()
    caveat = "" if sizes == SIZES else f"a part of dSprites: {len(images):,} of its {prod(SIZES):,} pictures"
    return World("dsprites-official", FACTORS, sizes, (1, size, size), Held(pictures, sizes), caveat, values)


def _arrays(path: Path) -> tuple[Any, Any]:
    with reading(path):
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return archive["imgs"], archive["latents_classes"]
        with h5py.File(path) as file:
            return _whole(file["imgs"]), _whole(file["latents/classes"])


def _whole(found: Any) -> np.ndarray:
    if not isinstance(found, h5py.Dataset):
        raise KeyError("imgs and latents/classes must be arrays")
    return found[()]
