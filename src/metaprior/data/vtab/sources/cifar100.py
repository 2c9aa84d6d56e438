"""CIFAR-100 from either of its archives, binary or pickled for Python."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.once import once_per_file
from metaprior.data.vtab.sources.own_files import OwnFiles, numbered
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.task import Task

SHAPE = (3, 32, 32)
ALLOWED = {"numpy.core.multiarray": {"_reconstruct"}, "numpy": {"ndarray", "dtype"}, "_codecs": {"encode"}}
"""What the pickled files name; nothing else is taken from them."""


def read(path: Path, split: str) -> tuple[UInt8[np.ndarray, "n 3 32 32"], Int64[np.ndarray, " n"]]:
    """The pictures and fine labels of ``train`` or ``test``."""
    if (path / f"{split}.bin").is_file():
        return _binary(path / f"{split}.bin")
    return _pickled(path / split)


@once_per_file(maxsize=2)
def _binary(file: Path) -> tuple[UInt8[np.ndarray, "n 3 32 32"], Int64[np.ndarray, " n"]]:
    """Rows of a coarse label, a fine label, and a picture."""
    content = np.fromfile(file, np.uint8)
    width = 2 + int(np.prod(SHAPE))
    if len(content) % width:
        raise MetapriorError(f"{file} is not made of rows of {width:,} bytes; fetch it again")
    rows = content.reshape(-1, width)
    return rows[:, 2:].reshape(-1, *SHAPE), rows[:, 1].astype(np.int64)


@once_per_file(maxsize=2)
def _pickled(file: Path) -> tuple[UInt8[np.ndarray, "n 3 32 32"], Int64[np.ndarray, " n"]]:
    try:
        with file.open("rb") as stream:
            content = _Arrays(stream, encoding="bytes").load()
        pictures, labels = content[b"data"], content[b"fine_labels"]
        return np.asarray(pictures, np.uint8).reshape(-1, *SHAPE), np.asarray(labels, np.int64)
    except (pickle.UnpicklingError, KeyError, ValueError, TypeError, EOFError, AttributeError, OSError) as error:
        raise MetapriorError(f"{file} is not a part of CIFAR-100: {error}; fetch it again") from error


class _Arrays(pickle.Unpickler):
    """An unpickler of arrays and plain values alone, so that a file cannot run anything."""

    def find_class(self, module: str, name: str) -> object:
        if name not in ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _open(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        pictures, labels = read(path, part.split)
        return numbered(task, part, labels, lambda i: torch.from_numpy(pictures[i].copy()))

    return examples


CIFAR100 = OwnFiles(
    (
        ("cifar-100-binary", ("train.bin", "test.bin")),
        ("cifar-100-python", ("train", "test")),
        ("cifar100/cifar-100-binary", ("train.bin", "test.bin")),
        ("cifar100/cifar-100-python", ("train", "test")),
    ),
    _open,
)
