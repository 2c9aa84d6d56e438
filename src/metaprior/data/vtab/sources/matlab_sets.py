"""SVHN and Flowers102, whose labels are in files of MATLAB."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import error as ZlibError

import numpy as np
import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.once import once_per_file
from metaprior.data.vtab.sources.own_files import OwnFiles, named, numbered
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.task import Task

SETS = {"train": "trnid", "validation": "valid", "test": "tstid"}
"""The splits of Flowers102 by their names in ``setid.mat``; train and validation are the small ones."""


@once_per_file(maxsize=4)
def _matlab(file: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return loadmat(file)
    except (MatReadError, OSError, ValueError, TypeError, NotImplementedError, ZlibError) as error:
        raise MetapriorError(f"{file} is not a MATLAB file that can be read: {error}; fetch it again") from error


def _variable(file: Path, name: str) -> np.ndarray:
    content = _matlab(file)
    if name not in content:
        raise MetapriorError(f"{file} has no variable '{name}'; fetch it again")
    return content[name]


def _open_svhn(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        file = path / f"{part.split}_32x32.mat"
        pictures, labels = _variable(file, "X"), _variable(file, "y").astype(np.int64).ravel()
        return numbered(
            task,
            part,
            labels % 10,  # the file calls the digit 0 by 10
            lambda i: torch.from_numpy(pictures[..., i].transpose(2, 0, 1).copy()),
        )

    return examples


def _open_flowers(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        numbers = _variable(path / "setid.mat", SETS[part.split]).astype(np.int64).ravel()
        labels = _variable(path / "imagelabels.mat", "labels").astype(np.int64).ravel()
        names = [f"image_{number:05d}.jpg" for number in numbers]
        return named(task, part, names, [path / "jpg" / name for name in names], labels[numbers - 1] - 1)

    return examples


_MATS = ("train_32x32.mat", "test_32x32.mat")
SVHN = OwnFiles((("svhn", _MATS), (".", _MATS)), _open_svhn)

_FLOWERS = ("jpg", "imagelabels.mat", "setid.mat")
FLOWERS102 = OwnFiles((("flowers-102", _FLOWERS), ("flowers102", _FLOWERS)), _open_flowers)
