"""Modularity: does each code tell one factor only? Explicitness: how well do the codes tell each value of a factor?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes, as_pair, as_split, varying
from metaprior.metrics.information import discretise, mutual_information
from metaprior.metrics.logistic import Variant, logistic_regression

NOTHING = 1e-12
"""Nats: plug-in informations below this are rounding, and the code tells nothing."""


@dataclass(frozen=True, eq=False)
class Modularity:
    """The score and what it was made of; ``value`` is None, with the reason, if fewer than two factors vary."""

    value: float | None
    """Mean over all codes, in which dead codes count 0."""
    live_value: float | None
    """Mean over the live codes only; None if there are none."""
    per_code: Float[np.ndarray, " codes"]
    mutual_information: Float[np.ndarray, "codes factors"]
    """Plug-in I(code; factor), nats."""
    dead_codes: tuple[int, ...]
    """Codes that tell nothing of any factor."""
    constant_factors: tuple[int, ...]
    """Factors left out because they do not vary in the sample."""
    n: int
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Explicitness:
    """Areas under the ROC curves and what they are of; ``value`` is None, with the reason, if no factor has one."""

    value: float | None
    """Mean over factors of the test area."""
    train_value: float | None
    per_factor: tuple[float | None, ...]
    """Mean test area of the factor's values; None for a factor without any."""
    per_factor_train: tuple[float | None, ...]
    left_out: tuple[tuple[int, ...], ...]
    """For each factor, the values without a test area: those unseen in training, and those that no test row has."""
    constant_factors: tuple[int, ...]
    """Factors left out of the means because they do not vary in the training sample."""
    dead_codes: tuple[int, ...]
    """Codes that do not vary in the training sample, which tell nothing and are not used."""
    variant: Variant
    n_train: int
    n_test: int
    reason: str | None = None


def modularity(codes: Array, factors: Array, bins: int = 20) -> Modularity:
    """Modularity of codes N×D, cut into ``bins`` bins of equal width, about factors N×F: :func:`modularity_per_code`.

    Dead codes count 0 in the mean, as in the study, so that a model that leaves codes unused scores low for that
    alone; ``live_value`` is the mean without them. Factors that do not vary in the sample are left out.

    Source: Ridgeway & Mozer 2018, with the estimator of Locatello et al. 2019.

    >>> values = np.indices((4, 4)).reshape(2, -1).T
    >>> modularity(values, values).value
    1.0
    """
    codes, factors = as_pair(codes, factors)
    information, _ = mutual_information(discretise(codes, bins), factors)
    varies = varying(factors)
    live = information.max(axis=1) > NOTHING
    enough = varies.sum() > 1
    per_code = modularity_per_code(information[:, varies]) if enough else np.zeros(codes.shape[1])
    return Modularity(
        value=float(per_code.mean()) if enough else None,
        live_value=float(per_code[live].mean()) if enough and live.any() else None,
        per_code=per_code,
        mutual_information=information,
        dead_codes=tuple(np.flatnonzero(~live).tolist()),
        constant_factors=tuple(np.flatnonzero(~varies).tolist()),
        n=len(codes),
        reason=None if enough else "modularity compares factors, and fewer than two vary in this sample",
    )


def modularity_per_code(information: Array) -> Float[np.ndarray, " codes"]:
    r"""How far each code is from telling of its best factor only.

    .. math:: 1 - \frac{\sum_k I_{ik}^2 - \max_k I_{ik}^2}{(F - 1) \max_k I_{ik}^2}

    ``information`` I is codes×factors: mutual informations, or any importances. A code without any scores 0.

    >>> modularity_per_code([[1, 0], [0, 1], [0, 0]]).tolist()
    [1.0, 1.0, 0.0]
    >>> modularity_per_code([[1.0, 1.0, 1.0]]).tolist()
    [0.0]
    """
    squares = np.square(as_codes(information, "informations").astype(np.float64))
    if squares.shape[1] < 2:
        raise MetapriorError("modularity compares factors, and there is one only")
    best, live = squares.max(axis=1), squares.max(axis=1) > NOTHING**2
    others = np.divide(squares.sum(axis=1) - best, best, out=np.zeros_like(best), where=live)
    return np.where(live, 1 - others / (squares.shape[1] - 1), 0.0)


