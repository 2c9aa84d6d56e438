"""UDR: do models of one recipe, trained from different seeds, find the same codes?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError, unknown
from metaprior.metrics.arrays import Array, as_codes, as_numpy, varying

Similarity: TypeAlias = Literal["lasso", "spearman"]

INFORMATIVE = 0.01
"""Codes whose mean divergence from the prior is not above so many nats tell nothing and take no part."""
ALPHA = 0.1


@dataclass(frozen=True, eq=False)
class Ranking:
    """A score for each model; ``scores`` are None, with the reason, where there is no other model to compare with."""

    scores: tuple[float, ...] | None
    """Greatest where every informative code has one counterpart in most other models: 1, or 1 − α with the lasso."""
    pairs: Float[np.ndarray, "models models"]
    """How alike two models are, the codes of the column's told from those of the row's; the diagonal is 0."""
    informative: tuple[tuple[int, ...], ...]
    """The codes of each model that take part."""
    similarity: Similarity
    n: int
    reason: str | None = None


def udr(codes: Sequence[Array], kl: Sequence[Array] | None, similarity: Similarity = "lasso") -> Ranking:
    r"""Unsupervised disentanglement ranking of M models by their codes of the same N images.

    ``codes`` are M matrices N×D (the posterior means) and ``kl`` M vectors D, the mean KL(q(z|x) || p(z)) of each code
    over the images in nats; without it (None) all codes take part. Standardised codes of one model are told from those
    of another by a linear model (``lasso``, α = 0.1) whose absolute coefficients are the similarities R of the codes,
    or R are the absolute rank correlations (``spearman``). Two models are as alike as

    .. math:: \frac12 \Big( \frac1B \sum_b \frac{(\max_a R_{ab})^2}{\sum_a R_{ab}}
              + \frac1A \sum_a \frac{(\max_b R_{ab})^2}{\sum_b R_{ab}} \Big),

    a code that nothing resembles counting 0. A model's score is the median over the others. A model without any
    informative code is like no other: 0.

    Source: Duan et al. 2020, with the two means of disentanglement_lib in place of one over A + B.

    >>> model = np.indices((6, 6)).reshape(2, -1).T
    >>> udr([model, -model[:, ::-1]], kl=None, similarity="spearman").pairs.round(6).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if similarity not in get_args(Similarity):
        raise unknown("similarity", similarity, get_args(Similarity))
    models = [as_codes(z, f"codes of model {i}").astype(np.float64) for i, z in enumerate(codes)]
    for i, (one, other) in enumerate(pairwise(models)):
        if len(one) != len(other):
            raise MetapriorError(
                f"models must encode the same images; {i} has {len(one)} rows and {i + 1} {len(other)}"
            )
    masks = [np.ones(z.shape[1], dtype=bool) for z in models] if kl is None else _informative(models, kl)
    kept = [z[:, mask] for z, mask in zip(models, masks, strict=True)]
    pairs = np.zeros((len(kept), len(kept)))
    if len(kept) > 1:
        similar = _lasso(kept) if similarity == "lasso" else _spearman(kept)
        ends = np.cumsum([z.shape[1] for z in kept])[:-1]
        blocks = [np.split(row, ends, axis=1) for row in np.split(similar, ends)]
        for i, j in permutations(range(len(kept)), 2):
            pairs[i, j] = (_one_to_one(blocks[i][j]) + _one_to_one(blocks[i][j].T)) / 2
    others = [np.delete(pairs[:, j], j) for j in range(len(kept))]
    return Ranking(
        scores=tuple(float(np.median(alike)) for alike in others) if len(kept) > 1 else None,
        pairs=pairs,
        informative=tuple(tuple(np.flatnonzero(mask).tolist()) for mask in masks),
        similarity=similarity,
        n=len(models[0]) if models else 0,
        reason=None if len(kept) > 1 else f"a ranking compares at least 2 models, and there is {len(kept)}",
    )


def _informative(models: list[np.ndarray], kl: Sequence[Array]) -> list[np.ndarray]:
    if len(kl) != len(models):
        raise MetapriorError(f"there are codes of {len(models)} models and divergences of {len(kl)}")
    masks = []
    for i, (model, divergence) in enumerate(zip(models, map(as_numpy, kl), strict=True)):
        if divergence.shape != model.shape[1:] or not np.isfinite(divergence).all():
            raise MetapriorError(
                f"kl of model {i} must be {model.shape[1]} numbers, the mean divergence of each code; "
                f"it has shape {divergence.shape}" + ("" if np.isfinite(divergence).all() else " and is not finite")
            )
        masks.append(divergence > INFORMATIVE)
    return masks


def _one_to_one(similar: Float[np.ndarray, "a b"]) -> float:
    """Mean over columns of max² / sum: 1 where each column has a single 1."""
    if not similar.size:
        return 0.0
    largest, total = similar.max(axis=0), similar.sum(axis=0)
    return float(np.divide(largest**2, total, out=np.zeros_like(total), where=total > 0).mean())


def _lasso(models: list[np.ndarray]) -> Float[np.ndarray, "all all"]:
    r"""|w| of all codes (columns) told from each model's codes (rows): :math:`|y - Xw|^2 / 2N + \alpha |w|_1`.

    One fit a model tells the codes of all models: three to five times as fast as one a pair.
    """
    from sklearn.linear_model import Lasso

    lasso = Lasso(alpha=ALPHA, fit_intercept=False, precompute=True, tol=1e-6, max_iter=10_000)
    targets = _standardised(np.hstack(models))
    weight = np.zeros((targets.shape[1], targets.shape[1]))
    ends = np.cumsum([model.shape[1] for model in models])
    for model, end in zip(models, ends, strict=True):
        codes = slice(end - model.shape[1], end)
        if model.size:
            weight[codes] = lasso.fit(targets[:, codes], targets).coef_.reshape(len(weight), -1).T
    return np.abs(weight)


def _spearman(models: list[np.ndarray]) -> Float[np.ndarray, "all all"]:
    from scipy.stats import rankdata

    ranks = _standardised(rankdata(np.hstack(models), axis=0))
    return np.abs(ranks.T @ ranks) / len(ranks)


def _standardised(codes: np.ndarray) -> np.ndarray:
    """Mean 0 and standard deviation 1, or 0 where a code is constant."""
    varies = varying(codes)
    spread = np.where(varies, codes.std(axis=0), 1)
    return np.where(varies, (codes - codes.mean(axis=0)) / spread, 0)
