"""Your own arrays as a data set: examples of any shape, with labels and factors, from one NumPy archive."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset
from metaprior.data.splits import count_splits, require_share, rows_of_split

KNOWN = ("images", "values", "labels", "factors", "factor_names")
MOST = 2**20
"""The greatest label, or value of a factor."""


@dataclass(frozen=True, kw_only=True)
class ArraysOptions:
    """``path``: an ``.npz`` of arrays with a row an example. It holds ``images``, uint8 N×C×H×W or N×H×W, or
    ``values``, any numbers N×…; and it may hold ``labels`` N, ``factors`` N×F (whole numbers from 0 on, -1 where not
    known) and ``factor_names`` F.

    ``test``: share of the rows, drawn with a fixed seed, that is the split ``test``.
    """

    path: Path
    test: float = 0.2

    def __post_init__(self) -> None:
        require_share(self.test)


def arrays(options: ArraysOptions, split: str = "train") -> Dataset:
    """The rows of one split, in the order of the file."""
    held = _read(options)
    names = tuple(map(str, held.pop("factor_names", ())))
    columns = {name: _column(name, array, options.path) for name, array in held.items()}
    count = len(next(iter(columns.values())))
    rows = torch.from_numpy(rows_of_split(count, options.test, split, str(options.path)))
    factors = columns.get("factors")

    def part(name: str) -> Tensor | None:
        return columns[name][rows] if name in columns else None

    if factors is not None and not names:
        names = tuple(f"factor_{k}" for k in range(factors.shape[1]))
    return Dataset(
        f"arrays:path={options.path}",
        images=part("images"),
        values=part("values"),
        labels=part("labels"),
        factors=part("factors"),
        class_names=tuple(map(str, range(int(columns["labels"].max()) + 1))) if "labels" in columns else (),
        factor_names=names,
        factor_sizes=() if factors is None else tuple((factors.amax(dim=0) + 1).clamp(min=1).tolist()),
    )


def arrays_splits(options: ArraysOptions) -> dict[str, int]:
    """How many rows each split has."""
    held = _read(options)
    return count_splits(len(held["images" if "images" in held else "values"]), options.test)


def _read(options: ArraysOptions) -> dict[str, np.ndarray]:
    path = options.path.expanduser()
    if not path.is_file():
        raise MetapriorError(f"there is no file {path}; save arrays with numpy.savez, as in arrays:path=FILE.npz")
    try:
        with np.load(path, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError, TypeError) as fault:
        raise MetapriorError(f"{path} is no archive of arrays of numbers: {fault}; save it with numpy.savez") from None
    if other := next((name for name in held if name not in KNOWN), None):
        raise unknown(f"array of {path}", other, KNOWN)
    if ("images" in held) == ("values" in held):
        raise MetapriorError(f"{path} must hold either 'images' or 'values', and holds {', '.join(held) or 'nothing'}")
    counts = {name: len(array) if array.ndim else 0 for name, array in held.items() if name != "factor_names"}
    if len(set(counts.values())) > 1 or not all(counts.values()):
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise MetapriorError(
            f"the arrays of {path} need a row for each example, and have other numbers of rows: {told}"
        )
    return held


def _counted(array: np.ndarray) -> bool:
    """Whether an array counts from 0, or -1, to a number of classes that nets can have."""
    return bool(array.size) and -1 <= int(array.min()) <= int(array.max()) <= MOST


def _column(name: str, array: np.ndarray, path: Path) -> Tensor:
    """An array as the column of a data set, of the type and the shape that the column has."""
    fits = {
        "images": array.dtype == np.uint8 and array.ndim in (3, 4),
        "values": array.dtype.kind in "fiub" and array.ndim > 1 and array.size and bool(np.isfinite(array).all()),
        "labels": array.dtype.kind in "iu" and array.ndim == 1 and _counted(array),
        "factors": array.dtype.kind in "iu" and array.ndim == 2 and _counted(array),
    }
    if not fits[name]:
        wanted = {
            "images": "uint8, N×C×H×W or N×H×W",
            "values": "finite numbers, N×… with at least one axis more",
            "labels": f"whole numbers from 0 to {MOST:,} at most, -1 where one is not known, N",
            "factors": f"whole numbers from 0 to {MOST:,} at most, -1 where one is not known, N×F",
        }
        shape = "×".join(map(str, array.shape))
        raise MetapriorError(f"'{name}' of {path} must be {wanted[name]}, and is {array.dtype} {shape}")
    if name == "images":
        return torch.from_numpy(array[:, None] if array.ndim == 3 else array)
    return torch.from_numpy(array.astype(np.float32 if name == "values" else np.int64))
