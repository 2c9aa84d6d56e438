"""The folder VTAB-1k as it is passed round: both its names, and copies that are not whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.sources.listed import ALIASES
from metaprior.data.vtab.sources.vtab_1k import VTAB_1K
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels, shrink

CLASSES = 4
TASK = replace(VTAB["cifar100"], classes=CLASSES, sizes=(20, 10, 8))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


def write(folder: Path) -> Path:
    lists: dict[str, list[str]] = {}
    for name, count in {"train800": 4, "val200": 2, "test": 8}.items():
        lists[name] = [f"images/{name}/{i:06d}.jpg {i % CLASSES}" for i in range(count)]
        for i in range(count):
            file = folder / f"images/{name}/{i:06d}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encoded(pixels(i)))
    lists["train800val200"] = lists["train800"] + lists["val200"]
    for name, lines in lists.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("name", ["cifar", "vtab-1k/cifar", "vtab-1k/cifar100"])
def test_any_of_its_names(name: str, tmp_path: Path):
    path = write(tmp_path / name)
    found = VTAB_1K.find(TASK, tmp_path, "1k")
    assert found is not None
    assert (found.path, found.lacks) == (path, "")
    data = VTAB_1K.load(TASK, found.path, "1k")
    assert (len(data.train), len(data.val), len(data.test)) == (4, 2, 8)
    assert data.train.labels.tolist() == [0, 1, 2, 3]
    assert (data.test.pictures[3].permute(1, 2, 0).numpy() == pixels(3)).all()
    assert "with loss" in data.caveat


def test_every_task_has_a_folder():
    assert ALIASES.keys() == VTAB.keys()
    names = [name for names in ALIASES.values() for name in names]
    assert len(names) == len(set(names))


def test_the_full_setting_is_not_there(tmp_path: Path):
    write(tmp_path / "cifar")
    found = VTAB_1K.find(TASK, tmp_path, "full")
    assert found is not None
    assert "serves the setting 1k alone" in found.lacks


def test_a_list_that_is_missing(tmp_path: Path):
    (write(tmp_path / "cifar") / "val200.txt").unlink()
    found = VTAB_1K.find(TASK, tmp_path, "1k")
    assert found is not None
    assert found.lacks.startswith("val200.txt in ")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("test.txt", lambda text: text[: text.rindex("images")], "lists 7 pictures, not 8"),
        ("train800val200.txt", lambda text: text.replace(" 3", " 2"), "has other labels than train800.txt and val200"),
        ("test.txt", lambda text: text.replace(" 3", " 2"), "has 3 classes and cifar100 has 4"),
        ("val200.txt", lambda text: text.replace(" 1", " one"), "line 2 is not a path and a label"),
        ("test.txt", lambda text: text.replace(" 3", " 4"), "the label 4 at images/test/000003.jpg"),
        ("test.txt", lambda text: text.replace("test/000000", "test/000004"), "name images/test/000004.jpg more than"),
        ("val200.txt", lambda text: text.replace("val200/000001", "train800/000001"), "000001.jpg more than once"),
        ("val200.txt", lambda text: text.replace("val200/000001", "./train800//000001"), "000001.jpg more than once"),
        ("val200.txt", lambda text: text.replace(" 1", " 99999999999999999999"), "line 2 is not a path and a label"),
        ("test.txt", lambda text: text.replace("images", "/images", 1), "line 1 names a picture outside the folder"),
        ("test.txt", lambda text: text.replace("images", "../images", 1), "outside the folder of the task: '../images"),
    ],
)
def test_a_copy_with_a_fault(file: str, change, message: str, tmp_path: Path):
    path = write(tmp_path / "cifar")
    (path / file).write_text(change((path / file).read_text()))
    with pytest.raises(MetapriorError, match=message):
        VTAB_1K.load(TASK, path, "1k")


def test_a_picture_that_is_missing_is_named(tmp_path: Path):
    path = write(tmp_path / "cifar")
    data = VTAB_1K.load(TASK, path, "1k")
    (path / "images/test/000000.jpg").unlink()
    with pytest.raises(MetapriorError, match=r"cannot read .*images/test/000000\.jpg"):
        data.test.pictures[0]
