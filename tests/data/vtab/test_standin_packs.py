"""Stand-ins made of packs: one written here, and the real ones where they are."""

import io
from pathlib import Path

import duckdb
import numpy as np
import pytest
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data.packs import Pack
from metaprior.data.vtab.order import stored_order_of_numbers
from metaprior.data.vtab.standin_packs import balanced, load_rows
from metaprior.data.vtab.standins import DESK
from metaprior.data.vtab.task import MissingTask


def encoded(value: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (5, 4), value).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    """100 rows that train and 40 that test; the grey of each picture is its row, its label the last digit."""
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    rows = [(encoded(i), i % 10, "train") for i in range(100)] + [(encoded(i), i % 10, "test") for i in range(40)]
    write(tmp_path / "small.parquet", rows)
    return Pack("small", "small.parquet", "nowhere", caveat="made up")


def write(path: Path, rows: list[tuple[bytes, int, str]]) -> None:
    with duckdb.connect() as base:
        base.execute("create table t (image blob, label int, split varchar)")
        base.executemany("insert into t values (?, ?, ?)", rows)
        base.execute(f"copy t to '{path}' (format parquet)")


def test_the_first_nine_tenths_in_stored_order_train_and_the_rest_selects(pack: Pack) -> None:
    data = load_rows(pack, "standin/small", 10, "full")
    order = stored_order_of_numbers(100, "train")
    assert list(data.train.pictures.keys) == [f"train/{row}" for row in order[:90]]
    assert list(data.val.pictures.keys) == [f"train/{row}" for row in order[90:]]
    assert sorted(data.test.pictures.keys) == sorted(f"test/{row}" for row in range(40))


def test_pictures_and_labels_are_those_of_their_rows(pack: Pack) -> None:
    data = load_rows(pack, "standin/small", 10, "full")
    for examples in (data.train, data.val, data.test):
        rows = [int(key.split("/")[1]) for key in examples.pictures.keys]
        assert [int(examples.pictures[i].max()) for i in range(len(examples))] == rows
        assert examples.labels.tolist() == [row % 10 for row in rows]
    assert data.train.pictures[0].shape == (1, 4, 5)
    assert data.caveat.endswith("made up; trained on 90, selected on 10, tested on 40 of 40")


def test_a_pack_with_a_split_that_selects_keeps_it(pack: Pack, tmp_path: Path) -> None:
    rows = [(encoded(i), 0, split) for i, split in enumerate(["train"] * 6 + ["val"] * 3 + ["test"] * 2)]
    write(tmp_path / "small.parquet", rows)
    data = load_rows(pack, "standin/small", 1, "1k")
    assert (len(data.train), len(data.val), len(data.test)) == (6, 3, 2)
    assert all(key.startswith("val/") for key in data.val.pictures.keys)


def test_a_picture_that_cannot_be_read_is_named(pack: Pack, tmp_path: Path) -> None:
    rows = [(encoded(1), 0, "train")] * 10 + [(b"no picture", 0, "test")]
    write(tmp_path / "small.parquet", rows)
    data = load_rows(pack, "standin/small", 1, "full")
    with pytest.raises(MetapriorError, match="picture 0 of small, split test, is not a readable picture"):
        data.test.pictures[0]


def test_balanced_rows_have_as_many_of_each_class_as_they_can() -> None:
    labels = np.repeat([0, 1, 2, 3], [50, 5, 50, 50])
    counts = np.bincount(labels[balanced(labels, 50)])
    assert counts.tolist() == [15, 5, 15, 15]
    assert sorted(balanced(labels, 1000)) == list(range(155))


def test_a_missing_pack_says_what_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metaprior.data.store.home", lambda: tmp_path)
    monkeypatch.setattr("metaprior.data.vtab.standin_packs.find", lambda file: None)
    with pytest.raises(MissingTask, match=r"'mnist' is not on this machine; put mnist\.parquet under \$METAPRIOR_DATA"):
        DESK["standin/mnist"].load(tmp_path, "1k")


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("cifar10-jpeg", (800, 200, 1000)),
        ("caltech101-64", (800, 198, 990)),
        ("dtd10-96", (600, 200, 400)),
        ("mnist", (800, 200, 1000)),
        ("fashion-mnist", (800, 200, 1000)),
        ("eurosat", (800, 200, 1000)),
    ],
)
def test_real_packs(packs: Path, tmp_path: Path, name: str, sizes: tuple[int, int, int]) -> None:
    """As many as said; no picture twice; every class trains, and tests as often as any other."""
    task = DESK[f"standin/{name}"]
    data = task.load(tmp_path, "1k")
    assert (len(data.train), len(data.val), len(data.test)) == sizes
    keys = [*data.train.pictures.keys, *data.val.pictures.keys, *data.test.pictures.keys]
    assert len(set(keys)) == len(keys)
    assert set(data.train.labels) == set(range(task.classes))
    assert np.bincount(data.test.labels).tolist() == [len(data.test) // task.classes] * task.classes
    assert data.test.pictures[0].shape[0] in (1, 3)


def test_real_packs_in_full_have_the_sizes_of_the_table(packs: Path, tmp_path: Path) -> None:
    for name in ("cifar10-jpeg", "caltech101-64", "dtd10-96", "eurosat"):
        task = DESK[f"standin/{name}"]
        data = task.load(tmp_path, "full")
        assert (len(data.train), len(data.val), len(data.test)) == task.sizes


def test_rows_are_in_the_order_of_tfds(packs: Path, tmp_path: Path) -> None:
    """As published of CIFAR's 50,000."""
    data = DESK["standin/cifar10-jpeg"].load(tmp_path, "1k")
    assert list(data.train.pictures.keys[:4]) == ["train/16399", "train/1680", "train/47917", "train/17307"]
