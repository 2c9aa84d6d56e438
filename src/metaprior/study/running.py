"""A study carried out: what is missing is handed to an executor, and what came of it is kept."""

import contextlib
import functools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from metaprior.core import MetapriorError
from metaprior.files import whole
from metaprior.study.cohorts import Cohort, cohorts_of
from metaprior.study.plan import Judging, Study, Task
from metaprior.study.results import known
from metaprior.study.runs import FAILURE
from metaprior.study.task import answers
from metaprior.study.workers import Outcomes, by_crew, here
from metaprior.training import Run

Report: TypeAlias = Callable[["Progress"], None]
Executor: TypeAlias = Callable[[Sequence[Cohort], Path, Judging], Outcomes]
"""What trains, judges and validates cohorts, wherever that is: given the folder of the runs, which it sees too, it
yields each task once with what became of it, in whatever order. :func:`metaprior.study.workers.fates` is all that a
process on another machine has to call; when the generator is closed, it must stop what it has under way."""


@dataclass
class Progress:
    """How far the tasks of a study are."""

    total: int
    before: int = 0
    """Done by an earlier call."""
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """What befell those that failed, by their ids; earlier failures that are not tried again are among them."""
    elsewhere: int = 0
    """Trained by another process just now."""
    others: int = 0
    """Trainings in the folder that are none of the study's: of an earlier version of it, or of another one."""
    begun: float = field(default_factory=time.monotonic)
    tried: int = 0

    @property
    def left(self) -> int:
        """How many are still to be tried."""
        return self.total - self.before - self.done - len(self.failed) - self.elsewhere

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first is through."""
        return (time.monotonic() - self.begun) / self.tried * self.left if self.tried else None


def run_study(
    study: Study,
    folder: Path,
    *,
    workers: int = 0,
    cohort: int = 1,
    executor: Executor | None = None,
    shard: tuple[int, int] = (1, 1),
    retry: bool = False,
    report: Report | None = None,
) -> Progress:
    """Carry out what is not done yet of a study's shard, by so many processes (0: in this one); what it came to.

    Up to ``cohort`` models that differ in seed and scalars alone are trained as one program, which is for GPUs. An
    ``executor`` carries everything out in another place, in the stead of ``workers``.

    A task that fails is recorded with its reason and not tried again unless ``retry`` says so; the others go on. A call
    that is stopped, by whatever signal, is taken up where it was by calling again: results that are there are kept, and
    trainings go on from their last checkpoint.
    """
    check_counts(workers, cohort)
    runs = folder / "runs"
    tasks = study.shard(*shard)
    runs.mkdir(parents=True, exist_ok=True)
    finished = known(folder)
    there = finished.keys() | {path.name for path in runs.iterdir() if path.is_dir()}
    progress = Progress(len(tasks), others=len(there - study.tasks.keys()))
    waiting: list[Task] = []
    for task in tasks.values():
        if task.id in finished and answers(finished[task.id], task, study.judging):
            progress.before += 1
        elif (reason := read_failure(runs / task.id)) and not retry:
            progress.failed[task.id] = reason
        else:
            if reason:
                Run(runs / task.id).forget_divergence()
            before = finished.get(task.id, {"labels": []})
            waiting.append(task.asked_too(before["labels"]))  # what was asked before is not forgotten
    told = report or (lambda _: None)
    told(progress)
    if executor is None:
        executor = functools.partial(by_crew, workers=workers) if workers else here
    open_ones = {task.id for task in waiting}
    outcomes = executor(cohorts_of(waiting, cohort), runs, study.judging)
    with contextlib.closing(outcomes):
        for task, (state, reason) in outcomes:
            if task.id not in open_ones:
                raise MetapriorError(f"the executor told of {task.id}, which it was not given or has told of before")
            open_ones.remove(task.id)
            if state == "full":
                raise MetapriorError(f"the study stopped: {reason}; what is done is kept, call again to go on")
            progress.tried += 1
            if state == "failed":
                progress.failed[task.id] = reason
                write_failure(runs / task.id, reason)
            progress.done += state == "done"
            progress.elsewhere += state == "elsewhere"
            told(progress)
    if open_ones:
        raise MetapriorError(f"the executor told nothing of {len(open_ones)} trainings, such as {min(open_ones)}")
    return progress


def check_counts(workers: int, cohort: int) -> None:
    """An error where no study can be carried out by so many processes, or in cohorts of so many models."""
    if workers < 0:
        raise MetapriorError(f"a study cannot have {workers} workers; 0 trains in this process")
    if cohort < 1:
        raise MetapriorError(f"a study cannot have cohorts of {cohort}; 1 trains each model alone")


def read_failure(folder: Path) -> str | None:
    """Why a task failed, where it did."""
    try:
        return json.loads((folder / FAILURE).read_text())["reason"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_failure(folder: Path, reason: str) -> None:
    """Keep why a task failed."""
    with whole(folder / FAILURE) as temporary:
        temporary.write_text(json.dumps({"reason": reason}) + "\n")
