"""The binary matrix files of NORB: a magic number, the shape, and the numbers, little-endian, last axis fastest."""

import gzip
import struct
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError

TYPES = {
    0x1E3D4C51: np.dtype("<f4"),
    0x1E3D4C53: np.dtype("<f8"),
    0x1E3D4C54: np.dtype("<i4"),
    0x1E3D4C55: np.dtype("u1"),
    0x1E3D4C56: np.dtype("<i2"),
}
"""What the numbers are, by the magic number."""


def matrix_blocks(path: Path, dtype: str, row: tuple[int, ...], rows: int = 512) -> Iterator[np.ndarray]:
    """The matrix of a file, gzipped if it is called ``.gz``, in runs of at most so many rows of shape ``row``.

    The header holds three dimensions at least, the last ones being 1 where there are fewer. A file that is not such a
    matrix, or of other numbers or rows, is a :class:`MetapriorError`; one that ends early is an ``EOFError``.

    Source: cs.nyu.edu/~ylclab/data/norb-v1.0-small, "The small NORB dataset, v1.0", section "file format".
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        magic, axes = struct.unpack("<Ii", _exactly(file, 8))
        if magic not in TYPES:
            raise MetapriorError(f"{path} is no binary matrix: it begins with {magic:#010x}, not 0x1e3d4c5…")
        shape = struct.unpack(f"<{max(3, axes)}i", _exactly(file, 4 * max(3, axes)))[:axes]
        if TYPES[magic] != np.dtype(dtype) or axes < 1 or shape[1:] != row:
            wanted = "×".join(map(str, ("N", *row)))
            raise MetapriorError(f"{path} is a matrix of {TYPES[magic]} {shape}, not {dtype} {wanted}")
        bytes_a_row = prod(row) * TYPES[magic].itemsize
        for start in range(0, shape[0], rows):
            count = min(rows, shape[0] - start)
            yield np.frombuffer(_exactly(file, count * bytes_a_row), TYPES[magic]).reshape(count, *row)
        if file.read(1):
            raise MetapriorError(f"{path} goes on after its {shape[0]:,} rows; fetch it again")


def read_matrix(path: Path, dtype: str, row: tuple[int, ...] = ()) -> np.ndarray:
    """The whole matrix of a file, with the checks of :func:`matrix_blocks`."""
    return np.concatenate(list(matrix_blocks(path, dtype, row)))


def _exactly(file, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise EOFError(f"it ends {count - len(content):,} bytes early")
    return content
