"""KITTI's split: by whole drives, a tenth each for validation and test."""

from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.kitti_split import kitti_split, read_kitti_split

DRIVES = 40


def texts(pictures: int = 400) -> tuple[str, str]:
    """A devkit's two files: pictures mixed over drives of different lengths."""
    generator = np.random.default_rng(0)
    drives = np.sort(generator.integers(0, DRIVES, pictures))
    mapping = "\n".join(f"2011_09_26 2011_09_26_drive_{drive:04d}_sync {i:010d}" for i, drive in enumerate(drives))
    return ",".join(map(str, generator.permutation(pictures) + 1)), mapping


def test_drives_are_whole_and_counts_are_tenths():
    order, mapping = texts()
    split = kitti_split(order, mapping)
    lines = [int(line) - 1 for line in order.split(",")]
    drives = {name: {mapping.splitlines()[lines[i]].split()[1] for i in its} for name, its in split.items()}
    assert sorted(i for its in split.values() for i in its) == list(range(400))
    assert len(drives["test"]) == len(drives["validation"]) == 4
    assert not drives["test"] & drives["validation"]
    assert not drives["train"] & (drives["test"] | drives["validation"])


def test_drives_are_drawn_by_the_legacy_generator():
    """The draws of ``numpy.random.seed(123)``, made here by its global functions."""
    order, mapping = texts()
    names = sorted({line.split()[1] for line in mapping.splitlines()})
    state = np.random.get_state()
    np.random.seed(123)
    test = set(np.random.choice(names, 4, replace=False))
    validation = set(np.random.choice(sorted(set(names) - test), 4, replace=False))
    np.random.set_state(state)
    split = kitti_split(order, mapping)
    lines = [int(line) - 1 for line in order.split(",")]
    for part, drawn in (("test", test), ("validation", validation)):
        assert {mapping.splitlines()[lines[i]].split()[1] for i in split[part]} == drawn


def test_files(tmp_path: Path):
    for name, text in zip(("train_rand.txt", "train_mapping.txt"), texts(), strict=True):
        (tmp_path / name).write_text(text + "\n")
    assert read_kitti_split(tmp_path) == kitti_split(*texts())
    (tmp_path / "train_mapping.txt").write_text("nothing")
    with pytest.raises(MetapriorError, match="are not those of KITTI's devkit"):
        read_kitti_split(tmp_path)
    (tmp_path / "train_mapping.txt").unlink()
    with pytest.raises(MetapriorError, match=r"train_mapping.txt is needed"):
        read_kitti_split(tmp_path)
