"""Cohorts of a study carried out on this machine, by this process or by processes of one thread each."""

import contextlib
import errno
import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from metaprior.core import MetapriorError, to_plain
from metaprior.study.cohorts import Cohort, train_together
from metaprior.study.plan import Judging, Task
from metaprior.study.task import run_task
from metaprior.training import Occupied
from metaprior.training.parent import end_with_parent
from metaprior.training.progress import print_warning

State: TypeAlias = Literal["done", "failed", "elsewhere", "stopped", "lost", "full"]
"""elsewhere: another process is at it; stopped: the worker was told to end; lost: it died with a whole cohort; full: so
is the disk."""
Fate: TypeAlias = tuple[State, str]
"""What became of a task, and the reason where it failed."""
Outcome: TypeAlias = tuple[Task, Fate]
Outcomes: TypeAlias = Generator[Outcome, None, None]


def here(waiting: Sequence[Cohort], runs: Path, judging: Judging) -> Outcomes:
    """Cohorts carried out one after the other in this process."""
    for cohort in waiting:
        yield from zip(cohort, attempt(cohort, runs, judging), strict=True)


def by_crew(waiting: Sequence[Cohort], runs: Path, judging: Judging, *, workers: int) -> Outcomes:
    """Cohorts carried out by processes; each task is told as it is done."""
    left = list(reversed(waiting))
    crew = [Worker(runs, judging) for _ in range(min(workers, len(left)))]
    try:
        give_out(left, crew)
        while busy := [worker for worker in crew if worker.cohort]:
            for worker in ready(busy):
                outcomes = worker.take()
                if again := tuple(task for task, (state, _) in outcomes if state in ("stopped", "lost")):
                    lost = outcomes[0][1][0] == "lost"  # one of them is to blame: each has a process to itself now
                    left.extend([(task,) for task in again] if lost else [again])
                else:
                    yield from outcomes
            give_out(left, crew)
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.end()


def give_out(left: list[Cohort], crew: Sequence["Worker"]) -> None:
    """A cohort to each worker that has none, while there are some."""
    for worker in crew:
        if left and not worker.cohort:
            worker.give(left.pop())


def processes() -> ForkServerContext:
    """Where processes come from: a server that has imported modules and done nothing else.

    Modules are imported once for all of them, and no thread's state is copied. (Torch's compiler is what a process
    imports with its first optimiser.)
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "torch._dynamo"])
    return context


class Worker:
    """A process that carries out one cohort after the other, and is replaced if it dies."""

    def __init__(self, runs: Path, judging: Judging) -> None:
        self.runs, self.judging = runs, judging
        self.cohort: Cohort = ()
        """What it is at, less the tasks that it has told the fate of."""
        self.hire()

    def hire(self) -> None:
        """Start the process, and tell it of the environment: that of the server may be older."""
        context = processes()
        self.pipe, theirs = context.Pipe()
        about = (theirs, self.runs, self.judging, dict(os.environ))
        self.process = context.Process(target=work, args=about, daemon=True)
        self.process.start()
        theirs.close()

    def give(self, cohort: Cohort) -> None:
        """Let it begin a cohort."""
        self.cohort = cohort
        with contextlib.suppress(OSError):  # it is dead already, as take() will find
            self.pipe.send([to_plain(task) for task in cohort])  # a recipe of the user's own file cannot be pickled

    def take(self) -> list[Outcome]:
        """The next task and what became of it; where the process has died, all that were left to it."""
        try:
            fate = self.pipe.recv()
        except (EOFError, OSError):
            lost, self.cohort = self.cohort, ()
            state, reason = self.replace()
            fate: Fate = ("lost", "") if state == "failed" and len(lost) > 1 else (state, reason)
            return [(task, fate) for task in lost]
        task, *rest = self.cohort
        self.cohort = tuple(rest)
        return [(task, fate)]

    def replace(self) -> Fate:
        """Hire another process for one that has ended; what that means for its tasks."""
        self.process.join()
        code = self.process.exitcode or 0
        self.hire()
        if code == 0:
            return "stopped", ""
        how = f"by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"with exit code {code}"
        memory = "; perhaps it ran out of memory" * (code == -signal.SIGKILL)
        return "failed", f"the process that trained it ended {how}{memory}"

    def stop(self) -> None:
        """Tell the process to end, in the middle of a task if need be, which goes on from its checkpoint later."""
        self.pipe.close()
        assert self.process.pid is not None
        if self.cohort:
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


def work(pipe: Connection, runs: Path, judging: Judging, environment: Mapping[str, str]) -> None:
    """What a worker does: cohorts from the pipe, until it is closed."""
    try:
        os.environ.clear()
        os.environ.update(environment)
        os.setpgrp()  # Ctrl-C goes to the parent alone, which passes it on once
        torch.set_num_threads(1)
        end_with_parent()
        while True:
            for fate in fates(pipe.recv(), runs, judging):
                pipe.send(fate)
    except (EOFError, OSError, KeyboardInterrupt):
        return


def attempt(cohort: Cohort, runs: Path, judging: Judging) -> Iterator[Fate]:
    """Carry a cohort out; what becomes of each task, in their order, as soon as it is known.

    Where its members cannot be trained together, each is trained alone.
    """
    diverged = {}
    if len(cohort) > 1:
        try:
            diverged = train_together(cohort, runs)
        except Exception as fault:
            if disk_is_full(fault):
                yield from [fate_of(fault)] * len(cohort)
                return
            print_warning(f"a cohort of {len(cohort)} is trained one by one: {fate_of(fault)[1]}")
    for task in cohort:
        if task.id in diverged:
            yield "failed", diverged[task.id]
            continue
        try:
            run_task(task, runs, judging)
        except Exception as fault:
            yield fate_of(fault)
        else:
            yield "done", ""


def fates(tasks: Sequence[Mapping[str, Any]], runs: Path, judging: Judging) -> Iterator[Fate]:
    """:func:`attempt` in another process, to which tasks cross as plain values: not every recipe can be pickled."""
    try:
        cohort = tuple(map(Task.from_plain, tasks))
    except Exception as fault:
        yield from [fate_of(fault)] * len(tasks)
        return
    yield from attempt(cohort, runs, judging)


def fate_of(fault: Exception) -> Fate:
    """What a fault means for the task, in one line."""
    if isinstance(fault, Occupied):
        return "elsewhere", ""
    line = " ".join(str(fault).split())
    if disk_is_full(fault):
        return "full", line
    return "failed", line if isinstance(fault, MetapriorError) else f"{type(fault).__name__}: {line}"


def disk_is_full(fault: BaseException | None) -> bool:
    """Whether a fault, or what caused it, is that there is no space: no model's fault, and every model's."""
    while fault is not None:
        if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        fault = fault.__cause__
    return False
