"""What was read of a file, kept until the file changes."""

import os
from pathlib import Path

import pytest

from metaprior.data.vtab.once import once_per_file


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
