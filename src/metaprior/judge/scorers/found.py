"""What a scorer hands back: the scores of one metric, and the matrices behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from metaprior.judge.codes import Codes
from metaprior.judge.scores import Score
from metaprior.judge.settings import Settings


@dataclass(frozen=True, eq=False)
class Found:
    """Scores of one metric by name, and matrices codes×factors (or factors×factors), each with its unit."""

    scores: Mapping[str, Score]
    matrices: Mapping[str, tuple[np.ndarray, str]] = field(default_factory=dict)


Scorer: TypeAlias = Callable[[Codes, Settings, int], Found]
"""Codes that can be drawn from, how much to draw, and a seed of the metric's own."""


def scored(
    codes: Codes,
    settings: Settings,
    value: float | None,
    n: int,
    drawn: int | None = None,
    reason: str | None = None,
    **details: Any,
) -> Score:
    """A mean over ``n``, from ``drawn`` examples (by default n); details that say nothing are left out."""
    rows = codes.distinct(n if drawn is None else drawn)
    said = {name: list(each) if isinstance(each, tuple) else each for name, each in details.items()}
    said = {name: each for name, each in said.items() if each is not None and each != []}
    return Score(value, n, settings.seed, codes.protocol, rows, reason=reason if value is None else None, details=said)
