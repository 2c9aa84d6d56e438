"""Progress on standard error: a bar with time left and throughput on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from metaprior.core import Method
from metaprior.training.callbacks import Callback
from metaprior.training.options import Loop
from metaprior.training.run import Run


class ProgressBar(Callback):
    """Steps done, time left, examples per second and the terms of the loss."""

    def __init__(self, title: str, seconds: float = 15.0) -> None:
        self.title = title
        self.seconds = seconds
        self.terminal = sys.stderr.isatty()

    def begin(self, method: Method, loop: Loop, run: Run | None, step: int) -> None:
        self.loop, self.spoken, self.last = loop, time.monotonic(), ""
        columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
        self.bar = Progress(
            TextColumn("[bold]{task.description}"), *columns, TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
            console=Console(stderr=True), transient=False, disable=not self.terminal,
        )  # fmt: skip
        self.task = self.bar.add_task(self.title, total=loop.steps, completed=step, note="")
        self.bar.start()

    def stepped(self, method: Method, step: int) -> None:
        self.bar.update(self.task, completed=step)

    def logged(self, record: dict[str, Any]) -> None:
        terms = {name: value for name, value in record["terms"].items() if value is not None}
        last = [name.split("/")[-1] for name in terms]
        told = [
            short if last.count(short) == 1 else name.replace("/", " ") for name, short in zip(terms, last, strict=True)
        ]
        values = "  ".join(f"{name} {value:.4g}" for name, value in zip(told, terms.values(), strict=True))
        note = f"{record['examples_per_second']:.0f}/s  {values}"
        self.bar.update(self.task, note=note)
        if not self.terminal and (time.monotonic() - self.spoken > self.seconds or record["step"] == self.loop.steps):
            self.spoken = time.monotonic()
            print(f"{self.title}: step {record['step']}/{self.loop.steps}  {note}", file=sys.stderr, flush=True)

    def end(self, method: Method) -> None:
        self.bar.stop()


def print_warning(message: str) -> None:
    """One line on standard error."""
    print(f"metaprior: warning: {message}", file=sys.stderr, flush=True)
