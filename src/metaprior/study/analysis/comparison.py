"""What selecting a model of a cohort gives, and whether one way to get models beats another, pair by pair."""

from dataclasses import dataclass

import numpy as np

from metaprior.study.analysis.arrays import Values, as_equally_many, as_scores


def selected(values: Values, larger_is_better: bool) -> int | None:
    """The index of the best of some values, of equals the first; None where all are missing.

    >>> selected([0.2, None, 0.1], larger_is_better=False), selected([None], larger_is_better=True)
    (2, None)
    """
    scores = as_scores(values, 1)
    if np.isnan(scores).all():
        return None
    return int(np.nanargmax(scores) if larger_is_better else np.nanargmin(scores))


def top_share(scores: Values, index: int | None) -> float:
    """The least share of a cohort, from the top, that holds the model of an index: 1/N for the best of N.

    Larger scores are better, and a model with the same score counts as above it. Models without a score are not of the
    cohort; NaN where the model itself has none, or is None.

    >>> top_share([0.1, 0.4, 0.3, 0.2], 2)
    0.5
    """
    cohort = as_scores(scores, 1)
    if index is None or np.isnan(cohort[index]):
        return float("nan")
    return float((cohort >= cohort[index]).sum() / (~np.isnan(cohort)).sum())


@dataclass(frozen=True)
class Picked:
    """The model of a cohort that a criterion selects, by its test score; NaN where there is no such number."""

    index: int | None
    """None where no model has a value of the criterion."""
    score: float
    top_share: float
    median: float
    """The score that half of the cohort reach, so a model that is picked blindly too."""
    best: float
    """The score that the best criterion would have given."""


def pick(criterion: Values, scores: Values, larger_is_better: bool = True) -> Picked:
    """Select a model of a cohort of N by a criterion, whose larger or smaller values are better, and see its score.

    Larger test ``scores`` are better. U/S picks by a metric on few labels, S2/S by R_sup on held-out labels, of which
    smaller is better (Locatello et al. 2020).

    >>> pick([3.0, 1.0, 2.0], [0.1, 0.3, 0.5], larger_is_better=False)
    Picked(index=1, score=0.3, top_share=0.6666666666666666, median=0.3, best=0.5)
    """
    values, tested = as_equally_many(criterion, scores)
    index = selected(values, larger_is_better)
    known = tested[~np.isnan(tested)]
    return Picked(
        index,
        score=float("nan") if index is None else float(tested[index]),
        top_share=top_share(tested, index),
        median=float(np.median(known)) if known.size else float("nan"),
        best=float(known.max()) if known.size else float("nan"),
    )


@dataclass(frozen=True)
class Comparison:
    """Pairs of scores, the first of each pair against the second."""

    wins: int
    """In so many pairs the first is larger."""
    ties: int
    losses: int
    first_mean: float
    """NaN, as the other, where there is no pair."""
    second_mean: float
    p: float
    """Of the sign test, one-sided: how probable so many wins or more are if either of a pair is as often larger."""

    @property
    def pairs(self) -> int:
        """How many pairs have both scores."""
        return self.wins + self.ties + self.losses

    @property
    def wins_share(self) -> float:
        """Of all pairs, those in which the first is larger."""
        return self.wins / self.pairs if self.pairs else float("nan")

    @property
    def not_worse_share(self) -> float:
        """Of all pairs, those in which the second is not larger."""
        return (self.wins + self.ties) / self.pairs if self.pairs else float("nan")

    @property
    def mean_gain(self) -> float:
        """The mean of first less second."""
        return self.first_mean - self.second_mean


def paired_comparison(first: Values, second: Values) -> Comparison:
    """Compare scores pair by pair, S2/S with U/S of the same labels, say; larger is better.

    Pairs that lack a score are left out. The sign test is exact and drops ties: with w wins and l losses its p is
    P(Binomial(w + l, 1/2) >= w), 1 where all are ties. It takes pairs to be independent: pairs whose models are picked
    from one cohort, by several labelled sets, are not quite, and p is then too small. Source: Dixon & Mood 1946.

    >>> found = paired_comparison([0.5, 0.6, 0.7, 0.4], [0.1, 0.5, 0.5, 0.4])
    >>> found.wins, found.ties, found.wins_share, found.p
    (3, 1, 0.75, 0.125)
    """
    from scipy.special import bdtrc

    one, other = as_equally_many(first, second)
    both = ~np.isnan(one) & ~np.isnan(other)
    one, other = one[both], other[both]
    wins, losses = int((one > other).sum()), int((one < other).sum())
    return Comparison(
        wins,
        ties=len(one) - wins - losses,
        losses=losses,
        first_mean=float(one.mean()) if len(one) else float("nan"),
        second_mean=float(other.mean()) if len(other) else float("nan"),
        p=float(bdtrc(wins - 1, wins + losses, 0.5)),
    )
