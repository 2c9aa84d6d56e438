"""``metaprior study``: thousands of trainings from one file."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from metaprior.commands.command import Json, as_json, place
from metaprior.core import MetapriorError

SPOKEN = 15.0
"""Seconds between two lines of progress where nobody watches a terminal."""


@dataclass(frozen=True)
class Study:
    """Train, judge and validate every model of a grid: on all cores, stopped and resumed at will.

    Examples:
      metaprior study few_labels --dry-run
      metaprior study few_labels --desk --out studies/desk
      metaprior study mine.yaml --workers 8 --shard 1/4
      metaprior study mine.yaml --retry
      metaprior report studies/desk
    """

    file: Annotated[str, tyro.conf.Positional, place("FILE")] = ""
    """A YAML file, or the name of a study that comes with the library."""
    out: Path | None = None
    """Where the study lies, or goes on; by default studies/NAME."""
    desk: Json = False
    """The smaller version of the study that its file gives for one machine."""
    dry_run: Json = False
    """Count the models and estimate what they cost, from a few timed steps; train nothing."""
    workers: int | None = None
    """Processes of one thread each; by default one a core, or one where cohorts are trained; 0: this process."""
    cohort: int = 1
    """Train up to so many models that differ in seed and strengths alone as one program; for GPUs, slower on CPUs."""
    shard: Annotated[str, tyro.conf.arg(metavar="I/N")] = "1/1"
    """Only every N-th training, beginning with the I-th: one part for each of N machines that share a disk."""
    retry: Json = False
    """Try again what failed before."""
    compact: Json = False
    """In the end gather the runs' small files into a few Parquet tables; weights and configs stay."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Carry out what is missing, or tell what it would cost."""
        from metaprior.study import read_study
        from metaprior.study.running import check_counts

        if not self.file:
            raise MetapriorError("say which study: metaprior study FILE, such as few_labels")
        study = read_study(self.file, self.desk)
        check_counts(self.processes, self.cohort)
        study.shard(*read_shard(self.shard))  # refuses one that there is not, before anything is timed too
        return tell_cost(study, self.quiet, self.json) if self.dry_run else self.carry_out(study)

    @property
    def processes(self) -> int:
        """How many processes train: by default one a core, or one where cohorts are trained."""
        usual = (os.cpu_count() or 1) if self.cohort == 1 else 1
        return usual if self.workers is None else self.workers

    def carry_out(self, study: Any) -> int:
        """Train, judge and validate what is missing."""
        from metaprior.study import compact, run_study

        folder = self.out or Path("studies") / study.name
        with shown(study.name, quiet=self.quiet) as report:
            progress = run_study(
                study, folder, workers=self.processes, cohort=self.cohort, shard=read_shard(self.shard),
                retry=self.retry, report=report,
            )  # fmt: skip
        if self.compact:
            compact(folder)
        if self.json:
            as_json(
                {
                    "folder": str(folder), "trainings": progress.total, "done": progress.before + progress.done,
                    "failed": progress.failed, "elsewhere": progress.elsewhere, "others": progress.others,
                }
            )  # fmt: skip
            return 1 if progress.failed else 0
        print(f"{folder}: {progress.before + progress.done:,} of {progress.total:,} trainings are done")
        for name, reason in list(progress.failed.items())[:20]:
            print(f"  {name} failed: {reason}")
        if len(progress.failed) > 20:
            print(f"  and {len(progress.failed) - 20} others")
        if progress.elsewhere:
            print(f"{progress.elsewhere:,} are still at another process; call again when that has ended.")
        if progress.failed:
            print("Try these again with --retry.")
        if progress.others:
            print(f"Beside these the folder holds {progress.others:,} that are not in the file; reports show them too.")
        print(f"To look at it: metaprior report {folder}")
        return 1 if progress.failed else 0


def read_shard(text: str) -> tuple[int, int]:
    """``2/8`` as its two numbers.

    >>> read_shard("2/8")
    (2, 8)
    """
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit()):
        raise MetapriorError(f"a shard is written I/N, such as 2/8, not '{text}'")
    return int(number), int(of)


def tell_cost(study: Any, quiet: bool, json: bool) -> int:
    """Print how many models a study has, and how many hours they take."""
    from metaprior.report.words import duration
    from metaprior.study import estimate

    cost = estimate(study, None if quiet else lambda line: print(f"metaprior: {line}", file=sys.stderr))
    if json:
        as_json(cost_as_json(study, cost))
        return 0
    table = Table("part", "points", "trainings", "time of a core", box=None, header_style="bold")
    for part, points in study.parts.items():
        table.add_row(part, f"{points:,}", f"{cost.trainings[part]:,}", duration(cost.hours[part] * 3600))
    table.add_row("all", f"{len(study.grid):,}", f"{len(study.tasks):,}", duration(cost.total * 3600), style="bold")
    Console().print(table)
    cores = os.cpu_count() or 1
    busy = min(cores, len(study.tasks))  # a training has one thread
    print(f"\nOn this machine's {cores} cores about {duration(cost.total * 3600 / busy)}.")
    for name in cost.missing:
        print(f"{name} is not here, so its trainings are taken to cost what the same recipes cost on other data.")
    return 0


def cost_as_json(study: Any, cost: Any) -> Mapping[str, Any]:
    """What ``--dry-run --json`` prints."""
    return {
        "study": study.name,
        "points": len(study.grid),
        "trainings": len(study.tasks),
        "core_hours": round(cost.total, 3),
        "parts": {
            part: {"points": points, "trainings": cost.trainings[part], "core_hours": round(cost.hours[part], 3)}
            for part, points in study.parts.items()
        },
        "missing": dict(cost.missing),
    }


@contextlib.contextmanager
def shown(title: str, quiet: bool) -> Iterator[Callable[[Any], None]]:
    """Progress over the whole study on standard error: a bar on a terminal, a line now and then elsewhere."""
    terminal = sys.stderr.isatty()
    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    spoken = time.monotonic()
    with Progress(
        TextColumn("[bold]{task.description}"), *columns, console=Console(stderr=True), disable=quiet or not terminal
    ) as bar:
        task = bar.add_task(title, total=None, note="")

        def report(progress: Any) -> None:
            nonlocal spoken
            passed, note = progress.total - progress.left, note_of(progress)
            bar.update(task, total=progress.total, completed=passed, note=note)
            if not (terminal or quiet) and (time.monotonic() - spoken > SPOKEN or not progress.left):
                spoken = time.monotonic()
                print(f"{title}: {passed}/{progress.total}  {note}", file=sys.stderr, flush=True)

        yield report


def note_of(progress: Any) -> str:
    """What stands beside the bar: time left, what failed."""
    from metaprior.report.words import duration

    parts = []
    if progress.seconds_left is not None and progress.left:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.failed:
        parts.append(f"{len(progress.failed)} failed")
    if progress.elsewhere:
        parts.append(f"{progress.elsewhere} trained by others")
    return ", ".join(parts)
