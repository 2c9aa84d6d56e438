"""Claims: a sentence of a paper, an experiment, a rule fixed before the run, a verdict."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from metaprior.core import MetapriorError, unknown
from metaprior.study import Study, Task, run_study
from metaprior.study.grid import Point
from metaprior.study.models import Models, read_models
from metaprior.study.running import Report

Scale: TypeAlias = Literal["smoke", "desk", "gpu", "paper"]
Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"]
Measured: TypeAlias = Mapping[str, float]
Ruling: TypeAlias = tuple[Verdict, str | None]
"""A verdict, and the reason where it is inconclusive."""


@dataclass(frozen=True)
class Experiment:
    """A claim at one scale: what is trained, what is measured, and the rule, fixed before the first scored run."""

    rule: str
    """The rule in words."""
    plan: Callable[[], Study]
    """What is trained and what is asked of it, written out when it is needed: studies may have thousands of points.
    Experiments of one scale share trainings, and ask the same of them."""
    measure: Callable[[Models], Measured]
    """The numbers, from the study's models."""
    verdict: Callable[[Measured], Ruling]
    """The rule as code."""
    seeds: tuple[int, ...]

    @functools.cached_property
    def study(self) -> Study:
        """The plan, written out."""
        return self.plan()


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


def at_scales(
    sized: Callable[[Any], Experiment], benches: Mapping[Scale, Any], rehearsal: str
) -> Mapping[str, Experiment]:
    """An experiment on the bench of each scale; ``smoke`` decides nothing, for the reason ``rehearsal``."""
    found: dict[str, Experiment] = {scale: sized(bench) for scale, bench in benches.items()}
    rule = f"None at this size. {found['smoke'].rule}"
    found["smoke"] = replace(found["smoke"], rule=rule, verdict=lambda measured: ("inconclusive", rehearsal))
    return found


def check(
    claims: Sequence[Claim], scale: Scale, folder: Path, workers: int = 0, report: Report | None = None
) -> list[dict[str, Any]]:
    """Train what the claims' experiments need, each model once, then measure and judge by the rules.

    Models are kept as a study under ``folder/<scale>``: finished ones are used again, and one that was stopped goes on.
    ``workers`` processes train them, or this one (0).
    """
    experiments = [claim.at(scale) for claim in claims]
    place = folder / scale
    progress = run_study(together(claims, scale), place, workers=workers, report=report)
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


def together(claims: Sequence[Claim], scale: Scale) -> Study:
    """One study of all that the claims train, a part each: every training once, with all that any claim asks of it."""
    studies = {claim.id: claim.at(scale).study for claim in claims}
    first = studies[claims[0].id]
    if any(study.judging != first.judging for study in studies.values()):
        raise MetapriorError("experiments of one scale must ask the same of their models")
    grid: tuple[Point, ...] = ()
    tasks: dict[str, Task] = {}
    for study in studies.values():
        for name, task in study.tasks.items():
            known = tasks.get(name, replace(task, points=(), labels=()))
            points = (*known.points, *(len(grid) + point for point in task.points))
            tasks[name] = replace(known, points=points, labels=tuple(dict.fromkeys((*known.labels, *task.labels))))
        grid += study.grid
    return replace(first, grid=grid, parts={name: len(study.grid) for name, study in studies.items()}, tasks=tasks)


def judged(experiment: Experiment, models: Models, failed: Mapping[str, str]) -> tuple[Measured, Ruling]:
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
