"""DCI: disentanglement, completeness and informativeness, by boosted trees."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, as_split
from metaprior.metrics.boosting import Backend, available, fit_trees, problems
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
    split = as_split(codes_train, factors_train, codes_test, factors_test)
    backend = available(backend)
    tasks = problems(*split)
    fits = fit_trees(tasks, backend, seed, threads)
    importance = np.stack([fit.importance for fit in fits], axis=1)
    return DCI(
        disentanglement=disentanglement(importance),
        completeness=completeness(importance),
        informativeness_train=float(np.mean([fit.train_accuracy for fit in fits])),
        informativeness_test=float(np.mean([fit.test_accuracy for fit in fits])),
        importance=importance,
        constant_factors=tuple(k for k, task in enumerate(tasks) if task.classes == 1),
        backend=backend,
        n_train=len(split[0]),
        n_test=len(split[2]),
    )
