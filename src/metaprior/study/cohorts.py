"""Tasks of a study that train as one program: which may, and how they do."""

import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from metaprior.core import MetapriorError, to_plain
from metaprior.data import load as load_data
from metaprior.study.experiment import Experiment, build_method, build_sources
from metaprior.study.plan import Task
from metaprior.study.runs import already_finished, begin, check_folder
from metaprior.study.task import data_of
from metaprior.training import Member, Run, fit_cohort
from metaprior.training.checkpoint import checkpoints

Cohort: TypeAlias = tuple[Task, ...]
"""Tasks that train as one program; often one alone."""


def cohorts_of(tasks: Iterable[Task], size: int) -> list[Cohort]:
    """Tasks in cohorts of at most ``size``, in the order of their first members.

    Members have all in common but seeds and those choices of the method that are scalars of its loss. A task that can
    only be trained alone, or whose data are missing, stays alone.
    """
    if size < 1:
        raise MetapriorError(f"a cohort has at least 1 member, not {size}")
    cohorts: list[list[Task]] = []
    growing: dict[str, list[Task]] = {}
    scalars: dict[tuple[str, str], Container[str] | None] = {}
    for task in tasks:
        key, name = None, (task.experiment.recipe, task.experiment.data)
        if size > 1:
            if name not in scalars:
                scalars[name] = scalars_of(task.experiment)
            key = in_common(task.experiment, scalars[name])
        cohort = growing.get(key) if key else None
        if cohort is None or len(cohort) == size:
            cohort = []
            cohorts.append(cohort)
            if key:
                growing[key] = cohort
        cohort.append(task)
    return [tuple(cohort) for cohort in cohorts]


def scalars_of(experiment: Experiment) -> Container[str] | None:
    """The names of the scalars of a method's loss; None where it can be in no cohort, or cannot be built here."""
    if experiment.warm_start or getattr(experiment.method, "models", ()):
        return None
    try:
        spec = load_data(experiment.data).spec
        sizes = spec.factor_sizes
        spec = dataclasses.replace(spec, labelled_factors=tuple(map(str, sizes)), labelled_factor_sizes=sizes)
        method = build_method(experiment.method, spec, 0)
    except MetapriorError:
        return None
    return method.hyper.keys() if method.cohort else None


def in_common(experiment: Experiment, scalars: Container[str] | None) -> str | None:
    """What an experiment has in common with others of its cohort, as text; None for one that is trained alone."""
    if scalars is None:
        return None
    plain = to_plain(experiment)
    plain["method"] = without(plain["method"], scalars)
    return json.dumps(without(plain, ("seed", "label_seed")), sort_keys=True)


def without(plain: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    """A nested mapping without the entries of these names, wherever they are.

    >>> without({"beta": 4.0, "supervision": {"gamma_sup": 1.0, "loss": "xent"}}, ("beta", "gamma_sup"))
    {'supervision': {'loss': 'xent'}}
    """
    return {
        name: without(value, names) if isinstance(value, Mapping) else value
        for name, value in plain.items()
        if name not in names
    }


def train_together(cohort: Cohort, runs: Path) -> Mapping[str, str]:
    """Train the tasks of a cohort as one program; why members that diverged did, by their ids.

    Members that another process is at, that have stopped at another step than most, or whose folder cannot be trained
    into, are left as they are: :func:`metaprior.study.task.run_task` trains them alone, or says why it cannot.
    """
    with contextlib.ExitStack() as held:
        members: dict[str, Member] = {}
        for task in in_step(cohort, runs):
            with contextlib.suppress(MetapriorError):
                members[task.id] = member_of(task.experiment, Run(runs / task.id), held)
        if len(members) < 2:
            return {}
        loop = cohort[0].experiment.loop
        result = fit_cohort(list(members.values()), {}, loop, resume=True)
    if result.interrupted:
        raise KeyboardInterrupt
    return {name: result.diverged[i] for i, name in enumerate(members) if i in result.diverged}


def in_step(cohort: Cohort, runs: Path) -> list[Task]:
    """The unfinished tasks that can go on from one step: the one that most have a checkpoint of, or the beginning."""
    kept: list[tuple[Task, set[str]]] = []
    for task in cohort:
        run = Run(runs / task.id)
        if not run.diverged and not already_finished(run, task.experiment.loop.steps):
            kept.append((task, {path.name for path in checkpoints(run.folder / "checkpoint")} or {""}))
    counts = Counter(step for _, steps in kept for step in steps)
    common = max(counts, key=lambda step: (counts[step], step), default="")
    return [task for task, steps in kept if common in steps]


def member_of(experiment: Experiment, run: Run, held: contextlib.ExitStack) -> Member:
    """A task as a member, its folder held until the cohort ends."""
    data = data_of(experiment.data)
    held.enter_context(run.alone())
    check_folder(run, experiment, data.digest, resume=True)
    sources = build_sources(experiment, data)
    return Member(begin(experiment, run, data, sources), experiment.loop.seed, run, sources)
