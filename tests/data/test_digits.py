"""scikit-learn's digits."""

import pytest
import torch
from sklearn.datasets import load_digits

from metaprior.core import DataSpec, MetapriorError
from metaprior.data import Dataset, load


def digits(text: str = "digits", split: str = "all") -> Dataset:
    data = load(text, split)
    assert isinstance(data, Dataset)
    return data


def test_counts() -> None:
    assert [len(digits(split=split)) for split in ("train", "test", "all")] == [1437, 360, 1797]
    assert digits().spec == DataSpec(image_shape=(1, 8, 8), classes=10, examples=len(digits()))
    assert digits().labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # pyright: ignore


def test_sixteen_grey_levels_become_255() -> None:
    pixels = torch.from_numpy(load_digits()["images"])  # pyright: ignore
    assert torch.equal(digits().images[:, 0], (pixels * 255 / 16).round().to(torch.uint8))  # pyright: ignore


def test_resized() -> None:
    assert digits("digits:size=32").spec.image_shape == (1, 32, 32)


def test_errors() -> None:
    with pytest.raises(MetapriorError, match="unknown split of digits 'tset'; did you mean 'test'"):
        load("digits", "tset")
    with pytest.raises(MetapriorError, match="8 to 256"):
        load("digits:size=4")
