"""What a source is: a way to find a task below a folder, and to read it there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from metaprior.data.vtab.task import Setting, Task, TaskData


@dataclass(frozen=True)
class Found:
    """Where a source has a task, and what it ``lacks``: empty if the task can be read from it."""

    path: Path
    lacks: str = ""


@dataclass(frozen=True)
class Source:
    """A layout. ``find`` looks at names only, so that it is quick; ``load`` reads what was found."""

    name: str
    summary: str
    find: Callable[[Task, Path, Setting], Found | None]
    load: Callable[[Task, Path, Setting], TaskData]


def first_folder(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of these folders that is below ``folder``."""
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def needs(path: Path, names: Sequence[str]) -> Found | None:
    """What was found at ``path``, where each of ``names`` (or a file of that pattern) must be; None if none is."""
    absent = [name for name in names if next(path.glob(name), None) is None]
    if len(absent) == len(names):
        return None
    return Found(path, f"{', '.join(absent)} in {path}" if absent else "")
