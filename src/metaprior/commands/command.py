"""What all commands share: how an option is shown, how an answer is printed, what stands below the options."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import tyro
from rich.console import Console
from rich.progress import Progress

Json = Annotated[bool, tyro.conf.arg(metavar="")]
"""A switch: written bare."""


def place(metavar: str) -> Any:
    """An argument that is known by its place, shown under this name."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


class Command(Protocol):
    """Options that can be carried out; returns the exit code."""

    def run(self) -> int: ...


def as_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(value, indent=1, allow_nan=False))


def below_options(kind: type) -> str:
    """What ``--help`` says below the options: notes where the command has any, its examples, what every command takes.

    The option parser runs the lines of a docstring together, so examples are printed here as they are written.
    """
    _, _, examples = (kind.__doc__ or "").partition("Examples:\n")
    parts = [
        getattr(kind, "notes", str)(),
        "Examples:\n" + "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines()),
        "--json prints one object on standard output, --debug a traceback where something goes wrong.",
    ]
    return "\n\n".join(filter(None, parts))


def run_folders(given: Sequence[Path]) -> tuple[Path, ...]:
    """What may be run folders: of several, plain files are passed over, which a pattern such as runs/us/* takes in.

    >>> [str(path) for path in run_folders([Path("runs/a"), Path(__file__)])]
    ['runs/a']
    """
    return tuple(path for path in given if len(given) == 1 or not path.is_file())


@contextlib.contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; the value is a function of (done, of)."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
