"""Tasks of a suite in several processes, or on several devices: they leave scores that are then read."""

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
from multiprocessing.queues import SimpleQueue

import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.suites import SUITES
from metaprior.data.vtab.task import MissingTask, Task
from metaprior.judge.vtab.encoder import Encoder
from metaprior.judge.vtab.suite import Told, check, judge_task
from metaprior.judge.vtab.way import Place, Way
from metaprior.training.parent import end_with_parent

GRACE = 3.0
"""Seconds after Ctrl-C that processes have to end their steps, since a terminal tells them too."""


def compute_scores(
    encoder: Encoder,
    suite: str,
    way: Way,
    place: Place,
    names: Sequence[str],
    devices: Sequence[str],
    told: Told | None = None,
) -> None:
    """Leave the scores of tasks in ``place.out``, computed by a process for each of ``devices``.

    Tasks of the same pictures go to the same process, which takes their features once. An error or Ctrl-C
    stops all, and what is done is kept; tasks whose data are missing are passed over.
    """
    if not encoder.known:
        raise MetapriorError(f"{encoder.name} is a plain function, whose scores are not kept: judge it in one process")
    check(encoder, suite, SUITES[suite], way, names)
    groups = by_pictures(SUITES[suite], names)
    portable = dataclasses.replace(encoder, net=encoder.net.cpu())
    threads = max(1, (os.cpu_count() or 1) // len(devices))
    context, others = multiprocessing.get_context("spawn"), multiprocessing.active_children()
    free = context.SimpleQueue()
    for device in devices:
        free.put(device)
    with ProcessPoolExecutor(len(devices), context, initializer=_begin, initargs=(portable, threads, free)) as pool:
        with _deaf():
            waiting = {pool.submit(_compute, suite, group, way, place): group for group in groups}
        done = 0
        try:
            for future in as_completed(waiting):
                future.result()
                done += len(waiting[future])
                if told is not None:
                    told(", ".join(waiting[future]), "scored", done, len(names))
        except BaseException:
            try:
                wait(waiting, GRACE)
            finally:
                for process in set(multiprocessing.active_children()).difference(others):
                    process.terminate()
            raise


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Processes begun meanwhile do not hear Ctrl-C, of which they would print a traceback, but where they train."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def by_pictures(tasks: Mapping[str, Task], names: Sequence[str]) -> list[list[str]]:
    """Names of tasks, those that share pictures together.

    >>> from metaprior.data.vtab.suites import SUITES
    >>> by_pictures(SUITES["vtab"], ["dtd", "clevr-count", "pets", "clevr-distance"])
    [['dtd'], ['clevr-count', 'clevr-distance'], ['pets']]
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(tasks[name].pictures, []).append(name)
    return list(found.values())


_encoder: Encoder | None = None
_device = "cpu"
"""The one that this process computes on, whichever tasks it is given."""
_stopped = False
"""Whether this process was told to end: the pool would have it begin what it was given last."""


def _begin(encoder: Encoder, threads: int, free: "SimpleQueue[str]") -> None:
    global _encoder, _device
    end_with_parent()
    _encoder, _device = encoder, free.get()
    torch.set_num_threads(threads)


def _compute(suite: str, names: Sequence[str], way: Way, place: Place) -> None:
    global _stopped
    assert _encoder is not None
    for name in names:
        if _stopped:
            raise KeyboardInterrupt
        try:
            judge_task(_encoder, SUITES[suite][name], way, dataclasses.replace(place, device=_device))
        except MissingTask:
            continue
        except KeyboardInterrupt:
            _stopped = True
            raise
