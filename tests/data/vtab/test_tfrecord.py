"""TFRecord files: whole, cut short, with a byte changed."""

from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.tfrecord import records
from tests.data.vtab.tfds_tree import record

CONTENTS = [b"first", b"", bytes(3000), b"last"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.tfrecord"
    file.write_bytes(b"".join(map(record, CONTENTS)))
    return file


def test_records_as_written(path: Path):
    found = records(path)
    assert [found[i] for i in range(len(found))] == CONTENTS


def test_an_empty_shard(tmp_path: Path):
    (tmp_path / "empty").write_bytes(b"")
    assert len(records(tmp_path / "empty")) == 0


@pytest.mark.parametrize("cut", [1, 5, 19])
def test_a_file_cut_short(path: Path, cut: int):
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(MetapriorError, match=r"a.tfrecord is not a whole TFRecord file"):
        records(path)


def test_another_byte_in_a_record(path: Path):
    content = bytearray(path.read_bytes())
    content[12] ^= 1
    path.write_bytes(content)
    found = records(path)
    with pytest.raises(MetapriorError, match=r"a\.tfrecord is damaged: record 0"):
        found[0]
    assert found[3] == b"last"


def test_another_length(path: Path):
    content = bytearray(path.read_bytes())
    content[0], content[12 + 5 + 4] = 25, 0  # the first record swallows the second: only its checksum tells
    path.write_bytes(content)
    with pytest.raises(MetapriorError, match=r"record 0 has no length that is right|not a whole"):
        records(path)
