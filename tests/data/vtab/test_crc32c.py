"""CRC-32C by tables against its definition, bit by bit, and published values."""

import numpy as np
import pytest

from metaprior.data.vtab.crc32c import BLOCK, crc32c, crc32c_of_rows
from tests.data.vtab.tfds_tree import slow_crc32c


@pytest.mark.parametrize(
    ("content", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_values(content: bytes, crc: int):
    """Source: RFC 3720, B.4."""
    assert crc32c(content) == crc


@pytest.mark.parametrize("length", [1, 3, 4, 5, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 3, 3 * BLOCK + 77])
def test_any_length(length: int):
    content = np.random.default_rng(length).bytes(length)
    assert crc32c(content) == slow_crc32c(content)


def test_rows():
    rows = np.random.default_rng(0).integers(0, 256, (5, 8), dtype=np.uint8)
    assert crc32c_of_rows(rows).tolist() == [slow_crc32c(row.tobytes()) for row in rows]
