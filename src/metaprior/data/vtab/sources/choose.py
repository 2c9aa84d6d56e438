"""Which source a task is read from, and what to do where there is none."""

from pathlib import Path

from metaprior.data.vtab.sources.hub_parquet import HUB_PARQUET
from metaprior.data.vtab.sources.own import OWN
from metaprior.data.vtab.sources.prepared import PREPARED
from metaprior.data.vtab.sources.source import Found, Source
from metaprior.data.vtab.sources.tfds import TFDS
from metaprior.data.vtab.sources.vtab_1k import VTAB_1K
from metaprior.data.vtab.sources.webdataset import WEBDATASET
from metaprior.data.vtab.task import MissingTask, Setting, Task, TaskData

SOURCES: tuple[Source, ...] = (PREPARED, TFDS, OWN, HUB_PARQUET, VTAB_1K, WEBDATASET)
"""The layouts that are looked for below a folder, in this order."""


def choose(task: Task, folder: Path, setting: Setting) -> TaskData:
    """The task from the first source below ``folder`` that has all of it; an error that says what to fetch if none has.

    A source that has all of it and turns out to be damaged is an error too: another one is not taken in silence.
    """
    source, found = look(task, folder, setting)
    if source is None or found is None or found.lacks:
        raise MissingTask(f"{task.name} is not below {folder}: {advice(task, source, found)}")
    return source.load(task, found.path, setting)


def look(task: Task, folder: Path, setting: Setting) -> tuple[Source, Found] | tuple[None, None]:
    """The first source that has all of the task; else the first that has a part of it, with what that one lacks."""
    there = [(source, found) for source in SOURCES if (found := source.find(task, folder.expanduser(), setting))]
    whole = [each for each in there if not each[1].lacks]
    return next(iter([*whole, *there]), (None, None))


def advice(task: Task, source: Source | None, found: Found | None) -> str:
    """What is missing, and what to fetch: how large, under which licence."""
    part = f"{source.name} lacks {found.lacks}; " if source and found else ""
    size = f"{task.bytes / 1e9:,.1f} GB" if task.bytes >= 1e9 else f"{task.bytes / 1e6:,.0f} MB"
    return f"{part}fetch {task.fetch} ({size}; licence: {task.licence}), and see docs/vtab-data.md for where to put it"
