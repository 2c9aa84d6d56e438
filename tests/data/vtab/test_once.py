"""What is read once and kept."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from metaprior.data.vtab.once import once, once_per_file


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path):
    reads = []

    @once_per_file(maxsize=2)
    def read(path: Path) -> str:
        reads.append(path)
        return path.read_text()

    file = tmp_path / "a"
    file.write_text("one")
    assert [read(file), read(file)] == ["one", "one"]
    assert len(reads) == 1
    file.write_text("two")
    os.utime(file, ns=(0, 1))
    assert read(file) == "two"
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "b")


def test_threads_that_ask_at_once_read_once():
    reads = []

    @once
    def read() -> list[int]:
        reads.append(1)
        time.sleep(0.05)
        return [7]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read(), range(8)))
    assert len(reads) == 1
    assert all(each is found[0] for each in found)
