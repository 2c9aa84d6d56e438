"""The order of sources, and the error where there is none."""

from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.prepare import prepare
from metaprior.data.vtab.sources.choose import SOURCES, choose
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab import own_trees, tfds_tree
from tests.data.vtab.small import shrink


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


def test_the_order():
    names = ["prepared", "tfds", "own files", "hub parquet", "vtab-1k", "webdataset"]
    assert [source.name for source in SOURCES] == names


def test_each_source_is_taken_before_those_after_it(tmp_path: Path):
    own_trees.write("dtd", tmp_path)
    assert choose(VTAB["dtd"], tmp_path, "1k").source.startswith("own files, ")
    tfds_tree.write(tmp_path / "tfds", "dtd")
    assert VTAB["dtd"].load(tmp_path, "1k").source.startswith("tfds, ")
    prepare(tmp_path, tmp_path / "vtab-1k", [VTAB["dtd"]])
    assert choose(VTAB["dtd"], tmp_path, "1k").source.startswith("prepared in ")


def test_a_source_with_a_part_is_passed_over(tmp_path: Path):
    own_trees.write("dtd", tmp_path)
    next(tfds_tree.write(tmp_path / "tfds", "dtd").glob("*-train.*-00000-of-*")).unlink()
    assert choose(VTAB["dtd"], tmp_path, "1k").source.startswith("own files, ")


def test_a_source_that_is_damaged_is_not_passed_over(tmp_path: Path):
    own_trees.write("dtd", tmp_path)
    next(tfds_tree.write(tmp_path / "tfds", "dtd").glob("*-train.*-00000-of-*")).write_bytes(b"no record at all")
    with pytest.raises(MetapriorError, match=r"is not a whole TFRecord file|has no length that is right"):
        choose(VTAB["dtd"], tmp_path, "1k")


@pytest.mark.parametrize("name", VTAB)
def test_a_missing_task_says_what_to_fetch(name: str, tmp_path: Path):
    with pytest.raises(MetapriorError) as error:
        choose(VTAB[name], tmp_path, "1k")
    assert VTAB[name].fetch in str(error.value)
    assert f"licence: {VTAB[name].licence}" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_part_is_told(tmp_path: Path):
    next(tfds_tree.write(tmp_path, "dtd").glob("*-train.*-00000-of-*")).unlink()
    with pytest.raises(MetapriorError, match=r"tfds lacks .* 2 of the 3 shards of train; fetch dtd-r1"):
        choose(VTAB["dtd"], tmp_path, "1k")
