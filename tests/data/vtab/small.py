"""Every image set with a few examples in place of its own number, cut in the same way."""

import io

import numpy as np
import pytest
from PIL import Image

from metaprior.data.vtab import splits
from metaprior.data.vtab.splits import OWN, PARTS, Part

FEW = (4, 2)
TRAIN, OTHER = 20, 10
"""Examples of train, and of any other split."""


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "FEW", FEW)
    for name, stored in splits.STORED.items():
        few = {split: TRAIN if split == "train" else OTHER for split in stored}
        monkeypatch.setitem(splits.STORED, name, few)
        monkeypatch.setitem(PARTS, name, small_parts(name))


def small_parts(name: str) -> tuple[Part, Part, Part]:
    train, val, test = PARTS[name]
    if (train, val, test) == OWN:
        return OWN
    if name == "smallnorb":
        return Part("train"), Part("test", 0, 5), Part("test", 5)
    stop = 14 if test.split == "train" else None
    return Part("train", 0, 10), Part("train", 10, stop), Part("train", 14) if stop else test


def pixels(seed: int, height: int = 5, width: int = 7, channels: int = 3) -> np.ndarray:
    shape = (height, width, channels) if channels == 3 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def encoded(picture: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()
