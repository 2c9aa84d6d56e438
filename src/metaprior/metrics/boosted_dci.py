"""DCI: disentanglement, completeness and informativeness, by boosted trees."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, as_split, varying
from metaprior.metrics.boosting import Backend, available, fit_trees, problems
from metaprior.metrics.importance import completeness, disentanglement


@dataclass(frozen=True, eq=False)
class DCI:
    """The three scores, the importances they come from, and who grew the trees.

    Scores are None, with the ``reason``, if every factor is constant in the training sample.
    """

    disentanglement: float | None
    completeness: float | None
    informativeness_train: float | None
    """Mean of the training accuracy, over the factors that vary there or in the test."""
    informativeness_test: float | None
    """Mean of the test accuracy, over the same factors."""
    importance: Float[np.ndarray, "codes factors"]
    """Each column sums to 1, or to 0 where a factor cannot be told from any code."""
    constant_factors: tuple[int, ...]
    """Factors that do not vary in the training sample: their columns are 0, and take no part in D and C."""
    dead_codes: tuple[int, ...]
    """Codes that do not vary in the training sample: their rows are 0."""
    backend: Backend
    n_train: int
    n_test: int
    reason: str | None = None


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
    :func:`disentanglement` and :func:`completeness` read. Factors that do not vary in training have no importances and
    are left out, lest the entropies count them; disentanglement_lib fails on these. Its trees have no fixed seed; ours
    do. ``threads`` factors are fitted at a time, and the result does not depend on it.

    Source: Eastwood & Williams 2018, with the trees of Locatello et al. 2019.

    >>> values = np.indices((4, 4)).reshape(2, -1).T.repeat(4, axis=0)
    >>> result = dci(values, values, values, values)
    >>> round(result.disentanglement, 6), result.informativeness_test
    (1.0, 1.0)
    """
    split = codes, factors, _, answers = as_split(codes_train, factors_train, codes_test, factors_test)
    backend = available(backend)
    fits = fit_trees(problems(*split), backend, seed, threads)
    importance = np.stack([fit.importance for fit in fits], axis=1)
    varies = varying(factors)
    told = varies | (answers != factors[0]).any(axis=0)  # a value that training never saw is told wrong, and counts
    some = bool(varies.any())
    return DCI(
        disentanglement=disentanglement(importance[:, varies]) if some else None,
        completeness=completeness(importance[:, varies]) if some else None,
        informativeness_train=float(np.mean([fits[k].train_accuracy for k in np.flatnonzero(told)])) if some else None,
        informativeness_test=float(np.mean([fits[k].test_accuracy for k in np.flatnonzero(told)])) if some else None,
        importance=importance,
        constant_factors=tuple(np.flatnonzero(~varies).tolist()),
        dead_codes=tuple(np.flatnonzero(~varying(codes)).tolist()),
        backend=backend,
        n_train=len(codes),
        n_test=len(answers),
        reason=None if some else "no factor varies in the training sample",
    )
