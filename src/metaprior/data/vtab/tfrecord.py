"""Records of TFRecord files, each checked by its checksum, without TensorFlow."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from metaprior.core import MetapriorError
from metaprior.data.vtab.crc32c import crc32c, crc32c_of_rows, masked
from metaprior.data.vtab.once import once_per_file

LENGTH = struct.Struct("<Q")
CHECKSUM = struct.Struct("<I")
HEADER = LENGTH.size + CHECKSUM.size


@dataclass(frozen=True, eq=False)
class Records:
    """The records of one file, found without reading them: where the bytes of each begin, and how many they are.

    A record is its length in 8 bytes, the length's checksum, the bytes, their checksum. Source: TensorFlow,
    ``lib/io/record_writer.h``.
    """

    path: Path
    starts: Int64[np.ndarray, " n"]
    lengths: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, place: int) -> bytes:
        """The bytes of one record; an error that names the file if they are not what was written."""
        length = int(self.lengths[place])
        with self.path.open("rb") as file:
            file.seek(int(self.starts[place]))
            content = file.read(length + CHECKSUM.size)
        if masked(crc32c(content[:length])) != CHECKSUM.unpack(content[length:])[0]:
            raise MetapriorError(f"{self.path} is damaged: record {place} has another checksum; fetch it again")
        return content[:length]


@once_per_file(maxsize=512)
def records(path: Path) -> Records:
    """The records of a file, whose lengths are checked."""
    try:
        content = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
        heads = np.array(list(_heads(content)), np.int64)
        headers = content[heads[:, None] + np.arange(HEADER)]
    except (OSError, ValueError, struct.error) as error:
        raise MetapriorError(f"{path} is not a whole TFRecord file: {error}; fetch it again") from error
    lengths, sums = headers[:, : LENGTH.size], headers[:, LENGTH.size :]
    expected = masked(crc32c_of_rows(lengths).astype(np.uint64))
    wrong = np.flatnonzero(np.ascontiguousarray(sums).view("<u4")[:, 0] != expected)
    if len(wrong):
        raise MetapriorError(f"{path} is damaged: record {wrong[0]} has no length that is right; fetch it again")
    return Records(path, heads + HEADER, np.ascontiguousarray(lengths).view("<u8")[:, 0].astype(np.int64))


def _heads(content: np.ndarray) -> Iterator[int]:
    """Where each record begins; a ValueError where the last one ends after the file."""
    place = 0
    while place < len(content):
        yield place
        place += HEADER + LENGTH.unpack(content[place : place + LENGTH.size].tobytes())[0] + CHECKSUM.size
    if place > len(content):
        raise ValueError(f"it ends {place - len(content):,} bytes early")
