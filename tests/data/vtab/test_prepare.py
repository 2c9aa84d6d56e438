"""prepare: what is written reads back exactly, goes on where it stopped, and touches nothing that is not its own."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.prepare import prepare, prepare_task, task_folder
from metaprior.data.vtab.sources.choose import choose, look
from metaprior.data.vtab.sources.prepared import read_prepared
from metaprior.data.vtab.sources.source import Source
from metaprior.data.vtab.status import status
from metaprior.data.vtab.task import TaskData
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab import own_trees, tfds_tree
from tests.data.vtab.small import encoded, pixels, shrink
from tests.judge.vtab.pictures import prepared


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


def same(one: TaskData, other: TaskData, digest: bool = True) -> None:
    for a, b in zip((one.train, one.val, one.test), (other.train, other.val, other.test), strict=True):
        assert list(a.pictures.keys) == list(b.pictures.keys)
        assert a.labels.tolist() == b.labels.tolist()
        assert a.classes == b.classes
        assert (a.pictures.digest == b.pictures.digest) is digest
        assert all(torch.equal(a.pictures[i], b.pictures[i]) for i in range(len(a)))


CASES = [(name, setting) for name in VTAB if name != "sun397" for setting in ("1k", "full")]
CASES.remove(("retinopathy", "full"))  # whose pictures are prepared anew each time they are read: seconds


@pytest.mark.parametrize(("name", "setting"), CASES)
def test_what_the_makers_publish_reads_back_exactly(name: str, setting, tmp_path: Path):
    own_trees.write(name, tmp_path / "in")
    (result,) = prepare(tmp_path / "in", tmp_path / "out", [VTAB[name]], setting)
    assert (result.state, result.reason) == ("written", "")
    read = choose(VTAB[name], tmp_path / "out", setting)
    assert read.source.startswith("prepared in ")
    same(read, choose(VTAB[name], tmp_path / "in", setting), digest=name != "retinopathy")  # told by Kaggle's files


@pytest.mark.parametrize("name", ["cifar100", "dsprites-location", "kitti-distance"])
def test_what_tfds_prepared_reads_back_exactly(name: str, tmp_path: Path):
    tfds_tree.write(tmp_path / "in", VTAB[name].pictures)
    prepare(tmp_path / "in", tmp_path / "out", [VTAB[name]])
    same(choose(VTAB[name], tmp_path / "out", "1k"), choose(VTAB[name], tmp_path / "in", "1k"))


def test_files_of_the_source_are_kept_byte_by_byte(tmp_path: Path):
    tfds_tree.write(tmp_path / "in", "cifar100")
    prepare(tmp_path / "in", tmp_path / "out", [VTAB["cifar100"]])
    original = choose(VTAB["cifar100"], tmp_path / "in", "1k").train.pictures
    assert (tmp_path / "out/cifar/images/train800/000003.png").read_bytes() == original.encoded(3)


def test_both_settings_share_the_test_pictures(tmp_path: Path):
    own_trees.write("dtd", tmp_path / "in")
    prepare(tmp_path / "in", tmp_path / "out", [VTAB["dtd"]])
    before = (tmp_path / "out/dtd/images/test/000000.png").stat().st_mtime_ns
    prepare(tmp_path / "in", tmp_path / "out", [VTAB["dtd"]], "full")
    assert (tmp_path / "out/dtd/images/test/000000.png").stat().st_mtime_ns == before
    for setting in ("1k", "full"):
        same(choose(VTAB["dtd"], tmp_path / "out", setting), choose(VTAB["dtd"], tmp_path / "in", setting))


def test_lists_are_those_of_vtab_1k(tmp_path: Path):
    own_trees.write("dtd", tmp_path / "in")
    prepare(tmp_path / "in", tmp_path / "out", [VTAB["dtd"]])
    path = tmp_path / "out" / "dtd"
    lines = (path / "train800val200.txt").read_text().splitlines()
    assert lines == [*(path / "train800.txt").read_text().splitlines(), *(path / "val200.txt").read_text().splitlines()]
    assert all((path / line.split(" ")[0]).is_file() for line in lines)
    files = "images keys-test.txt keys-train800.txt keys-val200.txt manifest.json"
    files += " test.txt train800.txt train800val200.txt val200.txt"
    assert sorted(file.name for file in path.iterdir()) == files.split()
    assert json.loads((path / "manifest.json").read_text())["settings"]["1k"]["splits"]["train800"]["count"] == 4


def drawn(name: str = "standin/squares", origin: str = "squares", stop: Callable[[int], None] = lambda i: None):
    """A task that is not of VTAB, whose pictures are drawn and have no files."""

    def part(start: int, count: int) -> Examples:
        def read(i: int) -> torch.Tensor:
            stop(start + i)
            generator = np.random.default_rng(start + i)
            return torch.from_numpy(generator.integers(0, 256, (1 + 2 * (i % 2), 6, 9), dtype=np.uint8))

        pictures = Pictures(origin, [f"square {start + i}" for i in range(count)], read)
        return Examples(pictures, np.arange(count) % 3, 3)

    return TaskData(name, part(0, 8), part(8, 4), part(12, 6), "drawn", "a stand-in")


def test_a_task_that_is_not_of_vtab(tmp_path: Path):
    result = prepare_task(drawn(), tmp_path)
    assert result.path == tmp_path / "standin" / "squares"
    read = read_prepared(result.path, "1k")
    same(read, drawn())
    assert (read.name, read.caveat) == ("standin/squares", "a stand-in")


def test_again_is_nothing_to_do(tmp_path: Path):
    assert prepare_task(drawn(), tmp_path).state == "written"
    assert prepare_task(drawn(), tmp_path).state == "there"


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path):
    def killed(i: int) -> None:
        if i == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_task(drawn(stop=killed), tmp_path)
    path = tmp_path / "standin" / "squares"
    assert len(list(path.rglob("*.png"))) == 10
    assert not (path / "manifest.json").exists()
    (row,) = status(tmp_path, [replace(VTAB["dtd"], name="standin/squares", pictures="squares")])
    assert (row.state, row.source) == ("partial", "prepared")
    assert "an interrupted run had still to write" in row.lacks
    asked = []
    told = []
    prepare_task(drawn(stop=asked.append), tmp_path, progress=lambda *each: told.append(each))
    assert sorted(set(asked)) == [0, 8, *range(10, 18)]  # 0 and 8: the first of each split is compared in the end
    assert told[-1] == ("standin/squares", 18, 18)
    same(read_prepared(path, "1k"), drawn())


def test_an_interrupted_run_of_other_pictures_is_begun_anew(tmp_path: Path):
    def killed(i: int) -> None:
        if i == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_task(drawn(origin="other squares", stop=killed), tmp_path)
    asked = []
    prepare_task(drawn(stop=asked.append), tmp_path)
    assert set(asked) == set(range(18))


def test_other_pictures_are_not_written_over(tmp_path: Path):
    prepare_task(drawn(), tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for setting in ("1k", "full"):
        with pytest.raises(MetapriorError, match="prepared from drawn, and drawn is not the same; delete the folder"):
            prepare_task(drawn(origin="other squares"), tmp_path, setting)
    assert sorted(tmp_path.rglob("*")) == before


def test_files_that_prepare_did_not_write_are_left_alone(tmp_path: Path):
    other = tmp_path / "standin" / "squares" / "images" / "train800" / "mine.png"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    with pytest.raises(MetapriorError, match="has files that prepare did not write"):
        prepare_task(drawn(), tmp_path)
    assert other.read_bytes() == b"mine"


def test_a_damaged_picture_of_the_source_is_found(tmp_path: Path):
    own_trees.write("dtd", tmp_path / "in")
    key = choose(VTAB["dtd"], tmp_path / "in", "1k").test.pictures.keys[5]
    (tmp_path / "in/dtd/dtd/images" / key).write_bytes(b"\x89PNG and nothing else")
    failed, written = prepare(tmp_path / "in", tmp_path / "out", [VTAB["dtd"], VTAB["dtd"]])
    assert failed.state == written.state == "failed"
    assert f"{key}, dtd from its own files, is not a readable picture" in failed.reason
    assert not (tmp_path / "out/dtd/manifest.json").exists()
    (tmp_path / "in/dtd/dtd/images" / key).write_bytes(encoded(pixels(0)))
    assert prepare(tmp_path / "in", tmp_path / "out", [VTAB["dtd"]])[0].state == "written"


def test_a_task_that_is_missing_says_what_to_fetch_and_the_others_are_written(tmp_path: Path):
    own_trees.write("dtd", tmp_path / "in")
    missing, written = prepare(tmp_path / "in", tmp_path / "out", [VTAB["retinopathy"], VTAB["dtd"]])
    assert (missing.state, written.state) == ("missing", "written")
    assert "after signing in and accepting the contest's rules" in missing.reason
    assert "88.0 GB" in missing.reason
    assert not missing.path.exists()


@pytest.mark.parametrize("file", ["train800.txt", "keys-val200.txt"])
def test_a_list_that_was_changed(file: str, tmp_path: Path):
    path = prepare_task(drawn(), tmp_path).path
    lines = (path / file).read_text().splitlines(keepends=True)
    (path / file).write_text("".join([lines[1], lines[0], *lines[2:]]))
    with pytest.raises(MetapriorError, match=rf"{file} is not what was prepared"):
        read_prepared(path, "1k")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-30])


def relabel(file: Path) -> None:
    file.write_text(file.read_text().replace(" 1", " 2"))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("images/test/000004.png", Path.unlink),
        ("images/test/000004.png", cut),
        ("images/train800/000001.png", lambda file: file.write_bytes(encoded(pixels(5)))),
        ("train800.txt", relabel),
        ("train800val200.txt", Path.unlink),
        ("keys-test.txt", cut),
        ("manifest.json", lambda file: file.write_text(file.read_text().replace('"a stand-in"', '"the real one"'))),
        ("manifest.json", lambda file: file.write_text(file.read_text().replace('"classes": 3', '"classes": 7'))),
    ],
)
def test_what_was_damaged_is_mended_by_preparing_again(name: str, damage: Callable[[Path], object], tmp_path: Path):
    path = prepare_task(drawn(), tmp_path).path
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    damage(path / name)
    assert prepare_task(drawn(), tmp_path).state == "written"
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    assert prepare_task(drawn(), tmp_path).state == "there"


@pytest.mark.parametrize("content", ['{"name": "my own"}', "[]", "junk", ""])
def test_a_folder_whose_manifest_cannot_be_read_is_left_alone(content: str, tmp_path: Path):
    path = prepare_task(drawn(), tmp_path).path
    (path / "manifest.json").write_text(content)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(MetapriorError, match="delete its folder and prepare the task again"):
        prepare_task(drawn(origin="other squares"), tmp_path)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_a_damaged_test_picture_is_mended_when_the_other_setting_is_prepared(tmp_path: Path):
    path = prepare_task(drawn(), tmp_path).path
    cut(path / "images/test/000004.png")
    prepare_task(drawn(), tmp_path, "full")
    for setting in ("1k", "full"):
        same(read_prepared(path, setting), drawn())


def test_pictures_of_other_keys_are_not_the_same(tmp_path: Path):
    path = prepare_task(drawn(), tmp_path).path
    data = drawn()
    keys = [f"{key} again" for key in data.test.pictures.keys]
    renamed = Examples(replace(data.test.pictures, keys=keys), data.test.labels, 3)
    with pytest.raises(MetapriorError, match="prepared from drawn, and drawn is not the same"):
        prepare_task(replace(data, test=renamed), tmp_path)
    same(read_prepared(path, "1k"), drawn())


@pytest.mark.parametrize("name", ["../elsewhere", "a/../../elsewhere", "/elsewhere"])
def test_nothing_is_written_outside_the_folder(name: str, tmp_path: Path):
    with pytest.raises(MetapriorError, match="would be written outside"):
        prepare_task(drawn(name), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_two_lines_is_refused_before_anything_is_written(tmp_path: Path):
    data = drawn()
    keys = ["two\nlines", *list(data.test.pictures.keys)[1:]]
    broken = Examples(replace(data.test.pictures, keys=keys), data.test.labels, 3)
    with pytest.raises(MetapriorError, match=r"the key 'two\\nlines' of squares is not one line"):
        prepare_task(replace(data, test=broken), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_killed_run_was_just_writing_is_deleted(tmp_path: Path):
    def killed(i: int) -> None:
        if i == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_task(drawn(stop=killed), tmp_path)
    left = tmp_path / "standin/squares/images/val200/.000002.png.123.tmp"
    left.write_bytes(b"half")
    prepare_task(drawn(), tmp_path)
    assert not left.exists()


def test_a_manifest_that_cannot_be_read(tmp_path: Path):
    path = prepare_task(drawn(), tmp_path).path
    (path / "manifest.json").write_text("{}")
    with pytest.raises(MetapriorError, match=r"manifest\.json is not a manifest that can be read"):
        read_prepared(path, "1k")


def test_a_setting_that_was_not_prepared(tmp_path: Path):
    own_trees.write("dtd", tmp_path / "in")
    prepare(tmp_path / "in", tmp_path / "out", [VTAB["dtd"]])
    source, found = look(VTAB["dtd"], tmp_path / "out", "full")
    assert isinstance(source, Source)
    assert found is not None
    assert "the setting full: prepare it" in found.lacks
    with pytest.raises(MetapriorError, match="holds no task that was prepared in the setting full"):
        read_prepared(task_folder("dtd", tmp_path / "out"), "full")


def test_a_folder_that_was_renamed_is_not_another_task(tmp_path: Path):
    prepared(tmp_path, "clevr-count").joinpath("clevr_count").rename(tmp_path / "clevr_dist")
    with pytest.raises(MetapriorError, match="holds clevr-count, not clevr-distance"):
        VTAB["clevr-distance"].load(tmp_path, "1k")
