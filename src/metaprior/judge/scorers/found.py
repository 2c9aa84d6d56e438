"""What a scorer hands back: the scores of one metric, and the matrices behind them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from metaprior.judge.draws import Codes
from metaprior.judge.scores import Score
from metaprior.judge.settings import Settings


@dataclass(frozen=True, eq=False)
class Found:
    """Scores of one metric by name, and matrices codes×factors (or factors×factors), each with its unit."""

    scores: Mapping[str, Score]
    matrices: Mapping[str, tuple[np.ndarray, str]] = field(default_factory=dict)


Scorer: TypeAlias = Callable[[Codes, Settings, int], Found]
"""Codes that can be drawn from, how much to draw, and a seed of the metric's own."""
Summary: TypeAlias = Callable[[Mapping[str, Found]], Found]
"""What other metrics found."""


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
    said = {name: _plain(each) for name, each in details.items()}
    said = {name: each for name, each in said.items() if each is not None and each != []}
    return Score(value, n, settings.seed, codes.protocol, rows, reason=reason if value is None else None, details=said)


def memorised(codes: Codes, train: int) -> float | None:
    """The share of test examples that a predictor met in training, where a small world makes it more than 1 in 20."""
    share = codes.seen(train)
    return round(share, 3) if share > 0.05 else None


def _plain(said: Any) -> Any:
    """Sequences as lists, and nothing in place of NaN, which JSON does not know."""
    if isinstance(said, tuple | list):
        return [_plain(each) for each in said]
    return None if isinstance(said, float) and math.isnan(said) else said
