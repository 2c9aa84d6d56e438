"""Claims: a sentence of a paper, an experiment, a rule fixed before the run, a verdict."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from metaprior.core import MetapriorError, unknown
from metaprior.study import Study, run_study
from metaprior.study.models import Models, read_models
from metaprior.study.running import Report

Scale: TypeAlias = Literal["smoke", "desk", "gpu", "paper"]
Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"]
Measured: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class Experiment:
    """A claim at one scale: what is trained, what is measured, and the rule, fixed before the first scored run."""

    rule: str
    """The rule in words."""
    study: Study
    """What is trained and what is asked of it. Experiments of one scale share trainings, and ask the same of them."""
    measure: Callable[[Models], Measured]
    """The numbers, from the study's models."""
    verdict: Callable[[Measured], tuple[Verdict, str | None]]
    """The rule as code: a verdict, and the reason where it is inconclusive."""
    seeds: tuple[int, ...]
    minutes: float
    """About how long it takes by itself on one CPU core (or on one GPU, at that scale)."""


@dataclass(frozen=True)
class Claim:
    """One claim of a paper. ``published`` is the paper's figure, or None where none is known here."""

    id: str
    statement: str
    published: str | None
    source: str
    scales: Mapping[str, Experiment] = field(default_factory=dict)
    number: int | None = None
    """Its number in the paper's card of claims, by which it is called too."""

    def at(self, scale: Scale) -> Experiment:
        """The experiment of a scale."""
        if scale not in self.scales:
            raise unknown(f"scale of claim {self.id}", scale, self.scales)
        return self.scales[scale]


def check(
    claims: Sequence[Claim], scale: Scale, folder: Path, workers: int = 0, report: Report | None = None
) -> list[dict[str, Any]]:
    """Train what the claims' experiments need, each model once, then measure and judge by the rules.

    Models are kept as a study under ``folder/<scale>``: finished ones are used again, and one that was stopped goes on.
    ``workers`` processes train them, or this one (0).
    """
    experiments = [claim.at(scale) for claim in claims]
    place = folder / scale
    progress = run_study(together([each.study for each in experiments]), place, workers=workers, report=report)
    models = read_models(place)
    results = []
    for claim, experiment in zip(claims, experiments, strict=True):
        measured, (verdict, reason) = judged(experiment, models.of(experiment.study.tasks), progress.failed)
        results.append(
            {
                "id": claim.id,
                "statement": claim.statement,
                "published": claim.published,
                "measured": {name: value if math.isfinite(value) else None for name, value in measured.items()},
                "rule": experiment.rule,
                "verdict": verdict,
                "reason": reason,
                "seeds": list(experiment.seeds),
                "scale": scale,
            }
        )
    return results


def together(studies: Sequence[Study]) -> Study:
    """One study of all trainings, each once, with all that any study asks of it."""
    first = studies[0]
    if any(study.judging != first.judging for study in studies):
        raise MetapriorError("experiments of one scale must ask the same of their models")
    tasks = dict(first.tasks)
    for name, task in (pair for study in studies[1:] for pair in study.tasks.items()):
        known = tasks.setdefault(name, task)
        tasks[name] = replace(known, labels=tuple(dict.fromkeys((*known.labels, *task.labels))))
    return replace(first, tasks=tasks)


def judged(
    experiment: Experiment, models: Models, failed: Mapping[str, str]
) -> tuple[Measured, tuple[Verdict, str | None]]:
    """The numbers, and the verdict by the rule; no rule can judge what could not be trained or measured."""
    lost = [name for name in experiment.study.tasks if name in failed]
    if lost:
        return {}, ("inconclusive", f"{len(lost)} of {len(experiment.study.tasks)} trainings failed: {failed[lost[0]]}")
    if len(models) < len(experiment.study.tasks):
        away = len(experiment.study.tasks) - len(models)
        return {}, ("inconclusive", f"{away} of {len(experiment.study.tasks)} trainings are still at another process")
    measured = experiment.measure(models)
    lacking = [name for name, value in measured.items() if not math.isfinite(value)]
    if lacking:
        return measured, ("inconclusive", f"{', '.join(lacking)} could not be measured")
    return measured, experiment.verdict(measured)
