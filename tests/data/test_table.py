"""A table of numbers: what is a vector, a label, a factor; which rows are in which split."""

import numpy as np
import pytest
import torch

from metaprior.core import DataSpec, MetapriorError
from metaprior.data import Dataset, load
from metaprior.data.contents import contents

ROWS = [(i * 0.5, 10 - i, "ab"[i % 2], 2 + i % 3, 7) for i in range(20)]
TEXT = "height,weight,kind,site,constant\n" + "\n".join(",".join(map(str, row)) for row in ROWS)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "t.csv").write_text(TEXT)
    return tmp_path / "t.csv"


def read(path, options="", split="train") -> Dataset:
    data = load(f"table:path={path},label=kind,factors=site{options}", split)
    assert isinstance(data, Dataset)
    return data


def test_columns_that_are_neither_label_nor_factor_are_the_vectors(path):
    data = read(path, ",scaled=false", "all")
    expected = torch.tensor([[row[0], row[1], row[4]] for row in ROWS], dtype=torch.float32)
    assert torch.equal(data.values, expected)  # pyright: ignore[reportArgumentType]
    assert data.labels.tolist() == [i % 2 for i in range(20)]  # pyright: ignore[reportOptionalMemberAccess]
    assert data.class_names == ("a", "b")
    assert data.factors[:, 0].tolist() == [i % 3 for i in range(20)]  # pyright: ignore[reportOptionalSubscript]
    assert data.factor_values == (("2", "3", "4"),)
    assert data.spec == DataSpec(
        value_shape=(3,), factor_sizes=(3,), factor_names=("site",), classes=2, examples=20
    )  # fmt: skip
    assert data.spec.input_shape == (3,)
    assert torch.equal(data.gather(torch.tensor([3])).inputs, expected[3:4])


def test_splits_part_the_rows_the_same_way_each_time(path):
    parts = [read(path, ",scaled=false", split).values[:, 0].tolist() for split in ("train", "test")]  # pyright: ignore
    assert [len(part) for part in parts] == [16, 4]
    assert sorted(parts[0] + parts[1]) == [row[0] for row in ROWS]
    assert parts[1] == read(path, ",scaled=false", "test").values[:, 0].tolist()  # pyright: ignore
    assert contents(f"table:path={path},label=kind,factors=site")["splits"] == {"train": 16, "test": 4}


def test_vectors_are_scaled_by_the_rows_that_train(path):
    train, test, plain = read(path).values, read(path, split="test").values, read(path, ",scaled=false").values
    assert torch.allclose(train.mean(dim=0), torch.zeros(3), atol=1e-6)  # pyright: ignore
    assert torch.allclose(train.std(dim=0, correction=0), torch.tensor([1.0, 1.0, 0.0]), atol=1e-6)  # pyright: ignore
    other = read(path, ",scaled=false", "test").values
    expected = (other - plain.mean(dim=0))[:, :2] / plain.std(dim=0, correction=0)[:2]  # pyright: ignore
    assert np.allclose(test[:, :2], expected, atol=1e-5)  # pyright: ignore


@pytest.mark.parametrize(
    ("text", "options", "fault"),
    [
        (TEXT, ",label=knid", "unknown column of .*'knid'; did you mean 'kind'"),
        (TEXT, "", "line 2: 'a' in the column 'kind' is no number"),
        (TEXT.replace("0.5,", "nan,"), ",label=kind", "line 3: 'nan' in the column 'height' is no number"),
        (TEXT, ",label=kind,factors=kind", "'kind' of .* is asked for twice"),
        (TEXT, ",label=kind,test=1", r"must lie in \[0, 1\), not 1"),
        ("kind\na\nb", ",label=kind", "no column left for the vectors"),
        ("a,b", "", "needs a first line of column names, and rows below it"),
    ],
)
def test_what_cannot_be_read_is_one_line(text, options, fault, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(MetapriorError, match=fault):
        load(f"table:path={tmp_path / 't.csv'}{options}")


def test_a_split_without_rows_is_an_error(path):
    with pytest.raises(MetapriorError, match="no row in its split 'test'"):
        read(path, ",test=0", "test")
    with pytest.raises(MetapriorError, match="there is no file"):
        load("table:path=nowhere.csv")
