"""Downstream accuracy: how well are the factors told from the codes after few, more, and many examples?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_split, varying
from metaprior.metrics.boosting import Backend, available, problems
from metaprior.metrics.predictors import Predictor, predict

SIZES = (10, 100, 1_000, 10_000)
"""Training examples in the study; its tests have 5,000."""


@dataclass(frozen=True, eq=False)
class Downstream:
    """Accuracies by the number of training examples; ``reason`` says why sizes, or efficiencies, are missing."""

    sizes: tuple[int, ...]
    """Those asked for that there are training examples for."""
    train_accuracy: Float[np.ndarray, "sizes factors"]
    test_accuracy: Float[np.ndarray, "sizes factors"]
    constant_factors: tuple[int, ...]
    """Factors that vary neither in training nor in the test: they are left out of mean and worst."""
    predictor: Predictor
    backend: Backend | None
    """Who grew the trees; None of a predictor without trees."""
    n_test: int
    reason: str | None = None

    @property
    def mean(self) -> Float[np.ndarray, " sizes"]:
        """Mean test accuracy over the factors, at each size."""
        told = np.delete(self.test_accuracy, self.constant_factors, axis=1)
        return told.mean(axis=1) if told.size else np.zeros(len(told))

    @property
    def worst(self) -> Float[np.ndarray, " sizes"]:
        """Test accuracy of the factor told worst, at each size."""
        return np.delete(self.test_accuracy, self.constant_factors, axis=1).min(axis=1, initial=1.0)

    def sample_efficiency(self, few: int, many: int = SIZES[-1]) -> float | None:
        """Mean accuracy after ``few`` examples over that after ``many``; None without either, or if the latter is 0."""
        mean = dict(zip(self.sizes, self.mean.tolist(), strict=True))
        return mean[few] / mean[many] if few in mean and mean.get(many) else None


def downstream_accuracy(
    codes_train: Array,
    factors_train: Array,
    codes_test: Array,
    factors_test: Array,
    sizes: Sequence[int] = SIZES,
    predictor: Predictor = "boosted",
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> Downstream:
    """Train a predictor of each factor on the first 10, 100, 1,000 and 10,000 examples; test it on others.

    Codes are N×D and factors N×F, in random order. Sizes that the training examples do not reach are left out. The
    predictor is boosted trees, as in :func:`dci`, or ``logistic``, a linear one with a cross-validated penalty. A value
    that training never saw is told wrong. ``threads`` problems are solved at a time, which does not change the result.
    Unlike the study's, the training sets are nested and share one test set.

    Source: Locatello et al. 2019.

    >>> values = np.indices((4, 4)).reshape(2, -1).T.repeat(4, axis=0)
    >>> mixed = values[np.random.default_rng(0).permutation(64)]
    >>> result = downstream_accuracy(mixed, mixed, values, values, sizes=(8, 64, 512))
    >>> result.sizes, float(result.mean[-1])
    ((8, 64), 1.0)
    """
    split = as_split(codes_train, factors_train, codes_test, factors_test)
    codes, factors, test_codes, test_factors = split
    if any(size < 1 for size in sizes):
        raise MetapriorError(f"sizes must be positive numbers of training examples; these are {tuple(sizes)}")
    constant = ~varying(np.vstack([factors, test_factors]))
    reached = () if constant.all() else tuple(size for size in sizes if size <= len(codes))
    tasks = [task for n in reached for task in problems(codes[:n], factors[:n], test_codes, test_factors)]
    found = predict(tasks, predictor, backend, seed, threads)
    shape = (len(reached), len(constant))
    test_accuracy = np.array([one.test_accuracy for one in found]).reshape(shape)
    missing = ", ".join(str(size) for size in sizes if size > len(codes))
    nothing = test_accuracy[:, ~constant].max(axis=1, initial=0.0) == 0
    untold = ", ".join(str(reached[i]) for i in np.flatnonzero(nothing))
    reasons = [
        f"there are {len(codes)} training examples, too few for {missing}" if missing else "",
        f"nothing is told after {untold} training examples, so no accuracy is a share of that" if untold else "",
    ]
    return Downstream(
        sizes=reached,
        train_accuracy=np.array([one.train_accuracy for one in found]).reshape(shape),
        test_accuracy=test_accuracy,
        constant_factors=tuple(np.flatnonzero(constant).tolist()),
        predictor=predictor,
        backend=available(backend) if predictor == "boosted" else None,
        n_test=len(test_codes),
        reason="no factor varies" if constant.all() else "; ".join(filter(None, reasons)) or None,
    )
