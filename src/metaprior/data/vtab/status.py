"""What is there of each task below a folder, and what is to be fetched."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from metaprior.core import MetapriorError
from metaprior.data.catalogue_packs import PACKS
from metaprior.data.store import find
from metaprior.data.vtab.sources.choose import look
from metaprior.data.vtab.standins import DESK
from metaprior.data.vtab.task import Setting, Task


@dataclass(frozen=True)
class Status:
    """One task: whether it is ``present``, where and from which source, or what it ``lacks``.

    ``fetch``, ``bytes`` and ``licence`` are of the files that its makers publish.
    """

    task: str
    state: Literal["present", "partial", "missing"]
    source: str = ""
    path: Path | None = None
    lacks: str = ""
    fetch: str = ""
    bytes: int = 0
    licence: str = ""


def status(folder: Path, tasks: Iterable[Task], setting: Setting = "1k") -> list[Status]:
    """The state of each task; names and sizes of files are looked at, and no picture is read."""
    return [_of_stand_in(task) if task.name in DESK else _status(folder, task, setting) for task in tasks]


def _of_stand_in(task: Task) -> Status:
    """Rendered ones need nothing, the others a pack."""
    pack = PACKS.get(task.name.removeprefix("standin/"))
    if pack is None:
        return Status(task.name, "present", "rendered", licence="Apache-2.0")
    path = next(filter(None, map(find, pack.files)), None)
    about = {"fetch": task.fetch, "bytes": task.bytes, "licence": task.licence}
    return Status(task.name, "present" if path else "missing", "pack" if path else "", path, **about)


def _status(folder: Path, task: Task, setting: Setting) -> Status:
    def row(
        state: Literal["present", "partial", "missing"], source: str = "", path: Path | None = None, lacks: str = ""
    ):
        return Status(task.name, state, source, path, lacks, task.fetch, task.bytes, task.licence)

    try:
        source, found = look(task, folder, setting)
    except (MetapriorError, OSError) as error:
        return row("partial", lacks=str(error))
    if source is None or found is None:
        return row("missing")
    return row("partial" if found.lacks else "present", source.name, found.path, found.lacks)
