"""PatchCamelyon from its six HDF5 files, unpacked."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from metaprior.data.official import reading
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.sources.own_files import OwnFiles, origin
from metaprior.data.vtab.splits import Part, ordered
from metaprior.data.vtab.task import Task

STEM = "camelyonpatch_level_2_split"
NAMES = {"train": "train", "validation": "valid", "test": "test"}


def _open(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        name = NAMES[part.split]
        pictures, labels = (path / f"{STEM}_{name}_{kind}.h5" for kind in "xy")
        with reading(labels), h5py.File(labels) as file:
            classes = np.asarray(file["y"]).astype(np.int64).ravel()
        keys = [f"{name}_{i}" for i in range(len(classes))]
        order = ordered(task.pictures, part, keys)
        chosen = Pictures(origin(task), [keys[i] for i in order], lambda i: _read(pictures, int(order[i])))
        return Examples(chosen, classes[order], task.classes)

    return examples


def _read(path: Path, number: int) -> UInt8[Tensor, "3 h w"]:
    with reading(path), h5py.File(path) as file:
        images = file["x"]
        if not isinstance(images, h5py.Dataset) or images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
            raise ValueError("x is not N×96×96×3 bytes")
        return torch.from_numpy(images[number].transpose(2, 0, 1).copy())


_FILES = tuple(f"{STEM}_{name}_{kind}.h5" for name in NAMES.values() for kind in "xy")
PATCH_CAMELYON = OwnFiles((("pcam", _FILES), ("patch_camelyon", _FILES), (".", _FILES)), _open)
