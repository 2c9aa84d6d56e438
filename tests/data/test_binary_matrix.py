"""NORB's files of numbers."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.data.binary_matrix import matrix_blocks, read_matrix

MAGIC = {"u1": 0x1E3D4C55, "i4": 0x1E3D4C54}


def encode(array: np.ndarray) -> bytes:
    """As the data set's page describes it: magic number, number of axes, three lengths at least, the numbers."""
    lengths = [*array.shape, 1, 1][: max(3, array.ndim)]
    code = MAGIC["u1" if array.dtype == np.uint8 else "i4"]
    return struct.pack(f"<II{len(lengths)}I", code, array.ndim, *lengths) + array.tobytes()


def test_a_header_written_out() -> None:
    """The first bytes of the categories' file: 55 4C 3D 1E would be bytes, 54 whole numbers."""
    written = encode(np.array([7, 1], dtype="<i4")).hex(" ", 4).split()
    assert written == ["544c3d1e", "01000000", "02000000", "01000000", "01000000", "07000000", "01000000"]


@pytest.mark.parametrize("ending", ["mat", "mat.gz"])
@pytest.mark.parametrize("row", [(), (4,), (2, 3, 5)])
def test_blocks_are_the_matrix(tmp_path: Path, ending: str, row: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, (7, *row)).astype("u1" if row else "<i4")
    path = tmp_path / f"m.{ending}"
    path.write_bytes(gzip.compress(encode(array)) if ending.endswith("gz") else encode(array))
    kind = "u1" if row else "i4"
    assert np.array_equal(read_matrix(path, kind, row), array)
    assert [len(block) for block in matrix_blocks(path, kind, row, rows=3)] == [3, 3, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>Not found</html>", "no binary matrix: it begins with 0x6d74683c"),
        (encode(np.zeros((3, 4), np.uint8)), r"a matrix of uint8 \(3, 4\), not i4 N×4"),
        (encode(np.zeros((3, 5), np.int32)), r"a matrix of int32 \(3, 5\), not i4 N×4"),
        (encode(np.zeros(3, np.int32)), r"a matrix of int32 \(3,\), not i4 N×4"),
        (encode(np.zeros((3, 4), np.int32)) + b"x", "goes on after its 3 rows"),
    ],
)
def test_another_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "m.mat").write_bytes(content)
    with pytest.raises(MetapriorError, match=message):
        read_matrix(tmp_path / "m.mat", "i4", (4,))


@pytest.mark.parametrize("kept", [0, 3, 10, 25, 67])
def test_a_file_that_ends_early(tmp_path: Path, kept: int) -> None:
    (tmp_path / "m.mat").write_bytes(encode(np.zeros((3, 4), np.int32))[:kept])
    with pytest.raises(EOFError, match="bytes early"):
        read_matrix(tmp_path / "m.mat", "i4", (4,))
