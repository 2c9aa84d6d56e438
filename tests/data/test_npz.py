"""One large array of a NumPy archive."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaprior.data.npz import open_array

ARRAY = np.random.default_rng(0).integers(0, 256, (10, 3, 4), dtype=np.uint8)


def write(path: Path, array: np.ndarray = ARRAY) -> Path:
    kinds: dict[str, Any] = {"stored.npz": np.savez, "packed.npz": np.savez_compressed}
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        kinds[path.name](path, other=np.arange(1000), images=array)
    return path


@pytest.mark.parametrize("name", ["stored.npz", "packed.npz", "alone.npy"])
def test_blocks_are_the_array(tmp_path: Path, name: str) -> None:
    array = open_array(write(tmp_path / name), "images")
    assert (array.shape, array.dtype, len(array)) == ((10, 3, 4), np.uint8, 10)
    blocks = list(array.blocks(4))
    assert [len(block) for block in blocks] == [4, 4, 2]
    assert np.array_equal(np.concatenate(blocks), ARRAY)


@pytest.mark.parametrize("name", ["stored.npz", "alone.npy"])
def test_what_is_stored_is_mapped(tmp_path: Path, name: str) -> None:
    """The same bytes are on the disk at the offset, and are seen to change there."""
    path = write(tmp_path / name)
    array = open_array(path, "images")
    mapped = array.mapped()
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, ARRAY)
    with path.open("r+b") as file:
        file.seek(array.offset or 0)
        file.write(bytes([ARRAY[0, 0, 0] ^ 255]))
    assert mapped[0, 0, 0] == ARRAY[0, 0, 0] ^ 255


def test_what_is_packed_is_not_mapped(tmp_path: Path) -> None:
    array = open_array(write(tmp_path / "packed.npz"), "images")
    assert array.offset is None
    with pytest.raises(ValueError, match="compressed"):
        array.mapped()


def test_an_array_by_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="by columns"):
        open_array(write(tmp_path / "stored.npz", np.asfortranarray(ARRAY)), "images")


@pytest.mark.parametrize("name", ["stored.npz", "packed.npz"])
def test_a_damaged_archive_is_noticed_when_its_blocks_are_read(tmp_path: Path, name: str) -> None:
    """A wrong bit of pixels near the end, which only the checksum tells: noise is not packed but copied."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 40), dtype=np.uint8)
    path = write(tmp_path / name, noise)
    content = bytearray(path.read_bytes())
    content[content.index(noise[-1, -1].tobytes())] ^= 1
    path.write_bytes(content)
    array = open_array(path, "images")
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        list(array.blocks(4))
