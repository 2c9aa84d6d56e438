"""What factors do to codes, as small multiples on a page: one row a code, one cell a factor, drawn as SVG paths."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.report.codes import SILENT
from metaprior.report.curves import path
from metaprior.report.effects import Effect, Effects
from metaprior.report.view import RunView
from metaprior.report.words import plain_name, tick

WIDE, HIGH = 100, 40
"""The box that a cell's paths are drawn in; the page stretches it."""
LEAST_SHARE = 0.05
"""A factor that explains less of a code than this is drawn grey."""


@dataclass(frozen=True)
class Spark:
    """One code against one factor: the path of its mean, the outline of a standard deviation about it."""

    line: str
    band: str
    share: float
    """Share of the code's variance that the factor explains."""
    rises: bool
    """Whether the line ends higher than it begins, so that there is room above its beginning."""

    @property
    def counts(self) -> bool:
        """Whether the factor moves the code."""
        return self.share >= LEAST_SHARE


@dataclass(frozen=True)
class SparkRow:
    """One code against every factor, all cells on one scale."""

    code: str
    low: str
    high: str
    sparks: list[Spark]


@dataclass(frozen=True)
class SparkGrid:
    """The active codes against the factors, each with the names of its first and last value."""

    factors: list[str]
    ends: list[tuple[str, str]]
    rows: list[SparkRow]
    n: int


def spark_grid(run: RunView, order: list[int] | None) -> SparkGrid | None:
    """The grid of a run whose examples have factors; None for any other."""
    effects = run.effects
    if effects is None:
        return None
    active = effects.codes.var(axis=0) >= SILENT
    every = order if order is not None and len(order) == len(effects.cells) else range(len(effects.cells))
    named = [effects.named(k) for k in range(len(effects.factor_names))]
    return SparkGrid(
        factors=[plain_name(name) for name in effects.factor_names],
        ends=[(names[0], names[-1]) for names in named],
        rows=[row_of(effects, code) for code in every if active[code]],
        n=len(effects.codes),
    )


def row_of(effects: Effects, code: int) -> SparkRow:
    """The cells of one code."""
    cells = effects.cells[code]
    low = min(float((effect.mean - effect.sd).min()) for effect in cells)
    high = max(float((effect.mean + effect.sd).max()) for effect in cells)
    return SparkRow(f"z{code}", tick(low, 2), tick(high, 2), [spark(effect, low, high) for effect in cells])


def spark(effect: Effect, low: float, high: float) -> Spark:
    """The paths of one effect between these values of the code; a factor of one value is drawn as a level line."""
    x = np.linspace(0, WIDE, len(effect.values)) if len(effect.values) > 1 else np.array([0.0, WIDE])

    def points(values: Float[np.ndarray, " v"]) -> list[tuple[float, float]]:
        y = HIGH * (high - values) / max(high - low, 1e-12)
        return list(zip(x.tolist(), np.broadcast_to(y, x.shape).round(1).tolist(), strict=True))

    around = points(effect.mean + effect.sd) + points(effect.mean - effect.sd)[::-1]
    return Spark(path(points(effect.mean)), path(around) + "Z", effect.share, bool(effect.mean[-1] > effect.mean[0]))
