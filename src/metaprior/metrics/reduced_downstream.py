"""Reduced downstream accuracy: how well is a factor told without the codes that matter most for it?"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, as_split, at_least_one, varying
from metaprior.metrics.boosting import Backend, Fit, available, fit_trees, problem

Codes: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ReducedDownstream:
    """Test accuracies without some codes; with the reason, ``reduced`` is None where none can be taken away, and
    ``others`` also where a single factor varies.
    """

    reduced: float | None
    """Of the factor whose codes were taken away, mean over factors: low where no other code tells it."""
    others: float | None
    """Of the other factors, mean over all pairs: high where the codes taken away told one factor only."""
    accuracy: Float[np.ndarray, "reduced predicted"]
    """Of each factor (column) without the codes that matter most for one (row)."""
    full: Float[np.ndarray, " factors"]
    """Of each factor with all codes."""
    removed: tuple[Codes, ...]
    """The codes taken away for each factor, the first the most important."""
    constant_factors: tuple[int, ...]
    """Factors that do not vary in the training sample: they have no important codes, and are left out of the means."""
    backend: Backend
    n_train: int
    n_test: int
    reason: str | None = None


def reduced_downstream_accuracy(
    codes_train: Array,
    factors_train: Array,
    codes_test: Array,
    factors_test: Array,
    remove: int = 1,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> ReducedDownstream:
    """Take a factor's ``remove`` most important codes away and tell all factors from the others, for each factor.

    Codes are N×D and factors N×F. Importances are those of :func:`dci`, computed anew after each code that goes. This
    takes F² + F fits and more where DCI takes F. ``threads`` fits are made at a time, which does not change the result.

    Source: ``reduced_downstream_task`` of disentanglement_lib, which tries it on 100 examples.

    >>> values = np.indices((4, 4)).reshape(2, -1).T.repeat(4, axis=0)
    >>> result = reduced_downstream_accuracy(values, values, values, values)
    >>> result.removed, result.reduced, result.others
    (((0,), (1,)), 0.25, 1.0)
    """
    codes, factors, test_codes, test_factors = as_split(codes_train, factors_train, codes_test, factors_test)
    at_least_one(remove=remove)
    backend, every, whole = available(backend), range(factors.shape[1]), tuple(range(codes.shape[1]))
    varies = np.flatnonzero(varying(factors)).tolist()
    constant = tuple(sorted(set(every) - set(varies)))
    accuracy = np.full((len(every), len(every)), np.nan)
    left: list[Codes] = [whole] * len(every)
    removed: list[Codes] = [()] * len(every)
    reason = None if varies else "no factor varies in the training sample"
    if remove >= len(whole):
        reason = f"of {len(whole)} codes nothing is left when {remove} are taken away"
    if reason:
        n, m = len(codes), len(test_codes)
        return ReducedDownstream(None, None, accuracy, accuracy[0], tuple(removed), constant, backend, n, m, reason)
    known: dict[tuple[Codes, int], Fit] = {}

    def fit(tasks: Iterable[tuple[Codes, int]]) -> list[Fit]:
        """Trees that tell a factor from some of the codes; those that are known are not grown again."""
        asked = list(tasks)
        new = [task for task in dict.fromkeys(asked) if task not in known]
        told = [
            problem(codes[:, list(kept)], factors[:, k], test_codes[:, list(kept)], test_factors[:, k])
            for kept, k in new
        ]
        known.update(zip(new, fit_trees(told, backend, seed, threads), strict=True))
        return [known[task] for task in asked]

    full = np.array([one.test_accuracy for one in fit((whole, k) for k in every)])
    for _ in range(remove):
        for k, trees in zip(varies, fit((left[k], k) for k in varies), strict=True):
            code = left[k][int(trees.importance.argmax())]
            left[k], removed[k] = tuple(i for i in left[k] if i != code), (*removed[k], code)
    fits = fit(product([left[k] for k in varies], every))
    accuracy[varies] = np.reshape([one.test_accuracy for one in fits], (len(varies), len(every)))
    among = accuracy[np.ix_(varies, varies)]
    pairs = ~np.eye(len(varies), dtype=bool)
    return ReducedDownstream(
        reduced=float(np.diag(among).mean()),
        others=float(among[pairs].mean()) if pairs.any() else None,
        accuracy=accuracy,
        full=full,
        removed=tuple(removed),
        constant_factors=constant,
        backend=backend,
        n_train=len(codes),
        n_test=len(test_codes),
        reason=None if pairs.any() else f"only factor {varies[0]} varies in training, so there are no others",
    )
