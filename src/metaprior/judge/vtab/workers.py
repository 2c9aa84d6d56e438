"""Tasks of a suite in several processes, or on several devices: they leave scores that are then read."""

import dataclasses
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.suites import SUITES
from metaprior.data.vtab.task import MissingTask, Task
from metaprior.judge.vtab.encoder import Encoder
from metaprior.judge.vtab.suite import Place, Told, Way, check, judge_task


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

    Tasks of the same pictures go to the same process, which takes their features once. After an error nothing
    more is begun, and what is done is kept; tasks whose data are missing are passed over.
    """
    if not encoder.known:
        raise MetapriorError(f"{encoder.name} is a plain function, whose scores are not kept: judge it in one process")
    check(encoder, suite, SUITES[suite], way, names)
    groups = by_pictures(SUITES[suite], names)
    portable = dataclasses.replace(encoder, net=encoder.net.cpu())
    threads = max(1, (os.cpu_count() or 1) // len(devices))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(devices), context, initializer=_begin, initargs=(portable, threads)) as pool:
        waiting = {
            pool.submit(
                _compute, suite, group, way, dataclasses.replace(place, device=devices[i % len(devices)])
            ): group
            for i, group in enumerate(groups)
        }
        done = 0
        try:
            for future in as_completed(waiting):
                future.result()
                done += len(waiting[future])
                if told is not None:
                    told(", ".join(waiting[future]), "scored", done, len(names))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


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


def _begin(encoder: Encoder, threads: int) -> None:
    global _encoder
    _encoder = encoder
    torch.set_num_threads(threads)


def _compute(suite: str, names: Sequence[str], way: Way, place: Place) -> None:
    assert _encoder is not None
    for name in names:
        try:
            judge_task(_encoder, SUITES[suite][name], way, place)
        except MissingTask:
            continue
