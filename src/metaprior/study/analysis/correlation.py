"""Do two scores rank models alike? Spearman's rank correlation, of pairs of scores and of tables of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.study.analysis.arrays import Matrix, Values, as_equally_many

LEAST_PAIRS = 3
"""Of fewer models than this a rank correlation says nothing: of two it is 1 or -1."""


def rank_correlation(first: Values, second: Values) -> float:
    """Spearman's ρ of two scores of the same models: Pearson's correlation of their ranks, ties sharing a mean rank.

    Models that lack either score are left out. NaN where fewer than 3 are left, or one of the scores is constant.
    Source: Spearman 1904.

    >>> rank_correlation([1, 2, 3], [1.0, 9.0, 4.0]), rank_correlation([1, 2, 3], [5.0, 5.0, 5.0])
    (0.5, nan)
    """
    one, other = as_equally_many(first, second)
    return float(_rank_correlations(one[:, None], other[:, None])[0, 0])


def rank_correlations(rows: Matrix, columns: Matrix) -> Float[np.ndarray, "rows columns"]:
    """Spearman's ρ of each of A scores with each of B scores of the same N models: N×A and N×B to A×B.

    Each cell is :func:`rank_correlation` of its two scores, over the models that have both.

    >>> rank_correlations([[1, 3], [2, 2], [3, 1]], [[0.1], [0.2], [0.3]]).tolist()
    [[1.0], [-1.0]]
    """
    return _rank_correlations(*as_equally_many(rows, columns, 2))


@dataclass(frozen=True, eq=False)
class Intervals:
    """Bootstrap intervals of rank correlations."""

    low: Float[np.ndarray, "rows columns"]
    high: Float[np.ndarray, "rows columns"]
    level: float
    resamples: int


def rank_correlation_intervals(
    rows: Matrix, columns: Matrix, seed: int, resamples: int = 1000, level: float = 0.95
) -> Intervals:
    """Between what Spearman's ρ of each pair of scores lies when other models are drawn from the same cohort.

    N models are drawn from the N with replacement, and the interval holds the middle ``level`` of what
    :func:`rank_correlations` of such samples gives. Samples in which a cell is NaN do not count for it; where all are,
    the interval is NaN. Source: the percentile bootstrap (Efron & Tibshirani 1993, chapter 13).

    >>> scores = np.arange(10.0)[:, None]
    >>> found = rank_correlation_intervals(scores, -scores, seed=0, resamples=100)
    >>> found.low.tolist(), found.high.tolist()
    ([[-1.0]], [[-1.0]])
    """
    if resamples < 1 or not 0 < level < 1:
        raise MetapriorError(f"an interval needs resamples and a level between 0 and 1, not {resamples} and {level}")
    one, other = as_equally_many(rows, columns, 2)
    rng = np.random.default_rng(seed)
    found = np.empty((resamples, one.shape[1], other.shape[1]))
    for sample in found:
        drawn = rng.integers(len(one), size=len(one))
        sample[:] = _rank_correlations(one[drawn], other[drawn])
    low, high = np.full((2, *found.shape[1:]), np.nan)
    known = ~np.isnan(found).all(axis=0)
    low[known], high[known] = np.nanquantile(found[:, known], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Intervals(low, high, level, resamples)


def _rank_correlations(first: Float[np.ndarray, "n a"], second: Float[np.ndarray, "n b"]) -> Float[np.ndarray, "a b"]:
    """All pairs at once of scores that are present in the same models: ranks once a score, then one product."""
    found = np.full((first.shape[1], second.shape[1]), np.nan)
    for has_one, ones in _present(first):
        for has_other, others in _present(second):
            both = has_one & has_other
            if both.sum() < LEAST_PAIRS:
                continue
            left, right = _centred_ranks(first[both][:, ones]), _centred_ranks(second[both][:, others])
            spread = np.sqrt(np.outer(np.square(left).sum(axis=0), np.square(right).sum(axis=0)))
            together = left.T @ right
            found[np.ix_(ones, others)] = np.divide(
                together, spread, out=np.full_like(spread, np.nan), where=spread > 0
            )
    return found


def _present(scores: Float[np.ndarray, "n a"]) -> Iterator[tuple[np.ndarray, list[int]]]:
    """Which models have a score, with the scores that these have in common."""
    present = ~np.isnan(scores)
    alike: dict[bytes, list[int]] = {}
    for column in range(scores.shape[1]):
        alike.setdefault(present[:, column].tobytes(), []).append(column)
    return ((present[:, columns[0]], columns) for columns in alike.values())


def _centred_ranks(scores: Float[np.ndarray, "n a"]) -> Float[np.ndarray, "n a"]:
    """Ranks less their mean: halves, whose products add up exactly, so that equal orders correlate exactly 1."""
    from scipy.stats import rankdata  # a second of import, which lists of claims need not wait for

    return rankdata(scores, axis=0) - (len(scores) + 1) / 2
