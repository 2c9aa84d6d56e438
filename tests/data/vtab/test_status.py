"""The state of each task below a folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from metaprior.data.vtab.status import status
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab import own_trees, tfds_tree
from tests.data.vtab.small import shrink


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


def test_present_partial_and_missing(tmp_path: Path):
    own_trees.write("clevr-count", tmp_path)
    next(tfds_tree.write(tmp_path, "dtd").glob("*-test.*-00000-of-*")).unlink()
    rows = {row.task: row for row in status(tmp_path, VTAB.values())}
    states = {name: row.state for name, row in rows.items() if row.state != "missing"}
    assert states == {"clevr-count": "present", "clevr-distance": "present", "dtd": "partial"}
    assert (rows["clevr-count"].source, rows["clevr-count"].path) == ("own files", tmp_path / "clevr" / "CLEVR_v1.0")
    assert "2 of the 3 shards of test" in rows["dtd"].lacks
    assert (rows["pets"].fetch, rows["pets"].bytes) == (VTAB["pets"].fetch, 811_092_049)
    assert rows["pets"].licence == "CC BY-SA 4.0"


def test_the_setting_counts(tmp_path: Path):
    """An export without a validation set serves the full setting alone."""
    for split in ("train", "test"):
        (tmp_path / "wds_vtab-dtd" / split).mkdir(parents=True)
        (tmp_path / "wds_vtab-dtd" / split / "nshards.txt").write_text("1")
        (tmp_path / "wds_vtab-dtd" / split / "0.tar").touch()
    assert [row.state for row in status(tmp_path, [VTAB["dtd"]], "1k")] == ["partial"]
    assert [row.state for row in status(tmp_path, [VTAB["dtd"]], "full")] == ["present"]


def test_a_task_that_is_not_of_vtab_is_missing(tmp_path: Path):
    other = replace(VTAB["dtd"], name="squares", pictures="squares")
    assert [row.state for row in status(tmp_path, [other])] == ["missing"]


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path):
    (tmp_path / "dtd").mkdir()
    (tmp_path / "dtd" / "manifest.json").write_text("{")
    (row,) = status(tmp_path, [VTAB["dtd"]])
    assert row.state == "partial"
    assert "is not a manifest that can be read" in row.lacks
