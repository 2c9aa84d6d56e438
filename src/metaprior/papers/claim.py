"""Claims: a sentence of a paper, an experiment, a rule fixed before the run, a verdict."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from metaprior.core import unknown
from metaprior.study import Experiment as Training
from metaprior.study import finish
from metaprior.training import Run

Scale: TypeAlias = Literal["smoke", "desk", "gpu", "paper"]
Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"]
Measured: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class Experiment:
    """A claim at one scale: what is trained, what is measured, and the rule, fixed before the first scored run."""

    rule: str
    """The rule in words."""
    runs: Mapping[str, Training]
    """What is trained, by the name of its run folder. Experiments of one scale share runs of one name."""
    measure: Callable[[Path], Measured]
    """The numbers, from the folder that holds the runs."""
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
    scales: Mapping[Scale, Experiment] = field(default_factory=dict)

    def at(self, scale: Scale) -> Experiment:
        """The experiment of a scale."""
        if scale not in self.scales:
            raise unknown(f"scale of claim {self.id}", scale, self.scales)
        return self.scales[scale]


def check(claims: Sequence[Claim], scale: Scale, folder: Path, progress: bool = False) -> list[dict[str, Any]]:
    """Train what the claims' experiments need, each run once, then measure and judge by the rules.

    Runs are kept under ``folder/<scale>``: finished ones are used again, and one that was stopped goes on.
    """
    experiments = [claim.at(scale) for claim in claims]
    runs = {name: training for experiment in experiments for name, training in experiment.runs.items()}
    for place, (name, training) in enumerate(runs.items(), start=1):
        finish(training, Run(folder / scale / name), f"run {place} of {len(runs)}, {name}" if progress else None)
    results = []
    for claim, experiment in zip(claims, experiments, strict=True):
        if progress:
            print(f"measuring {claim.id}", file=sys.stderr, flush=True)
        measured = experiment.measure(folder / scale)
        verdict, reason = judged(experiment, measured)
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


def judged(experiment: Experiment, measured: Measured) -> tuple[Verdict, str | None]:
    """The verdict by the rule; no rule can judge what could not be measured."""
    lacking = [name for name, value in measured.items() if not math.isfinite(value)]
    if lacking:
        return "inconclusive", f"{', '.join(lacking)} could not be measured"
    return experiment.verdict(measured)