def explicitness(
    codes_train: Array, factors_train: Array, codes_test: Array, factors_test: Array, variant: Variant = "multinomial"
) -> Explicitness:
    """Explicitness of codes N×D about factors N×F: how well logistic regression ranks rows by each factor value.

    Codes are standardised by their training mean and standard deviation; a logistic regression (C = 1) predicts each
    factor; a value's area under the ROC curve is that of its probability, and a factor's is the mean over its values.
    0.5 is chance. Scores of different ``variant`` do not compare: near-ideal codes of dSprites have .98 by
    ``multinomial`` and .92 by ``ovr``, which the study of 2019 used.

    Values without an area are left out, and so are factors that do not vary in training and codes that are dead; the
    original fails on all of these.

    Source: Ridgeway & Mozer 2018, with the estimator of Locatello et al. 2019.

    >>> values = np.indices((4, 4)).reshape(2, -1).T
    >>> explicitness(values[:, :1], values[:, :1], values[:, :1], values[:, :1]).value
    1.0
    """
    codes, factors, test, answers = as_split(codes_train, factors_train, codes_test, factors_test)
    live = varying(codes)
    mean, scale = (moment(codes[:, live], axis=0, dtype=np.float64) for moment in (np.mean, np.std))
    codes, test = ((each[:, live] - mean) / scale for each in (codes, test))
    per_factor, per_factor_train, left_out = [], [], []
    varies = varying(factors)
    for factor, answer, v in zip(factors.T, answers.T, varies, strict=True):
        if not v:
            found = None, None, ()
        else:
            classifier = logistic_regression(codes, factor, variant)
            seen = roc_areas(classifier.probabilities(codes), classifier.classes, factor)
            fresh = roc_areas(classifier.probabilities(test), classifier.classes, answer)
            known = ~np.isnan(fresh)
            missing = np.setdiff1d(np.union1d(factor, answer), classifier.classes[known])
            found = float(fresh[known].mean()) if known.any() else None, float(seen.mean()), tuple(missing.tolist())
        for column, each in zip((per_factor, per_factor_train, left_out), found, strict=True):
            column.append(each)
    value, train_value = map(_mean, (per_factor, per_factor_train))
    reason = None if value is not None else "no value of a factor occurs in training and in some of the test rows"
    return Explicitness(
        value=value,
        train_value=train_value,
        per_factor=tuple(per_factor),
        per_factor_train=tuple(per_factor_train),
        left_out=tuple(left_out),
        constant_factors=tuple(np.flatnonzero(~varies).tolist()),
        dead_codes=tuple(np.flatnonzero(~live).tolist()),
        variant=variant,
        n_train=len(codes),
        n_test=len(test),
        reason=reason if varies.any() else "no factor varies in the training sample",
    )


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def roc_areas(
    scores: Float[np.ndarray, "classes n"], classes: Int[np.ndarray, " classes"], labels: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " classes"]:
    """Area under the ROC curve of each class's scores, ties counting half; NaN where no row or every row has the class.

    >>> roc_areas(np.array([[0.1, 0.2, 0.2, 0.3]]), np.array([1]), np.array([0, 0, 1, 1])).tolist()
    [0.875]
    """
    areas = np.full(len(classes), np.nan)
    for k, (ordered, value) in enumerate(zip(np.sort(scores, axis=1), classes, strict=True)):
        positive = np.sort(scores[k, labels == value])
        ones, others = len(positive), len(labels) - len(positive)
        if ones and others:
            twice = ordered.searchsorted(positive) + ordered.searchsorted(positive, side="right")
            areas[k] = (twice.sum() - ones**2) / (2 * ones * others)
    return areas
