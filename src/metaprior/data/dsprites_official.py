"""dSprites from its published file, the NumPy archive or the HDF5."""

from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path

import h5py
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.dsprites import FACTORS, RASTER, SIZES, values_of
from metaprior.data.npz import LargeArray, open_array
from metaprior.data.official import OfficialOptions, hold, reading
from metaprior.data.shapes3d_official import rows_at_once
from metaprior.data.store import find, missing, verify
from metaprior.data.world import World, index_of

STEM = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64"
FILES = (f"{STEM}.npz", f"{STEM}.hdf5")
BYTES = 28_024_106
SHA256 = "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb"  # of the HDF5, as TFDS checks it
ROWS = 1024  # pictures read at once
FETCH = "from github.com/deepmind/dsprites-dataset, 28.0 MB (the HDF5), Apache-2.0"


def official_dsprites(options: OfficialOptions) -> World:
    """The published pictures, 0 and 255, all held in memory; the colour factor is dropped.

    They take 3.0 GB at 64 pixels, 0.8 at 32 and 0.2 at 16; while they are read 0.1 GB more (npz) or 0.3 (HDF5).
    """
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
    if path.suffix == ".npz":
        with reading(path), np.load(path, allow_pickle=False) as archive:
            images = open_array(path, "imgs")
            return _world(path, images, archive["latents_classes"], images.blocks(ROWS), size)
    with reading(path), h5py.File(path) as file:
        images, classes = file["imgs"], file["latents/classes"]
        if not isinstance(images, h5py.Dataset) or not isinstance(classes, h5py.Dataset):
            raise KeyError("imgs and latents/classes must be arrays")
        return _world(path, images, classes[()], _blocks(images), size)


def _world(
    path: Path, images: LargeArray | h5py.Dataset, classes: np.ndarray, blocks: Iterable[np.ndarray], size: int
) -> World:
    if images.shape[1:] != (RASTER, RASTER) or images.dtype != np.uint8:
        raise MetapriorError(f"{path}: imgs is {images.dtype} {images.shape}, not uint8 N×{RASTER}×{RASTER}")
    if classes.shape != (len(images), 6) or not np.issubdtype(classes.dtype, np.integer):
        raise MetapriorError(f"{path}: the latent classes are {classes.dtype} {classes.shape}, not N×6 whole numbers")
    sizes = tuple(int(most) + 1 for most in classes[:, 1:].max(axis=0, initial=0))
    factors = torch.from_numpy(classes[:, 1:].astype(np.int64))
    if prod(sizes) != len(images) or not torch.equal(index_of(factors, sizes), torch.arange(len(images))):
        raise MetapriorError(f"{path} does not hold each combination of its {sizes} factors once and in order")
    held = hold("dsprites-official", _white(blocks, path), sizes, 1, size)
    values = values_of(SIZES) if sizes == SIZES else ()
    caveat = "" if sizes == SIZES else f"a part of dSprites: {len(images):,} of its {prod(SIZES):,} pictures"
    return World("dsprites-official", FACTORS, sizes, (1, size, size), held, caveat, values)


def _blocks(images: h5py.Dataset) -> Iterator[np.ndarray]:
    for rows in rows_at_once(images):
        there = images[int(rows[0]) : int(rows[-1]) + 1]
        yield from (there[start : start + ROWS] for start in range(0, len(there), ROWS))


def _white(blocks: Iterable[np.ndarray], path: Path) -> Iterator[tuple[Tensor, UInt8[np.ndarray, "m 64 64 1"]]]:
    """The places of pictures, and those of 0 and 1 as pictures of 0 and 255."""
    start = 0
    for block in blocks:
        if block.max(initial=0) > 1:
            raise MetapriorError(f"{path}: imgs has values up to {block.max()}, not 0 and 1")
        yield torch.arange(start, start + len(block)), block[..., None] * np.uint8(255)
        start += len(block)
