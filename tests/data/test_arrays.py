"""Your own arrays: what each column may be, and what is said of one that may not."""

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import Dataset, load
from metaprior.data.contents import contents

SERIES = np.random.default_rng(0).normal(size=(10, 3, 16))


def read(tmp_path, split="all", options="", **held) -> Dataset:
    np.savez(tmp_path / "mine.npz", **held)
    data = load(f"arrays:path={tmp_path / 'mine.npz'}{options}", split)
    assert isinstance(data, Dataset)
    return data


def test_values_of_any_shape_keep_it(tmp_path):
    data = read(tmp_path, values=SERIES, labels=np.arange(10) % 3)
    assert data.spec.input_shape == (3, 16)
    assert data.classes == 3
    assert torch.equal(data.gather(torch.tensor([7, 2])).inputs, torch.tensor(SERIES[[7, 2]], dtype=torch.float32))


def test_images_are_bytes_grey_or_with_channels(tmp_path):
    grey, colour = np.full((4, 8, 8), 255, np.uint8), np.zeros((4, 3, 8, 8), np.uint8)
    assert read(tmp_path, images=grey).spec.image_shape == (1, 8, 8)
    assert read(tmp_path, images=grey).gather(torch.tensor([0])).inputs.max() == 1
    assert read(tmp_path, images=colour).spec.image_shape == (3, 8, 8)


def test_factors_have_names_and_as_many_values_as_are_counted_up_to(tmp_path):
    factors = np.array([[0, 2], [1, -1], [0, 0]])
    data = read(tmp_path, values=SERIES[:3], factors=factors, factor_names=np.array(["a", "b"]))
    assert (data.factor_names, data.factor_sizes) == (("a", "b"), (2, 3))
    assert read(tmp_path, values=SERIES[:3], factors=factors).factor_names == ("factor_0", "factor_1")


def test_splits_part_the_rows(tmp_path):
    parts = [read(tmp_path, split, ",test=0.3", values=SERIES, labels=np.arange(10)) for split in ("train", "test")]
    assert [len(part) for part in parts] == [7, 3]
    assert sorted(parts[0].labels.tolist() + parts[1].labels.tolist()) == list(range(10))  # pyright: ignore
    assert {part.classes for part in parts} == {10}  # a class means the same in both, though each lacks some
    assert contents(f"arrays:path={tmp_path / 'mine.npz'},test=0.3")["splits"] == {"train": 7, "test": 3}


@pytest.mark.parametrize(
    ("held", "fault"),
    [
        ({"values": SERIES, "label": np.arange(10)}, "unknown array of .*'label'; did you mean 'labels'"),
        ({"labels": np.arange(10)}, "either 'images' or 'values', and holds labels"),
        ({"values": SERIES, "labels": np.arange(9)}, "other numbers of rows: values 10, labels 9"),
        ({"values": SERIES[:, 0, 0]}, "'values' of .* must be finite numbers"),
        ({"values": np.where(SERIES > 2, np.nan, SERIES)}, "'values' of .* must be finite numbers"),
        ({"images": SERIES}, "'images' of .* must be uint8"),
        ({"values": SERIES, "labels": np.arange(10) / 2}, "'labels' of .* must be whole numbers"),
        ({"values": SERIES, "factors": np.zeros((10, 1), int) - 2}, "'factors' of .* must be whole numbers"),
        ({"values": np.array([{}, {}], dtype=object)}, "no archive of arrays of numbers"),
        ({"values": SERIES[:0]}, "other numbers of rows: values 0"),
        ({"values": SERIES[:, :0]}, "'values' of .* must be finite numbers"),
        (
            {"values": SERIES, "labels": np.arange(10) * 10**12},
            "'labels' of .* must be whole numbers from 0 to 1,048,576",
        ),
    ],
)
def test_what_is_no_column_is_one_line(held, fault, tmp_path):
    with pytest.raises(MetapriorError, match=fault):
        read(tmp_path, **held)


def test_a_file_that_is_none_is_an_error(tmp_path):
    (tmp_path / "mine.npz").write_text("not an archive")
    with pytest.raises(MetapriorError, match="no archive of arrays"):
        load(f"arrays:path={tmp_path / 'mine.npz'}")
    np.save(tmp_path / "one.npy", SERIES)
    with pytest.raises(MetapriorError, match="no archive of arrays"):
        load(f"arrays:path={tmp_path / 'one.npy'}")
    with pytest.raises(MetapriorError, match="there is no file"):
        load("arrays:path=nowhere.npz")
    with pytest.raises(MetapriorError, match=r"unknown split of .*'tset'"):
        read(tmp_path, "tset", values=SERIES)
