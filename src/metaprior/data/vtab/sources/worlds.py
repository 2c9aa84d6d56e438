"""dSprites and smallNORB: every combination of a few factors, in arrays."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import h5py
import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data import dsprites_official as dsprites
from metaprior.data import smallnorb
from metaprior.data.binary_matrix import matrix_blocks
from metaprior.data.dsprites import RASTER
from metaprior.data.npz import open_array
from metaprior.data.official import reading
from metaprior.data.shapes3d_official import rows_at_once
from metaprior.data.store import verify
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.labels import ORIENTATIONS, POSITIONS, latent_class
from metaprior.data.vtab.once import once
from metaprior.data.vtab.sources.own_files import OwnFiles, origin
from metaprior.data.vtab.splits import STORED, Part, ordered_numbers
from metaprior.data.vtab.task import Task

LATENTS = {"dsprites-orientation": (3, ORIENTATIONS), "dsprites-location": (4, POSITIONS)}
"""The column of dSprites' latents that a task asks for, and how many values it has."""
FACTORS = {"smallnorb-elevation": 1, "smallnorb-azimuth": 2}
SMALLNORB_PARTS = {"train": smallnorb.PARTS[0], "test": smallnorb.PARTS[1]}


def _open_dsprites(task: Task, path: Path) -> Callable[[Part], Examples]:
    file = next(path / name for name in dsprites.FILES if (path / name).is_file())
    if file.suffix == ".hdf5" and STORED[task.pictures]["train"] == 737_280:
        verify(file, dsprites.SHA256)
    column, values = LATENTS[task.name]
    labels = latent_class(_latents(file)[:, column].astype(np.int64), values)
    return lambda part: _in_memory(task, part, labels, lambda: _packed_sprites(file), _unpacked)


def _open_smallnorb(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        files = smallnorb.Part(*(_plain_or_packed(path, part.split, kind) for kind in ("dat", "cat", "info")))
        labels = files.factors[:, FACTORS[task.name]]
        return _in_memory(task, part, labels, lambda: _left(files.pictures), lambda left: left)

    return examples


def _in_memory(
    task: Task,
    part: Part,
    labels: Int64[np.ndarray, " n"],
    blocks: Callable[[], Iterable[UInt8[np.ndarray, "m ..."]]],
    picture: Callable[[UInt8[np.ndarray, "..."]], UInt8[np.ndarray, "h w"]],
) -> Examples:
    """Examples whose rows are kept, those of the part alone, when the first is read; ``picture`` makes one of a row."""
    order = ordered_numbers(task.pictures, part, len(labels))

    @once
    def kept() -> dict[int, UInt8[np.ndarray, "..."]]:
        wanted, rows, start = np.zeros(len(labels), bool), {}, 0
        wanted[order] = True
        for block in blocks():
            for place in np.flatnonzero(wanted[start : start + len(block)]):
                rows[start + int(place)] = block[place].copy()
            start += len(block)
        if start != len(labels):
            raise MetapriorError(f"{task.pictures} has {start:,} pictures and {len(labels):,} labels; fetch it again")
        return rows

    def read(i: int) -> UInt8[Tensor, "1 h w"]:
        return torch.from_numpy(picture(kept()[int(order[i])]).copy()).unsqueeze(0)

    return Examples(Pictures(origin(task), list(map(str, order.tolist())), read), labels[order], task.classes)


def _latents(file: Path) -> np.ndarray:
    with reading(file):
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as archive:
                return archive["latents_classes"]
        with h5py.File(file) as opened:
            return np.asarray(opened["latents/classes"])


def _packed_sprites(file: Path) -> Iterator[UInt8[np.ndarray, "m 512"]]:
    """Eight pixels a byte: all of dSprites takes 0.4 GB."""
    with reading(file):
        for block in _raw(file):
            if block.max(initial=0) > 1:
                raise ValueError(f"imgs has values up to {block.max()}, not 0 and 1")
            yield np.packbits(block.reshape(len(block), -1), axis=1)


def _unpacked(bits: UInt8[np.ndarray, "512"]) -> UInt8[np.ndarray, "64 64"]:
    return np.unpackbits(bits).reshape(RASTER, RASTER) * np.uint8(255)


def _raw(file: Path) -> Iterator[UInt8[np.ndarray, "m 64 64"]]:
    if file.suffix == ".npz":
        yield from open_array(file, "imgs").blocks()
        return
    with h5py.File(file) as opened:
        images = opened["imgs"]
        if not isinstance(images, h5py.Dataset):
            raise KeyError("imgs must be an array")
        for rows in rows_at_once(images):
            yield images[int(rows[0]) : int(rows[-1]) + 1]


def _left(file: Path) -> Iterator[UInt8[np.ndarray, "m 96 96"]]:
    """The first picture of each stereo pair."""
    with reading(file):
        for pairs in matrix_blocks(file, "u1", (2, smallnorb.RAW, smallnorb.RAW)):
            yield pairs[:, 0]


def _plain_or_packed(path: Path, split: str, kind: str) -> Path:
    return next(path.glob(f"{SMALLNORB_PARTS[split]}-{kind}.mat*"))


DSPRITES = OwnFiles(tuple((folder, (file,)) for folder in ("dsprites", ".") for file in dsprites.FILES), _open_dsprites)

_MATS = tuple(f"{part}-{kind}.mat*" for part in smallnorb.PARTS for kind in ("dat", "cat", "info"))
SMALLNORB = OwnFiles((("smallnorb", _MATS), (".", _MATS)), _open_smallnorb)
