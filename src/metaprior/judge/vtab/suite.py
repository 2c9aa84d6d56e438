"""A model on the tasks of a suite: each task's score is kept when it is there, so that a stopped run goes on."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from metaprior.core import MetapriorError, unknown
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.task import MissingTask, Task, TaskData
from metaprior.judge.features import Progress
from metaprior.judge.scores import Score
from metaprior.judge.vtab.adapted import Adapted
from metaprior.judge.vtab.cache import cached_features
from metaprior.judge.vtab.encoder import Encoder
from metaprior.judge.vtab.frozen import FROZEN, Features
from metaprior.judge.vtab.kept import described, identity, read_score, write_score
from metaprior.judge.vtab.recipes import FINE_TUNING
from metaprior.judge.vtab.scores import SuiteScores
from metaprior.judge.vtab.tuning import tune
from metaprior.judge.vtab.way import Place, Way
from metaprior.training import Loop

Told: TypeAlias = Callable[[str, str, int, int], None]
"""Called with a task's name, what is being done for it, how much of that is done, and of how much."""


def judge_suite(
    encoder: Encoder,
    suite: str,
    tasks: Mapping[str, Task],
    way: Way,
    place: Place,
    chosen: Sequence[str] = (),
    told: Told | None = None,
) -> SuiteScores:
    """The scores of an encoder on the tasks of a suite, or on the ``chosen`` ones.

    A task whose data are not there has no score, and the reason is told; but it is an error for one that was chosen by
    name. Scores that ``place.out`` holds already of the same encoder, way and data are not computed again.
    """
    check(encoder, suite, tasks, way, chosen)
    found: dict[str, Score] = {}
    missing: dict[str, str] = {}
    for name in chosen or tasks:
        try:
            found[name] = judge_task(encoder, tasks[name], way, place, told)
        except MissingTask as fault:
            if chosen:
                raise
            missing[name] = str(fault)
    if not found:
        raise MissingTask(
            f"the data of no task of {suite} are there, looked for below {place.data}; 'metaprior vtab --status' says "
            "what to fetch, and the rendered tasks of --suite vtab-desk need nothing"
        )
    return SuiteScores(encoder.name, suite, way.told(), tasks, found, missing, described(encoder, way))


def check(encoder: Encoder, suite: str, tasks: Mapping[str, Task], way: Way, names: Sequence[str]) -> None:
    """An error for a name that is no task of the suite, or an encoder that does not fit, before a picture is read."""
    for name in names:
        if name not in tasks:
            raise unknown(f"task of {suite}", name, tasks)
    encoder.width(way.preset)


def judge_task(encoder: Encoder, task: Task, way: Way, place: Place, told: Told | None = None) -> Score:
    """The score of one task: read where it was kept, else computed and kept."""

    def doing(what: str) -> Progress:
        return lambda done, of: told(task.name, what, done, of) if told else None

    data = task.load(place.data, way.setting)
    if data.test.classes != task.classes:
        raise MetapriorError(f"{task.name} has {task.classes} classes, and its examples have {data.test.classes}")
    look_at(data, doing("reading pictures"))
    asked = identity(encoder, data, way)
    file = place.out / "tasks" / f"{task.name.replace('/', '-')}.json"
    if (kept := read_score(file, asked)) is not None:
        return kept
    began = time.monotonic()
    adapted = [adapt(encoder, data, way, place, seed, doing) for seed in way.seeds]
    score = scored(task, data, way, adapted, time.monotonic() - began)
    if encoder.known:
        write_score(file, asked, score)
    return score


def adapt(
    encoder: Encoder, data: TaskData, way: Way, place: Place, seed: int, doing: Callable[[str], Progress]
) -> Adapted:
    """What one seed of the protocol gives on a task."""
    if way.protocol in FROZEN:
        return FROZEN[way.protocol](frozen_features(encoder, data, way, place, doing("features")), seed)
    told = json.dumps(identity(encoder, data, dataclasses.replace(way, seeds=(seed,))), sort_keys=True)
    digest = hashlib.blake2b(told.encode(), digest_size=4).hexdigest()
    folder = place.out / "training" / f"{data.name.replace('/', '-')}-{digest}" / f"seed-{seed}"
    loop = Loop(seed=seed, device=place.device, precision=way.precision)
    recipe = FINE_TUNING[way.protocol]
    return tune(encoder, data, way.preset, recipe, loop, folder if encoder.known else None, doing("steps of training"))


def frozen_features(
    encoder: Encoder, data: TaskData, way: Way, place: Place, progress: Progress | None = None
) -> Features:
    """Features and labels of what trains, selects and tests."""

    def of(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        taken = cached_features(
            encoder, way.preset, examples.pictures, place.features,
            device=place.device, bf16=way.precision == "bf16", batch=place.batch, progress=progress,
        )  # fmt: skip
        return taken, examples.labels

    return Features(of(data.train), of(data.val), of(data.test), place.device)


def scored(task: Task, data: TaskData, way: Way, adapted: Sequence[Adapted], seconds: float) -> Score:
    """The mean over seeds, with its standard error; of one seed the binomial one over test examples."""
    values = [each.value for each in adapted]
    several = len(values) > 1
    drawn = len(set(values)) > 1  # some protocols draw nothing, so that seeds say nothing of their error
    se = float(np.std(values, ddof=1) / len(values) ** 0.5) if drawn else adapted[0].se
    first = adapted[0]
    vals = [each.val for each in adapted if each.val is not None]
    details: dict[str, Any] = {
        "group": task.group,
        **({"val": float(np.mean(vals))} if vals else {}),
        "chosen": dict(first.chosen),
        **first.details,
        "majority": majority(data),
        "source": data.source,
        "seconds": round(seconds, 1),
    }
    if several:
        details |= {"seeds": list(way.seeds), "values": values, "median": float(np.median(values))}
    if data.caveat:
        details["caveat"] = data.caveat
    told = way.told(len(data.train), len(data.val), len(data.trainval))
    return Score(float(np.mean(values)), len(data.test), way.seeds[0], told, se=se, details=details)


def look_at(data: TaskData, progress: Progress) -> None:
    """Find the fingerprint of every picture, by which it is known again; stand-ins are rendered for that."""
    parts = [examples.pictures for examples in (data.train, data.val, data.test)]
    done, of = 0, sum(map(len, parts))
    for pictures in parts:
        for place in range(len(pictures)):
            pictures.fingerprint(place)
            done += 1
            progress(done, of)


def majority(data: TaskData) -> float:
    """What always naming the commonest class of the training examples scores: the floor of any score."""
    commonest = int(np.bincount(data.trainval.labels).argmax())
    return round(float((data.test.labels == commonest).mean()), 6)
