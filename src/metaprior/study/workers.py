"""Tasks carried out on this machine, by processes of one thread each."""

import contextlib
import errno
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from metaprior.core import MetapriorError, to_plain
from metaprior.files import whole
from metaprior.study.plan import Judging, Study, Task
from metaprior.study.results import known
from metaprior.study.task import FAILURE, answers, run_task
from metaprior.training import Occupied

State: TypeAlias = Literal["done", "failed", "elsewhere", "stopped", "full"]
"""elsewhere: another process is at it; stopped: the worker was told to end; full: the disk is."""
Outcome: TypeAlias = tuple[Task, tuple[State, str]]
"""A task, what became of it, and the reason where it failed."""
Outcomes: TypeAlias = Generator[Outcome, None, None]
Report: TypeAlias = Callable[["Progress"], None]


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
    shard: tuple[int, int] = (1, 1),
    retry: bool = False,
    report: Report | None = None,
) -> Progress:
    """Carry out what is not done yet of a study's shard, by so many processes (0: in this one); what it came to.

    A task that fails is recorded with its reason and not tried again unless ``retry`` says so; the others go on. A call
    that is stopped, by whatever signal, is taken up where it was by calling again: results that are there are kept, and
    trainings go on from their last checkpoint.
    """
    if workers < 0:
        raise MetapriorError(f"a study cannot have {workers} workers; 0 trains in this process")
    runs = folder / "runs"
    tasks = study.shard(*shard)
    runs.mkdir(parents=True, exist_ok=True)
    progress = Progress(len(tasks))
    waiting: list[Task] = []
    finished = known(folder)
    for task in tasks.values():
        if task.id in finished and answers(finished[task.id], task, study.judging):
            progress.before += 1
        elif (reason := read_failure(runs / task.id)) and not retry:
            progress.failed[task.id] = reason
        else:
            before = finished.get(task.id, {"labels": []})
            waiting.append(task.asked_too(before["labels"]))  # what was asked before is not forgotten
    told = report or (lambda _: None)
    told(progress)
    outcomes = by_crew(waiting, workers, runs, study.judging) if workers else here(waiting, runs, study.judging)
    with contextlib.closing(outcomes):
        for task, (state, reason) in outcomes:
            if state == "full":
                raise MetapriorError(f"the study stopped: {reason}; what is done is kept, call again to go on")
            progress.tried += 1
            if state == "failed":
                progress.failed[task.id] = reason
                write_failure(runs / task.id, reason)
            progress.done += state == "done"
            progress.elsewhere += state == "elsewhere"
            told(progress)
    return progress


def here(waiting: Sequence[Task], runs: Path, judging: Judging) -> Outcomes:
    """Tasks carried out one after the other in this process."""
    for task in waiting:
        yield task, attempt(task, runs, judging)


def by_crew(waiting: Sequence[Task], workers: int, runs: Path, judging: Judging) -> Outcomes:
    """Tasks carried out by processes, as they are done."""
    left = list(reversed(waiting))
    crew = [Worker(runs, judging) for _ in range(min(workers, len(left)))]
    try:
        for worker in crew:
            worker.give(left.pop())
        while busy := [worker for worker in crew if worker.task]:
            for worker in ready(busy):
                task, (state, reason) = worker.take()
                if state == "stopped":
                    left.append(task)
                else:
                    yield task, (state, reason)
                if left:
                    worker.give(left.pop())
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.end()


class Worker:
    """A process that carries out one task after the other, and is replaced if it dies."""

    def __init__(self, runs: Path, judging: Judging) -> None:
        self.runs, self.judging = runs, judging
        self.task: Task | None = None
        self.hire()

    def hire(self) -> None:
        """Start the process; modules are imported anew, so that no thread's state is copied."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, self.runs, self.judging), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, task: Task) -> None:
        """Let it begin a task."""
        self.task = task
        with contextlib.suppress(OSError):  # it is dead already, as take() will find
            self.pipe.send(to_plain(task))  # a recipe of the user's own file cannot be pickled

    def take(self) -> Outcome:
        """The task and what became of it."""
        assert self.task is not None
        task, self.task = self.task, None
        try:
            return task, self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
            self.hire()
            if code == 0:
                return task, ("stopped", "")
            how = f"by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"with exit code {code}"
            memory = "; perhaps it ran out of memory" * (code == -signal.SIGKILL)
            return task, ("failed", f"the process that trained it ended {how}{memory}")

    def stop(self) -> None:
        """Tell the process to end, in the middle of a task if need be, which goes on from its checkpoint later."""
        self.pipe.close()
        assert self.process.pid is not None
        if self.task:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        """Wait for its end, a minute at most."""
        self.process.join(timeout=60)
        self.process.kill()


def ready(busy: list[Worker]) -> list[Worker]:
    """The workers that have something to tell, or have died."""
    found = wait([worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy])
    return [worker for worker in busy if worker.pipe in found or worker.process.sentinel in found]


def work(pipe: Connection, runs: Path, judging: Judging) -> None:
    """What a worker does: tasks from the pipe, until it is closed."""
    try:
        os.setpgrp()  # Ctrl-C goes to the parent alone, which passes it on once
        torch.set_num_threads(1)
        end_with_parent()
        while True:
            pipe.send(attempt(Task.from_plain(pipe.recv()), runs, judging))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def attempt(task: Task, runs: Path, judging: Judging) -> tuple[State, str]:
    """Carry a task out; a fault becomes one line."""
    try:
        run_task(task, runs, judging)
    except Occupied:
        return "elsewhere", ""
    except Exception as fault:
        if disk_is_full(fault):
            return "full", " ".join(str(fault).split())
        kind = "" if isinstance(fault, MetapriorError) else f"{type(fault).__name__}: "
        return "failed", kind + " ".join(str(fault).split())
    return "done", ""


def disk_is_full(fault: BaseException | None) -> bool:
    """Whether a fault, or what caused it, is that there is no space: no model's fault, and every model's."""
    while fault is not None:
        if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        fault = fault.__cause__
    return False


def end_with_parent() -> None:
    """End this process when its parent is gone, even by SIGKILL, so that nobody trains what another call begins."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
