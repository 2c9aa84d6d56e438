"""What a study will cost: a few steps and one judgement of each kind of training are timed, and multiplied."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

import numpy as np
import torch

from metaprior.core import MetapriorError, to_plain
from metaprior.data import Dataset, World, load_unseen
from metaprior.data import load as load_data
from metaprior.judge import features, judge, rate_distortion
from metaprior.judge.explained import explained
from metaprior.study.experiment import build_method, build_sources, data_spec
from metaprior.study.plan import Judging, Study, Task
from metaprior.study.selection import Labels
from metaprior.study.task import IMAGES, SAMPLES, data_of, labels_of, validation_of
from metaprior.training import fit

WARM, TIMED = 3, 1.0
"""Steps before the clock runs, and seconds that are timed."""
PICTURES = 512
"""Pictures that are encoded to time encoding."""
FEW = 20
"""Pictures whose likelihood is bounded to time the protocol rd."""

Kind = tuple[str, str, str]
"""Recipe, data, and all choices of the method that are no numbers: what the time of a step depends on."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one thread for one training and for judging it."""

    training: float
    judging: float


@dataclass(frozen=True)
class Estimate:
    """The cost of a study."""

    hours: Mapping[str, float]
    """Hours of one thread by the part of the grid whose points the trainings serve first."""
    trainings: Mapping[str, int]
    """Trainings by part."""
    costs: Mapping[Kind, Cost | None]
    """What was timed; None where the data are not here."""
    missing: Mapping[str, str]
    """Data that are not here, with the reason: their trainings are taken to cost what their recipes cost on others."""

    @property
    def total(self) -> float:
        """Hours of one thread."""
        return sum(self.hours.values())


def estimate(study: Study, report: Callable[[str], None] | None = None) -> Estimate:
    """Time each kind of training for a second, and one judgement of each data set."""
    by_kind: dict[Kind, Task] = {}
    for task in study.tasks.values():
        by_kind.setdefault(kind_of(task), task)
    costs: dict[Kind, Cost | None] = {}
    missing: dict[str, str] = {}
    judged: dict[str, float] = {}
    for kind, task in by_kind.items():
        name = task.experiment.data
        if name in missing:
            costs[kind] = None
            continue
        try:
            data = data_of(name)
        except MetapriorError as fault:
            missing[name] = str(fault)
            costs[kind] = None
            continue
        if report is not None:
            report(f"timing {task.experiment.recipe} on {name}")
        method, seconds = seconds_of_a_step(task, data)
        if name not in judged:
            judged[name] = seconds_of_judging(method, data, study.judging)
        counts = {labels.count for labels in task.labels}
        validating = {count: seconds_of_validating(method, name, count, study.judging) for count in counts}
        judging = judged[name] + sum(validating[labels.count] for labels in task.labels)
        if study.judging.rate_distortion:
            judging += seconds_of_rates(method, name)
        costs[kind] = Cost(seconds * task.experiment.loop.steps, judging)
    return Estimate(*summed(study, costs), costs, missing)


def kind_of(task: Task) -> Kind:
    """What the time of a step depends on."""
    choices = {name: value for name, value in to_plain(task.experiment.method).items() if not isinstance(value, float)}
    choices.pop("supervision", None)
    return task.experiment.recipe, task.experiment.data, json.dumps(choices | {"steps": task.experiment.loop.steps})


def seconds_of_a_step(task: Task, data: Dataset | World) -> tuple[object, float]:
    """A method that has been trained for a few steps, and the seconds of one."""
    sources = build_sources(task.experiment, data)
    method = build_method(task.experiment.method, data_spec(data, sources), 0)
    loop = replace(task.experiment.loop, threads=1)
    warm = fit(method, sources, replace(loop, steps=WARM)).seconds / WARM
    steps = max(WARM, round(TIMED / max(warm, 1e-4)))
    return method, fit(method, sources, replace(loop, steps=steps)).seconds / steps


def seconds_of_judging(model: object, data: Dataset | World, judging: Judging) -> float:
    """Seconds to encode the data and to compute the metrics, of each representation."""
    rows = torch.arange(min(PICTURES, len(data)))
    begun = time.perf_counter()
    width = features(model, data, rows).shape[1]  # pyright: ignore[reportArgumentType]
    encoding = (time.perf_counter() - begun) / len(rows) * len(data)
    begun = time.perf_counter()
    table = np.random.default_rng(0).normal(size=(len(data), width)).astype(np.float32)
    for metrics in judging.by_representation.values() if data.factor_sizes else ():
        judge(table, data, metrics=metrics, settings=judging.settings())
    return encoding * len(judging.by_representation) + time.perf_counter() - begun


def seconds_of_rates(model: Any, name: str) -> float:
    """Seconds of the protocol rd: few images' bound on the likelihood is timed, and multiplied."""
    data, split = load_unseen(name)
    train = None if split == "train" else load_data(name)
    begun = time.perf_counter()
    rate_distortion(model, data, train, images=FEW, samples=SAMPLES)
    whole = time.perf_counter() - begun
    begun = time.perf_counter()
    explained(model, data, torch.arange(min(FEW, len(data))), SAMPLES)
    return whole + (time.perf_counter() - begun) * (min(IMAGES, len(data)) / FEW - 1)


def seconds_of_validating(model: object, data: str, count: int, judging: Judging) -> float:
    """Seconds to validate a model on a labelled set of so many examples."""
    labels = Labels(count)
    labels_of(data, labels)
    begun = time.perf_counter()
    list(validation_of(model, data, labels, judging))
    return time.perf_counter() - begun


def summed(study: Study, costs: Mapping[Kind, Cost | None]) -> tuple[dict[str, float], dict[str, int]]:
    """Hours and trainings by the part of the grid."""
    known = {kind: cost for kind, cost in costs.items() if cost is not None}

    def usual(kind: Kind) -> Cost:
        alike = [cost for other, cost in known.items() if other[0] == kind[0]] or list(known.values())
        return Cost(mean(c.training for c in alike), mean(c.judging for c in alike)) if alike else Cost(0.0, 0.0)

    filled = {kind: cost or usual(kind) for kind, cost in costs.items()}
    ends = np.cumsum(list(study.parts.values()))
    hours, trainings = dict.fromkeys(study.parts, 0.0), dict.fromkeys(study.parts, 0)
    names = list(study.parts)
    for task in study.tasks.values():
        part = names[int(np.searchsorted(ends, task.points[0], side="right"))]
        cost = filled[kind_of(task)]
        hours[part] += (cost.training + cost.judging) / 3600
        trainings[part] += 1
    return hours, trainings
