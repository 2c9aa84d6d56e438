"""BetaVAE score: a linear classifier must name the factor that pairs share, from how much their codes differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, at_least_one
from metaprior.metrics.interventions import (
    DRAWN_AT_ONCE,
    Interventions,
    Represent,
    on_rows,
    on_world,
    over_batches,
)
from metaprior.metrics.logistic import Variant, logistic_regression


@dataclass(frozen=True)
class PairedDifferences:
    """The score; ``value`` is None, with the reason, where factors cannot be held fixed or told apart."""

    value: float | None
    """Accuracy of the classifier on fresh points."""
    train_value: float | None
    n: int
    reason: str | None = None
    variant: Variant = "multinomial"
    """Which logistic regression: scikit-learn's default."""


@dataclass(frozen=True)
class Points:
    """How many points of how many pairs; the defaults are those of Locatello et al. 2019."""

    train: int = 10_000
    test: int = 5_000
    batch: int = 64

    def __post_init__(self) -> None:
        at_least_one(train=self.train, test=self.test, batch=self.batch)


STUDY = Points()


def beta_vae_score(
    codes: Array | Represent, factor_sizes: Sequence[int], points: Points = STUDY, seed: int = 0
) -> PairedDifferences:
    """The BetaVAE score on a finite world, where any factor can be held fixed.

    ``codes`` are those of the whole world, ∏K×D, in mixed-radix order (the last factor varies fastest), or a function
    from factor values N×F to codes N×D. A point: draw a factor, and ``batch`` pairs of examples; the two of a pair
    share their value of it. Its features are the mean absolute differences of the pairs' codes, and its label is the
    factor. The score is the test accuracy of a logistic regression (C = 1). Factors of one value are always shared and
    are not drawn.

    Source: Higgins et al. 2017, with the estimator of Locatello et al. 2019.

    >>> world = np.indices((4, 4, 4)).reshape(3, -1).T
    >>> beta_vae_score(world, (4, 4, 4), Points(100, 50)).value
    1.0
    """
    return beta_vae_score_of(on_world(codes, factor_sizes), points, seed)


def beta_vae_score_finite(codes: Array, factors: Array, points: Points = STUDY, seed: int = 0) -> PairedDifferences:
    """The BetaVAE score on the given rows only: codes N×D and factors N×F of the same examples.

    As :func:`beta_vae_score`, except that a pair is a row, drawn from those whose value another row shares, and a row
    drawn with replacement from those with this value. A factor without such rows makes the score None.

    >>> beta_vae_score_finite([[0.0], [1.0]], [[0], [1]]).reason
    'factor 0 has no value that two rows share, so it cannot be held fixed'
    """
    return beta_vae_score_of(on_rows(codes, factors), points, seed)


def beta_vae_score_of(interventions: Interventions, points: Points = STUDY, seed: int = 0) -> PairedDifferences:
    """The BetaVAE score of whatever factors can be held fixed in; a world and rows are its usual cases."""
    rng = np.random.default_rng(seed)
    candidates = np.flatnonzero(interventions.varies)
    reason = interventions.reason
    if reason is None and len(candidates) == 1:
        reason = f"only factor {candidates[0]} varies, so there is nothing to tell it from"
    if reason is not None:
        return PairedDifferences(None, None, points.test, reason)

    def draw(total: int) -> tuple[np.ndarray, np.ndarray]:
        factor = rng.choice(candidates, size=total)
        chunk = max(DRAWN_AT_ONCE // points.batch, 1)
        parts = [
            over_batches(interventions, _mean_difference, *interventions.pairs(rng, part, points.batch))
            for part in np.split(factor, range(chunk, total, chunk))
        ]
        return np.concatenate(parts), factor

    train, label = draw(points.train)
    if (label == label[0]).all():
        reason = f"all {points.train} training points are of factor {label[0]}, so there is nothing to tell it from"
        return PairedDifferences(None, None, points.test, reason)
    test, answer = draw(points.test)
    classifier = logistic_regression(train, label)
    value, train_value = (float(np.mean(classifier.predict(x) == y)) for x, y in ((test, answer), (train, label)))
    return PairedDifferences(value, train_value, points.test)


def _mean_difference(
    first: Float[np.ndarray, "batch m codes"], second: Float[np.ndarray, "batch m codes"]
) -> Float[np.ndarray, "m codes"]:
    difference = np.subtract(first, second, out=first)
    return np.abs(difference, out=difference).mean(axis=0)
