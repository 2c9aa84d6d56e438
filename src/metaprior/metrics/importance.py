"""Disentanglement and completeness of a matrix that says how much each code matters for each factor."""

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes


def disentanglement(importance: Array) -> float:
    r"""Does each code matter for one factor only?

    .. math:: \sum_i \rho_i (1 - H_F(P_i)), \quad \rho_i \propto \sum_k R_{ik}

    ``importance`` R is codes×factors, non-negative; :math:`P_i` is its row i, renormalised, and :math:`H_F` the
    entropy to base F. All-zero importances weigh codes equally and score 0. With one factor every code that matters
    is disentangled: 1. Source: Eastwood & Williams 2018.

    >>> disentanglement([[1, 0], [0, 1], [0, 0]])
    1.0
    >>> disentanglement([[0, 0], [0, 0]])
    0.0
    """
    return _concentration(_checked(importance))


def completeness(importance: Array) -> float:
    r"""Does one code only matter for each factor?

    .. math:: \sum_k \rho_k (1 - H_D(P_k)), \quad \rho_k \propto \sum_i R_{ik}

    As :func:`disentanglement`, by columns: the entropy is to the base of the number of codes, so scores of
    representations of different lengths do not compare. Source: Eastwood & Williams 2018.

    >>> completeness([[1, 0], [0, 1], [0, 0]])
    1.0
    >>> round(completeness([[1, 0], [1, 0], [0, 1], [0, 1]]), 6)  # 1 - ln 2 / ln 4
    0.5
    """
    return _concentration(_checked(importance).T)


def _checked(importance: Array) -> Float[np.ndarray, "codes factors"]:
    matrix = as_codes(importance, "importances").astype(np.float64)
    if (matrix < 0).any():
        raise MetapriorError("importances must not be negative: take their absolute values first")
    return matrix


def _concentration(matrix: Float[np.ndarray, "rows columns"]) -> float:
    """1 − the entropy of each row to the base of its length, averaged with the rows' sums as weights."""
    from scipy.special import entr  # a third of a second of import, which lists of metrics need not wait for

    if not matrix.any():
        return 0.0
    if matrix.shape[1] == 1:
        return 1.0
    weight = matrix.sum(axis=1, keepdims=True)
    share = np.divide(matrix, weight, out=np.zeros_like(matrix), where=weight > 0)
    spread = entr(share).sum(axis=1) / np.log(matrix.shape[1])
    return float((weight[:, 0] * (1.0 - spread)).sum() / weight.sum())
