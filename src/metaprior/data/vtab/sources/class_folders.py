"""EuroSAT, Resisc45 and Caltech101: one folder of pictures a class."""

from collections.abc import Callable, Sequence
from pathlib import Path

from metaprior.core import MetapriorError
from metaprior.data.vtab.classes import CALTECH101 as CALTECH101_CLASSES
from metaprior.data.vtab.classes import EUROSAT as EUROSAT_CLASSES
from metaprior.data.vtab.classes import RESISC45 as RESISC45_CLASSES
from metaprior.data.vtab.encoded import content
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.sources.own_files import OwnFiles, named
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.task import Task

CALTECH_FOLDER, CALTECH_LIST = "101_ObjectCategories", "caltech101-train.txt"
"""The list names the 3,060 training pictures, as in ``accordion/image_0001.jpg``, one a line, in any order."""


def _files(path: Path, classes: Sequence[str]) -> list[tuple[int, Path]]:
    """Label and file of every picture."""
    return [
        (label, file)
        for label, name in enumerate(classes)
        for file in sorted((path / name).glob("*"))
        if file.suffix.lower() in (".jpg", ".jpeg")
    ]


def _open_undivided(classes: Sequence[str]) -> Callable[[Task, Path], Callable[[Part], Examples]]:
    """All pictures are one stored split, ``train``."""

    def open_set(task: Task, path: Path) -> Callable[[Part], Examples]:
        found = _files(path, classes)
        keys = [f"{classes[label]}_{file.name}" for label, file in found]
        return lambda part: named(task, part, keys, [file for _, file in found], [label for label, _ in found])

    return open_set


def _open_caltech(task: Task, path: Path) -> Callable[[Part], Examples]:
    """Train is what the list names, test is the rest.

    TFDS draws 30 pictures a class with a seed, but from names in the order that a file system lists them in, so that
    the draw cannot be made again: the list must come from someone's TFDS folder.
    """
    found = _files(path / CALTECH_FOLDER, CALTECH101_CLASSES)
    everything = {f"{CALTECH101_CLASSES[label]}/{file.name}": (label, file) for label, file in found}
    listed = content(path / CALTECH_LIST).decode(errors="replace").split()
    if unknown := [key for key in listed if key not in everything]:
        raise MetapriorError(f"{path / CALTECH_LIST} names {unknown[0]}, which is not in {path / CALTECH_FOLDER}")
    splits = {"train": listed, "test": [key for key in everything if key not in set(listed)]}

    def examples(part: Part) -> Examples:
        keys = splits[part.split]
        labels, files = zip(*(everything[key] for key in keys), strict=True)
        return named(task, part, keys, files, labels)

    return examples


EUROSAT = OwnFiles(
    tuple((name, EUROSAT_CLASSES) for name in ("eurosat/2750", "EuroSAT/2750", "2750")),
    _open_undivided(EUROSAT_CLASSES),
)
RESISC45 = OwnFiles(
    tuple((name, RESISC45_CLASSES) for name in ("NWPU-RESISC45", "resisc45/NWPU-RESISC45")),
    _open_undivided(RESISC45_CLASSES),
)
CALTECH101 = OwnFiles(
    tuple((name, (CALTECH_FOLDER, CALTECH_LIST)) for name in ("caltech101", "caltech-101")), _open_caltech
)
