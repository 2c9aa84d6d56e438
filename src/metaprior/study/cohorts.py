"""Tasks of a study that train as one program: which may, and how they do."""

import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
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
from metaprior.training.cohort_members import check_loop

Cohort: TypeAlias = tuple[Task, ...]
"""Tasks that train as one program; often one alone."""


def cohorts_of(tasks: Iterable[Task], size: int) -> list[Cohort]:
    """Tasks in cohorts of at most ``size``, in the order of their first members.

    Members have all in common but seeds and those choices of the method that are scalars of its loss. A task that can
    only be trained alone, or whose data are missing, stays alone.
    """
    if size < 1:
        raise MetapriorError(f"a cohort has at least 1 member, not {size}")
    if size == 1:
        return [(task,) for task in tasks]
    cohorts: list[list[Task]] = []
    growing: dict[str, list[Task]] = {}
    scalars: dict[str, Container[str] | None] = {}
    for task in tasks:
        if (kind := kind_of(task.experiment)) not in scalars:
            scalars[kind] = scalars_of(task.experiment)
        key = f"alone: {task.id}" if scalars[kind] is None else in_common(task.experiment, scalars[kind] or ())
        if len(growing.get(key, ())) in (0, size):
            growing[key] = []
            cohorts.append(growing[key])
        growing[key].append(task)
    return [tuple(cohort) for cohort in cohorts]


def scalars_of(experiment: Experiment) -> Container[str] | None:
    """The names of the scalars of a method's loss; None where it can be in no cohort, or cannot be built here."""
    if experiment.warm_start or getattr(experiment.method, "models", ()):
        return None
    try:
        check_loop(experiment.loop)
        spec = load_data(experiment.data).spec
        sizes = spec.factor_sizes
        spec = dataclasses.replace(spec, labelled_factors=tuple(map(str, sizes)), labelled_factor_sizes=sizes)
        method = build_method(experiment.method, spec, 0)
    except Exception:  # a fault of the user's recipe too: whoever trains it alone is told
        return None
    return method.hyper.keys() if method.cohort else None


def kind_of(experiment: Experiment) -> str:
    """All that an experiment is but for its seeds and the numbers among its method's choices, as text."""
    return common_text(experiment, lambda name, value: isinstance(value, float))


def in_common(experiment: Experiment, scalars: Container[str]) -> str:
    """All that members of its cohort have in common with an experiment, as text."""
    return common_text(experiment, lambda name, value: name in scalars)


def common_text(experiment: Experiment, own: Callable[[str, Any], bool]) -> str:
    """An experiment as text, without its seeds and without the choices of its method that are a member's own."""
    plain = to_plain(experiment)
    plain["method"] = without(plain["method"], own)
    del plain["loop"]["seed"]
    if experiment.labeller != "partial":  # whose seed says which factors are labelled
        del plain["label_seed"]
    return json.dumps(plain, sort_keys=True)


def without(plain: Mapping[str, Any], own: Callable[[str, Any], bool]) -> dict[str, Any]:
    """A nested mapping without some of its entries, wherever they are.

    >>> without({"beta": 4.0, "supervision": {"gamma_sup": 1.0, "loss": "xent"}}, lambda name, value: value == 1.0)
    {'beta': 4.0, 'supervision': {'loss': 'xent'}}
    """
    return {
        name: without(value, own) if isinstance(value, Mapping) else value
        for name, value in plain.items()
        if not own(name, value)
    }


def train_together(cohort: Cohort, runs: Path) -> Mapping[str, str]:
    """Train the tasks of a cohort as one program; why members that diverged did, by their ids.

    Members that another process is at, that have stopped at another step than most, or whose folder cannot be trained
    into, are left as they are: :func:`metaprior.study.task.run_task` trains them alone, or says why it cannot.
    """
    diverged = {task.id: reason for task in cohort if (reason := Run(runs / task.id).diverged)}
    with contextlib.ExitStack() as held:
        members: dict[str, Member] = {}
        for task in in_step([task for task in cohort if task.id not in diverged], runs):
            with contextlib.suppress(MetapriorError):
                members[task.id] = member_of(task.experiment, Run(runs / task.id), held)
        if len(members) < 2:
            return diverged
        result = fit_cohort(list(members.values()), {}, cohort[0].experiment.loop, resume=True)
    if result.interrupted:
        raise KeyboardInterrupt
    return diverged | {name: result.diverged[i] for i, name in enumerate(members) if i in result.diverged}


def in_step(cohort: Iterable[Task], runs: Path) -> list[Task]:
    """The unfinished tasks that can go on from one step: the one that most have a checkpoint of, or the beginning."""
    kept: list[tuple[Task, set[str]]] = []
    for task in cohort:
        run = Run(runs / task.id)
        if not already_finished(run, task.experiment.loop.steps):
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
