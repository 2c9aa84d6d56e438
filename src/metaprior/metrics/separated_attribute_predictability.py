"""SAP: how much better is the best single code at predicting a factor than the second best?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, as_split, varying
from metaprior.metrics.squared_hinge import SortedCodes, separate

INVERSE_STRENGTH = 0.01


@dataclass(frozen=True, eq=False)
class AttributePredictability:
    """The gap and what it was made of; ``value`` is None, with the reason, if every factor is constant."""

    value: float | None
    per_factor: tuple[float | None, ...]
    """Best code's score less the second best's; None for a factor that is constant in the training sample."""
    scores: Float[np.ndarray, "codes factors"]
    """Test accuracy of each code on its own or, for continuous factors, squared correlation; 0 for constant factors."""
    constant_factors: tuple[int, ...]
    """Factors left out of the mean because they do not vary in the training sample."""
    dead_codes: tuple[int, ...]
    """Codes that do not vary in the training sample: at chance, or 0 for continuous factors."""
    continuous: bool
    n_train: int
    n_test: int
    reason: str | None = None


def sap(
    codes_train: Array, factors_train: Array, codes_test: Array, factors_test: Array, continuous: bool = False
) -> AttributePredictability:
    """Separated attribute predictability, averaged over the factors that vary in the training sample.

    Every code N×D on its own predicts every factor N×F by a linear support vector machine (squared hinge, C = 0.01,
    classes weighted to balance, one against the rest, as in scikit-learn's ``LinearSVC``); a cell is its test accuracy.
    With ``continuous``, factors may be real numbers, and a cell is the squared correlation in the training sample, 0
    where code or factor has a variance of at most 1e-12. The runner-up of a single code is a constant one.

    A line against the rest cannot single out a value in the middle, so a factor of many values is capped low, however
    exact its code: a standardised one reaches 1.0 for 3 values, .66 for 6 and .06 for 32, where chance is .03. Compare
    factor by factor. The penalty makes the score depend on the codes' scale.

    Source: Kumar et al. 2018, with the estimator of Locatello et al. 2019.

    >>> factors = np.indices((2, 2)).reshape(2, -1).T
    >>> sap(factors, factors, factors, factors).value, sap(factors, factors, factors, factors, continuous=True).value
    (0.5, 1.0)
    """
    codes, factors, test, answers = as_split(codes_train, factors_train, codes_test, factors_test, continuous)
    d, varies = codes.shape[1], varying(factors)
    if d == 1:
        codes, test = (np.hstack([each, np.zeros_like(each)]) for each in (codes, test))
    if continuous:
        scores = _squared_correlation(codes, factors)
    else:
        scores = np.zeros((codes.shape[1], factors.shape[1]))
        ordered = SortedCodes.of(codes)
        for k in np.flatnonzero(varies):
            scores[:, k] = _accuracies(ordered, factors[:, k], test, answers[:, k])
    ranked = np.sort(scores, axis=0)
    per_factor = tuple(
        float(best - second) if v else None for best, second, v in zip(ranked[-1], ranked[-2], varies, strict=True)
    )
    kept = [gap for gap in per_factor if gap is not None]
    return AttributePredictability(
        value=float(np.mean(kept)) if kept else None,
        per_factor=per_factor,
        scores=scores[:d],
        constant_factors=tuple(np.flatnonzero(~varies).tolist()),
        dead_codes=tuple(np.flatnonzero(~varying(codes[:, :d])).tolist()),
        continuous=continuous,
        n_train=len(codes),
        n_test=len(test),
        reason=None if kept else "no factor varies in the training sample",
    )


def _accuracies(ordered: SortedCodes, factor: np.ndarray, test: np.ndarray, answer: np.ndarray) -> list[float]:
    values, label = np.unique(factor, return_inverse=True)
    lines = separate(ordered, label, INVERSE_STRENGTH)
    return [float(np.mean(values[lines.predict(i, code)] == answer)) for i, code in enumerate(test.T)]


def _squared_correlation(
    codes: Float[np.ndarray, "n codes"], factors: Float[np.ndarray, "n factors"]
) -> Float[np.ndarray, "codes factors"]:
    scales = []
    codes, factors = (each - each.mean(axis=0, dtype=np.float64) for each in (codes, factors))
    for each in (codes, factors):
        variance = np.square(each).sum(axis=0) / max(len(each) - 1, 1)
        scales.append(np.where(variance > 1e-12, np.sqrt(variance), np.inf))
    return np.square(codes.T @ factors / max(len(codes) - 1, 1) / np.outer(*scales))
