"""Diabetic retinopathy from the files of the contest, prepared as ``btgraham-300`` when a picture is read."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode
from metaprior.data.vtab.encoded import content, pictures_of_encoded
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.retinopathy import btgraham
from metaprior.data.vtab.sources.own_files import OwnFiles, origin
from metaprior.data.vtab.splits import Part, ordered
from metaprior.data.vtab.task import Task

TABLES = {
    "train": ("trainLabels.csv", "train", None),
    "validation": ("retinopathy_solution.csv", "test", "Public"),
    "test": ("retinopathy_solution.csv", "test", "Private"),
}
"""The table of each split, the folder of its pictures, and which of the table's rows are its own."""


def _open(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        table, folder, usage = TABLES[part.split]
        rows = _rows(path / table, usage)
        names = [name for name, _ in rows]
        order = ordered(task.pictures, part, names)
        files = [path / folder / f"{names[i]}.jpeg" for i in order]
        pictures = pictures_of_encoded(
            origin(task),
            [names[i] for i in order],
            lambda i: btgraham(decode(content(files[i]), str(files[i]), channels=3)),
            lambda i: str(files[i]),
            files,
        )
        return Examples(pictures, np.array([label for _, label in rows], np.int64)[order], task.classes)

    return examples


def _rows(file: Path, usage: str | None) -> list[tuple[str, int]]:
    try:
        rows = csv.DictReader(content(file).decode("utf-8-sig").splitlines())
        return [(row["image"], int(row["level"])) for row in rows if usage is None or row["Usage"] == usage]
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise MetapriorError(f"{file} is not the contest's table of image, level and Usage: {error}") from error


_FILES = ("train", "test", "trainLabels.csv", "retinopathy_solution.csv")
RETINOPATHY = OwnFiles(
    tuple((name, _FILES) for name in ("retinopathy", "diabetic-retinopathy-detection")),
    _open,
    "pictures prepared here, not by TFDS: they differ by the rounding of another scaler, filter and JPEG coder",
)
