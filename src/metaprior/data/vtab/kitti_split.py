"""KITTI's split by video, from the two mapping files of its development kit."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError

SEED = 123
PERCENT = 10
"""Of the videos, for each of validation and test."""
FILES = ("train_rand.txt", "train_mapping.txt")


def kitti_split(random_order: str, mapping: str) -> dict[str, list[int]]:
    """The numbers of the pictures in train, validation and test, from the texts of the two files.

    ``random_order`` holds, for each picture, the number of its line in ``mapping``, counted from 1; the second word of
    a line is the drive. A tenth of the drives in alphabetical order is drawn for test, then as many of the rest for
    validation, by NumPy's legacy generator with seed 123.

    Source: TFDS, kitti 3.1.0.
    """
    drives = [line.split(" ")[1] for line in mapping.splitlines()]
    pictures: dict[str, list[int]] = defaultdict(list)
    for picture, line in enumerate(random_order.split(",")):
        pictures[drives[int(line) - 1]].append(picture)
    count = max(1, PERCENT * len(pictures) // 100)
    generator = np.random.RandomState(SEED)
    test = {str(drive) for drive in generator.choice(sorted(pictures), count, replace=False)}
    validation = {str(drive) for drive in generator.choice(sorted(set(pictures) - test), count, replace=False)}
    split: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for drive, its in pictures.items():
        split["test" if drive in test else "validation" if drive in validation else "train"] += its
    return split


def read_kitti_split(folder: Path) -> dict[str, list[int]]:
    """The split by the two mapping files in a folder."""
    texts = []
    for name in FILES:
        try:
            texts.append((folder / name).read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise MetapriorError(f"{folder / name} is needed for KITTI's split by video: {error}") from error
    try:
        return kitti_split(*texts)
    except (ValueError, IndexError) as error:
        raise MetapriorError(f"{folder / FILES[0]} and {FILES[1]} are not those of KITTI's devkit: {error}") from error
