"""One large array of a NumPy archive, without reading it whole: mapped from the file, or read block by block."""

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

LOCAL = struct.Struct("<26x2H")  # a member's own header in a zip: its last two fields are lengths of what follows


@dataclass(frozen=True)
class LargeArray:
    """An array in a file, a ``member`` of an archive or alone; its bytes begin at ``offset``, None if compressed."""

    path: Path
    member: str
    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int | None

    def __len__(self) -> int:
        return self.shape[0]

    def mapped(self) -> np.ndarray:
        """The array, mapped from the file: pages that are read stay in the system's cache, not in the process."""
        if self.offset is None:
            raise ValueError(f"{self.member} is compressed and cannot be mapped")
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)

    def blocks(self, rows: int = 1024) -> Iterator[np.ndarray]:
        """The array in runs of at most so many rows, unpacked as they come; an archive's checksum is checked."""
        starts = range(0, len(self), rows)
        if not self.member:
            array = self.mapped()
            yield from (np.array(array[start : start + rows]) for start in starts)
            return
        with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
            _header(file)
            bytes_a_row = prod(self.shape[1:]) * self.dtype.itemsize
            for start in starts:
                shape = (min(rows, len(self) - start), *self.shape[1:])
                yield np.frombuffer(bytearray(file.read(shape[0] * bytes_a_row)), self.dtype).reshape(shape)


def open_array(path: Path, key: str) -> LargeArray:
    """The array ``key`` of a ``.npz``, or the one of a ``.npy``; errors are those of zipfile and NumPy."""
    if path.suffix == ".npy":
        with path.open("rb") as file:
            return LargeArray(path, "", *_header(file), file.tell())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{key}.npy")
        with archive.open(info) as member:
            shape, dtype = _header(member)
            length = member.tell()
        if info.compress_type != zipfile.ZIP_STORED:
            return LargeArray(path, info.filename, shape, dtype, None)
    with path.open("rb") as file:
        file.seek(info.header_offset)
        name, extra = LOCAL.unpack(file.read(LOCAL.size))
    return LargeArray(path, info.filename, shape, dtype, info.header_offset + LOCAL.size + name + extra + length)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    read: Any = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, by_columns, dtype = read[np.lib.format.read_magic(file)](file)
    if by_columns:
        raise ValueError("its array is stored by columns")
    return shape, dtype
