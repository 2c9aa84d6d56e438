"""DTD and Oxford-IIIT Pet: picture files, and text files that list those of each split."""

from collections.abc import Callable
from pathlib import Path

from metaprior.core import MetapriorError
from metaprior.data.vtab.classes import DTD as DTD_CLASSES
from metaprior.data.vtab.encoded import content
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.sources.own_files import OwnFiles, named
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.task import Task

FOLD = {"train": "train1.txt", "validation": "val1.txt", "test": "test1.txt"}
PETS_LISTS = {"train": "trainval.txt", "test": "test.txt"}


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in content(file).decode().splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise MetapriorError(f"{file} is not a text: {error}; fetch it again") from error


def _open_dtd(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        file = path / "labels" / FOLD[part.split]
        names = _lines(file)
        try:
            labels = [DTD_CLASSES.index(name.split("/")[0]) for name in names]
        except ValueError as error:
            raise MetapriorError(f"{file} names a texture that DTD does not have: {error}") from error
        return named(task, part, names, [path / "images" / name for name in names], labels)

    return examples


def _open_pets(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        file = path / "annotations" / PETS_LISTS[part.split]
        rows = [line.split() for line in _lines(file)]
        try:
            names, labels = [f"{name}.jpg" for name, *_ in rows], [int(row[1]) - 1 for row in rows]
        except (IndexError, ValueError) as error:
            raise MetapriorError(f"{file} is not a list of name, class, species and breed: {error}") from error
        return named(task, part, names, [path / "images" / name for name in names], labels)

    return examples


_DTD = ("images", *(f"labels/{name}" for name in FOLD.values()))
DTD = OwnFiles((("dtd/dtd", _DTD), ("dtd", _DTD)), _open_dtd)

_PETS = ("images", *(f"annotations/{name}" for name in PETS_LISTS.values()))
PETS = OwnFiles((("oxford-iiit-pet", _PETS), ("pets", _PETS)), _open_pets)
