"""What the commands of the benchmark share: where data lie, which tasks are meant, a bar that names the one at hand."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from metaprior.core import MetapriorError, unknown

if TYPE_CHECKING:
    from metaprior.data.vtab import Task
    from metaprior.judge.vtab import Told


def vtab_folder(given: Path | None) -> Path:
    """The folder that was given, or ``vtab`` below $METAPRIOR_DATA."""
    from metaprior.data.store import home

    if given is None:
        return home() / "vtab"
    folder = given.expanduser()
    if not folder.is_dir():
        raise MetapriorError(f"there is no folder {given} to read tasks from")
    return folder


def chosen_tasks(suite: str, names: Sequence[str]) -> "list[Task]":
    """The tasks of a suite by these names, all of them if there is none; an error for a wrong one."""
    from metaprior.data.vtab import SUITES

    tasks = SUITES[suite]
    for name in names:
        if name not in tasks:
            raise unknown(f"task of {suite}", name, tasks)
    refuse_twice("task", names)
    return [tasks[name] for name in names or tasks]


def refuse_twice(what: str, names: Sequence[str]) -> None:
    """An error for a name that is there more than once."""
    if twice := next((name for name in names if list(names).count(name) > 1), None):
        raise MetapriorError(f"{twice} is named twice; name each {what} once")


@contextmanager
def progress_of_tasks(title: str, quiet: bool, seconds: float = 15.0) -> "Iterator[Told]":
    """A bar on standard error where that is a terminal, a line now and then elsewhere."""
    terminal = sys.stderr.isatty()
    with Progress(console=Console(stderr=True), transient=True, disable=quiet or not terminal) as bar:
        line = bar.add_task(escape(title), total=None)
        spoken = time.monotonic()

        def told(task: str, what: str, done: int, of: int) -> None:
            nonlocal spoken
            bar.update(line, description=escape(f"{title}: {task}, {what}"), completed=done, total=of)
            if not quiet and not terminal and time.monotonic() - spoken >= seconds:
                spoken = time.monotonic()
                print(f"{title}: {task}, {what} {done:,}/{of:,}", file=sys.stderr, flush=True)

        yield told
