"""Claims: a sentence of a paper, an experiment, a rule fixed before the run, a verdict."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from metaprior.core import unknown

Scale: TypeAlias = Literal["smoke", "desk", "gpu", "paper"]
Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class Outcome:
    """What an experiment found: the numbers, the verdict by the rule, the seeds, and why where it is inconclusive."""

    measured: dict[str, Any]
    verdict: Verdict
    seeds: tuple[int, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Experiment:
    """A claim at one scale: the rule in words, fixed before the first scored run, and the code that applies it."""

    rule: str
    run: Callable[[Path], Outcome]
    minutes: float
    """About how long it takes on 2 CPU cores (or on one GPU, at that scale)."""


@dataclass(frozen=True)
class Claim:
    """One claim of a paper. ``published`` is the paper's figure, or None where the card has none."""

    id: str
    statement: str
    published: str | None
    source: str
    scales: dict[Scale, Experiment] = field(default_factory=dict)

    def check(self, scale: Scale, folder: Path) -> dict[str, Any]:
        """Run the experiment of a scale; its runs are kept under ``folder`` and reused when they are finished."""
        if scale not in self.scales:
            raise unknown(f"scale of claim {self.id}", scale, self.scales)
        experiment = self.scales[scale]
        outcome = experiment.run(folder / self.id / scale)
        return {
            "id": self.id,
            "statement": self.statement,
            "published": self.published,
            "measured": outcome.measured,
            "rule": experiment.rule,
            "verdict": outcome.verdict,
            "reason": outcome.reason,
            "seeds": list(outcome.seeds),
            "scale": scale,
        }
