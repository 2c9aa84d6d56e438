"""A folder of pictures: labels by sub-folder, or a table beside them."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data import Dataset, World, contents, load, load_pictures


def picture(path: Path, value: int, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path)


def read(path: Path, options: str = "", split: str = "train") -> Dataset:
    data = load(f"folder:path={path}{options}", split)
    assert isinstance(data, Dataset)
    return data


def reds(data: Dataset) -> list[int]:
    assert data.images is not None
    return data.images[:, 0, 0, 0].tolist()


def test_classes_are_sub_folders_in_the_order_of_their_names(tmp_path: Path) -> None:
    for i, name in enumerate(["dog/1.png", "cat/2.png", "cat/1.PNG", "ape/x/1.png"]):
        picture(tmp_path / name, i)
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    data = read(tmp_path)
    assert data.class_names == ("ape", "cat", "dog")
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 1, 2]
    assert reds(data) == [3, 2, 1, 0]
    assert data.spec.image_shape == (3, 4, 6)


def test_a_label_means_the_same_in_every_split(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "b" / "1.png", 1)
    picture(tmp_path / "test" / "a" / "1.png", 2)
    assert read(tmp_path, split="train").labels.tolist() == [1]  # pyright: ignore
    assert read(tmp_path, split="test").labels.tolist() == [0]  # pyright: ignore
    with pytest.raises(MetapriorError, match="unknown split of the folder"):
        read(tmp_path, split="val")


def tables(root: Path, file: str, content: dict[str, str]) -> None:
    """A table in each split, of pictures 0.png, 1.png …"""
    for split, table in content.items():
        for i in range(table.count("\n")):
            picture(root / split / f"{i}.png", i)
        (root / split / file).write_text(table)


def test_a_cell_of_labels_means_the_same_in_every_split(tmp_path: Path) -> None:
    tables(
        tmp_path,
        "labels.csv",
        {"train": "file,label\n0.png,cat\n1.png,dog\n", "test": "file,label\n0.png,dog\n1.png,dog\n"},
    )
    train, test = read(tmp_path, split="train"), read(tmp_path, split="test")
    assert (train.labels.tolist(), train.class_names) == ([0, 1], ("cat", "dog"))  # pyright: ignore
    assert (test.labels.tolist(), test.class_names) == ([1, 1], ("cat", "dog"))  # pyright: ignore


def test_a_cell_of_factors_means_the_same_in_every_split(tmp_path: Path) -> None:
    """A value that one split alone has, or spells in another way, has its place in all of them."""
    train, test = "file,size,kind\n0.png,10,b\n1.png,2,c\n", "file,size,kind\n0.png,2.0,c\n1.png,5,\n2.png,,a\n"
    tables(tmp_path, "factors.csv", {"train": train, "val": train, "test": test})
    found = {split: read(tmp_path, split=split) for split in ("train", "val", "test")}
    assert found["train"].factors.tolist() == found["val"].factors.tolist() == [[2, 1], [0, 2]]  # pyright: ignore
    assert found["test"].factors.tolist() == [[0, 2], [1, -1], [-1, 0]]  # pyright: ignore
    for data in found.values():
        assert (data.factor_names, data.factor_sizes) == (("size", "kind"), (3, 3))
        assert data.factor_values == (("2", "5", "10"), ("a", "b", "c"))


def test_words_in_one_split_make_words_of_numbers_in_another(tmp_path: Path) -> None:
    tables(
        tmp_path,
        "labels.csv",
        {"train": "file,label\n0.png,10\n1.png,9\n", "test": "file,label\n0.png,9\n1.png,none\n"},
    )
    assert read(tmp_path, split="train").class_names == read(tmp_path, split="test").class_names == ("10", "9", "none")


def labels_of_split(root: Path, layout: str) -> None:
    """Two pictures of a cat and a dog, or of sizes 1 and 2, in the layout that is named."""
    folders = ("cat/", "dog/") if layout == "class folders" else ("", "")
    for i, folder in enumerate(folders):
        picture(root / f"{folder}{i}.png", i)
    if layout == "labels.csv":
        (root / layout).write_text("file,label\n0.png,cat\n1.png,dog\n")
    if layout == "factors.csv":
        (root / layout).write_text("file,size\n0.png,1\n1.png,2\n")


LAYOUTS = ("factors.csv", "labels.csv", "class folders")


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(("train", "test"), itertools.permutations(LAYOUTS, 2))
def test_splits_of_different_layouts_are_refused(tmp_path: Path, train: str, test: str, split: str) -> None:
    labels_of_split(tmp_path / "train", train)
    labels_of_split(tmp_path / "test", test)
    with pytest.raises(MetapriorError, match=rf"train has its labels by {train}, and .*test by {test}; give") as error:
        read(tmp_path, split=split)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("labelled", ["train", "test"])
def test_one_split_may_have_no_labels(tmp_path: Path, layout: str, labelled: str) -> None:
    other = "test" if labelled == "train" else "train"
    labels_of_split(tmp_path / labelled, layout)
    labels_of_split(tmp_path / other, "none")
    data, bare = read(tmp_path, split=labelled), read(tmp_path, split=other)
    assert ((data.factors if layout == "factors.csv" else data.labels) is not None, len(data)) == (True, 2)
    assert (bare.labels, bare.class_names, bare.factors, len(bare)) == (None, (), None, 2)


def test_pictures_beside_class_folders_are_refused(tmp_path: Path) -> None:
    labels_of_split(tmp_path, "class folders")
    picture(tmp_path / "2.png", 2)
    with pytest.raises(MetapriorError, match="has pictures both beside class folders and in them"):
        read(tmp_path)


@pytest.mark.parametrize("columns", ["kind,size", "size", "size,kind,hue"], ids=["other order", "one less", "one more"])
def test_tables_of_other_columns_are_refused(tmp_path: Path, columns: str) -> None:
    other = f"file,{columns}\n0.png,{','.join('1' * len(columns.split(',')))}\n"
    tables(tmp_path, "factors.csv", {"train": "file,size,kind\n0.png,1,1\n", "test": other})
    with pytest.raises(MetapriorError, match=r"test.factors\.csv has the columns file, .*the same order") as error:
        read(tmp_path, split="train")
    assert len(str(error.value).splitlines()) == 1


def test_pictures_without_labels(tmp_path: Path) -> None:
    picture(tmp_path / "b.png", 2, mode="L")
    picture(tmp_path / "a.png", 1, mode="L")
    data = read(tmp_path)
    assert data.labels is None
    assert reds(data) == [1, 2]
    assert data.spec.image_shape == (1, 4, 6)


def test_factors(tmp_path: Path) -> None:
    """Numbers are put in order of size, words in order of the alphabet; an empty cell is -1."""
    for i in range(3):
        picture(tmp_path / f"{i}.png", i)
    (tmp_path / "factors.csv").write_text("file,angle,shape\n2.png,10,round\n0.png,9,\n1.png,10,flat\n")
    data = read(tmp_path)
    assert data.factors is not None
    assert (data.factor_names, data.factor_sizes) == (("angle", "shape"), (2, 2))
    assert data.factors.tolist() == [[1, 1], [0, -1], [1, 0]]
    assert reds(data) == [2, 0, 1]


def test_labels(tmp_path: Path) -> None:
    for i in range(2):
        picture(tmp_path / f"{i}.png", i)
    (tmp_path / "labels.csv").write_text("file,label\n0.png,dog\n1.png,cat\n")
    data = read(tmp_path)
    assert data.class_names == ("cat", "dog")
    assert data.labels is not None
    assert data.labels.tolist() == [1, 0]


def test_several_sizes(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1, (6, 4))
    picture(tmp_path / "b.png", 2, (5, 5))
    with pytest.raises(MetapriorError, match=r"not all of one size \(1 of 6×4×3, 1 of 5×5×3"):
        read(tmp_path)
    assert read(tmp_path, ",size=4").spec.image_shape == (3, 4, 4)
    assert read(tmp_path, ",size=4,channels=1").spec.image_shape == (1, 4, 4)
    assert [tuple(p.shape) for p in load_pictures(f"folder:path={tmp_path}")] == [(3, 4, 6), (3, 5, 5)]


def test_the_middle_is_kept(tmp_path: Path) -> None:
    pixels = np.zeros((2, 6, 3), dtype=np.uint8)
    pixels[:, 2:4] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert torch.equal(read(tmp_path, ",size=2").images, torch.full((1, 3, 2, 2), 255, dtype=torch.uint8))  # pyright: ignore


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,a\n1.png,2\n", "names .*1.png, which is not there"),
        ("name,a\n0.png,2\n", "with 'file' among them"),
        ("file\n0.png\n", "a column for each factor"),
        ("file,a,b\n0.png,1,\n", "the column 'b' has no value in any row"),
        ("file,a\n0.png\n", "line 2 has more or fewer columns"),
        ("file,a\n0.png,1,2\n", "line 2 has more or fewer columns"),
        ("\nfile,a\n\n0.png,1,2\n", "line 4 has more or fewer columns"),
        ("file,a,\n0.png,1,\n", "has a column without a name"),
        ("file, ,a\n0.png,1,2\n", "has a column without a name"),
        ("file,a\n", "and rows below it"),
        ("", "with 'file' among them"),
    ],
)
def test_a_wrong_table(tmp_path: Path, table: str, message: str) -> None:
    picture(tmp_path / "0.png", 0)
    (tmp_path / "factors.csv").write_text(table)
    with pytest.raises(MetapriorError, match=message):
        read(tmp_path)


def test_a_corrupt_picture_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1)
    whole = (tmp_path / "a.png").read_bytes()
    for content in (whole[:40], b"no picture", b""):
        (tmp_path / "b.png").write_bytes(content)
        with pytest.raises(MetapriorError, match=r"b\.png is not a readable picture") as error:
            read(tmp_path)
        assert len(str(error.value).splitlines()) == 1
        assert "object at" not in str(error.value)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match="no pictures in"):
        read(tmp_path)
    with pytest.raises(MetapriorError, match="there is no folder"):
        read(tmp_path / "none")
    with pytest.raises(MetapriorError, match="needs path="):
        load("folder")


def test_a_table_that_says_a_thing_twice_is_refused(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "factors.csv").write_text("file,size,size\na.png,1,2\n")
    with pytest.raises(MetapriorError, match="two columns called 'size'"):
        load(f"folder:path={tmp_path}")
    (tmp_path / "factors.csv").write_text("file,size\na.png,1\na.png,2\n")
    with pytest.raises(MetapriorError, match=r"lists 'a\.png' twice"):
        load(f"folder:path={tmp_path}")


GRID = [("1", "a"), ("2", "b"), ("10", "a"), ("1", "b"), ("10", "b"), ("2", "a")]
"""Each of 3 × 2 combinations once, in no order; sizes are in order of number, kinds of the alphabet."""


def table_of(root: Path, rows: list[tuple[str, str]]) -> Path:
    """Pictures whose red is their row, and the table of their factors."""
    for i in range(len(rows)):
        picture(root / f"{i}.png", i)
    lines = [f"{i}.png,{size},{kind}" for i, (size, kind) in enumerate(rows)]
    (root / "factors.csv").write_text("\n".join(["file,size,kind", *lines]))
    return root


def test_a_complete_table_in_any_order_is_a_world(tmp_path: Path) -> None:
    world = load(f"folder:path={table_of(tmp_path, GRID)}")
    assert isinstance(world, World)
    assert (world.factor_names, world.factor_sizes) == (("size", "kind"), (3, 2))
    assert world.factor_values == (("1", "2", "10"), ("a", "b"))
    batch = world.gather(torch.arange(6))
    assert batch.factors.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]
    assert (batch.images[:, 0, 0, 0] * 255).round().tolist() == [0, 3, 5, 1, 2, 4]
    assert world.spec.image_shape == (3, 4, 6)
    assert len(load_pictures(f"folder:path={tmp_path}")) == 6
    found = contents(f"folder:path={tmp_path}")
    assert (found["splits"], found["examples"], found["hidden"]) == ({}, 6, 1)
    assert found["combinations"] == {"possible": 6, "present": 6, "repeated": 0}


@pytest.mark.parametrize(
    ("rows", "present", "repeated"),
    [
        (GRID[:-1], 5, 0),
        ([*GRID, GRID[0]], 6, 1),
        ([*GRID[:-1], GRID[0]], 5, 1),
        ([*GRID, *GRID[:2], *GRID[:2]], 6, 2),
        ([*GRID, ("", "a")], 6, 0),
        ([*GRID[:-1], ("2", "")], 5, 0),
    ],
    ids=[
        "one missing",
        "one twice",
        "one missing and one twice",
        "some often",
        "one unknown besides",
        "one unknown",
    ],
)
def test_other_tables_stay_rows_and_their_combinations_are_counted(
    tmp_path: Path, rows: list[tuple[str, str]], present: int, repeated: int
) -> None:
    data = read(table_of(tmp_path, rows))
    assert len(data) == len(rows)
    found = contents(f"folder:path={tmp_path}")
    assert found["splits"] == {"train": len(rows)}
    assert found["combinations"] == {"possible": 6, "present": present, "repeated": repeated}


def test_a_part_of_a_divided_folder_is_no_world(tmp_path: Path) -> None:
    for split in ("train", "test"):
        table_of(tmp_path / split, GRID)
    assert len(read(tmp_path, split="test")) == 6
