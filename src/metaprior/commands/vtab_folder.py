"""What the commands of the benchmark share: where its data lie, and a bar that names the task at hand."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from metaprior.core import MetapriorError

if TYPE_CHECKING:
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
