"""DCI: disentanglement, completeness and informativeness, by boosted trees."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import get_args

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError, unknown
from metaprior.metrics.arrays import Array, as_pair
from metaprior.metrics.boosting import Backend, Fit, fit_lightgbm, fit_sklearn, problem
from metaprior.metrics.importance import completeness, disentanglement


@dataclass(frozen=True, eq=False)
class DCI:
    """The three scores, the importances they come from, and who grew the trees."""

    disentanglement: float
    completeness: float
    informativeness_train: float
    """Mean over factors of the training accuracy."""
    informativeness_test: float
    """Mean over factors of the test accuracy."""
    importance: Float[np.ndarray, "codes factors"]
    """Each column sums to 1, or to 0 where a factor cannot be told from any code."""
    constant_factors: tuple[int, ...]
    """Factors that do not vary in the training sample: their columns are 0."""
    backend: Backend
    n_train: int
    n_test: int


def dci(
    codes_train: Array,
    factors_train: Array,
    codes_test: Array,
    factors_test: Array,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> DCI:
    """Disentanglement, completeness and informativeness of codes N×D about factors N×F.

    Boosted trees predict each factor from all codes; their normalised importances form the matrix that
    :func:`disentanglement` and :func:`completeness` read. The trees of disentanglement_lib have no
    fixed seed; ours do. ``threads`` factors are fitted at a time, and the result does not depend on it.

    Source: Eastwood & Williams 2018, with the trees of Locatello et al. 2019.

    >>> values = np.indices((4, 4)).reshape(2, -1).T.repeat(4, axis=0)
    >>> result = dci(values, values, values, values)
    >>> round(result.disentanglement, 6), result.informativeness_test
    (1.0, 1.0)
    """
    codes_train, factors_train = as_pair(codes_train, factors_train, "training ")
    codes_test, factors_test = as_pair(codes_test, factors_test, "test ")
    for what, train, test in (("codes", codes_train, codes_test), ("factors", factors_train, factors_test)):
        if train.shape[1] != test.shape[1]:
            raise MetapriorError(f"training {what} have {train.shape[1]} columns and test {what} {test.shape[1]}")
    backend = available(backend)
    fit = fit_sklearn if backend == "sklearn" else fit_lightgbm
    tasks = [
        problem(codes_train, factors_train[:, k], codes_test, factors_test[:, k]) for k in range(factors_train.shape[1])
    ]
    longest_first = sorted(range(len(tasks)), key=lambda k: -tasks[k].classes)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        fits: dict[int, Fit] = dict(
            zip(longest_first, pool.map(lambda k: fit(tasks[k], seed), longest_first), strict=True)
        )
    importance = np.stack([fits[k].importance for k in range(len(tasks))], axis=1)
    return DCI(
        disentanglement=disentanglement(importance),
        completeness=completeness(importance),
        informativeness_train=float(np.mean([fit.train_accuracy for fit in fits.values()])),
        informativeness_test=float(np.mean([fit.test_accuracy for fit in fits.values()])),
        importance=importance,
        constant_factors=tuple(k for k, task in enumerate(tasks) if task.classes == 1),
        backend=backend,
        n_train=len(codes_train),
        n_test=len(codes_test),
    )


def available(backend: Backend) -> Backend:
    """The backend asked for, or scikit-learn's where LightGBM is not installed (the result says which it was)."""
    if backend not in get_args(Backend):
        raise unknown("backend", backend, get_args(Backend))
    if backend == "lightgbm" and importlib.util.find_spec("lightgbm") is None:
        return "sklearn"
    return backend
