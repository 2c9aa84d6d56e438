"""The Fréchet distance of two sets of features: FID where the features are the published Inception's."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes

ROUNDING = 1e-4
"""So much of its trace may a covariance miss from being positive semi-definite or symmetric: what float32 rounds."""
LARGEST = 1e70
"""Fourth powers of larger numbers leave float64."""


def frechet_distance(features: Array, other: Array) -> float:
    r"""Squared 2-Wasserstein distance between the normals that fit two sets of features, N×D and M×D.

    .. math:: |m_1 - m_2|^2 + \operatorname{tr} (\Sigma_1 + \Sigma_2 - 2 (\Sigma_1 \Sigma_2)^{1/2})

    In squared units of the features; covariances are the unbiased ones, as in FID. Fewer examples than features, and
    features that are constant or repeat each other, are no special case: nothing is added to a covariance. A finite
    sample makes the distance too large, by about C(1/N + 1/M), so compare distances of the same N and M only.

    Source: Heusel et al. 2017; Dowson & Landau 1982. Its name is FID for one published Inception network alone.

    >>> frechet_distance([[0.0], [2.0]], [[3.0], [7.0]])  # means 1 and 5, variances 2 and 8: 4² + (√2 − √8)²
    18.0
    """
    sets = [as_codes(each, name).astype(np.float64) for each, name in ((features, "features"), (other, "the others"))]
    if sets[0].shape[1] != sets[1].shape[1]:
        raise MetapriorError(f"the sets must have the same features, not {sets[0].shape[1]} and {sets[1].shape[1]}")
    if (few := min(map(len, sets))) < 2:
        raise MetapriorError(f"a covariance takes at least 2 examples of each set, not {few}")
    _require_moderate(sets)
    means = [each.mean(axis=0) for each in sets]
    return _distance(means[0] - means[1], *map(_factor_of_examples, sets, means))


def frechet_distance_of_normals(
    mean: Float[np.ndarray, " d"],
    covariance: Float[np.ndarray, "d d"],
    other_mean: Float[np.ndarray, " d"],
    other_covariance: Float[np.ndarray, "d d"],
) -> float:
    """The same distance between two normals, each a mean and a positive semi-definite covariance.

    >>> frechet_distance_of_normals(np.zeros(2), np.diag([4.0, 0.0]), np.ones(2), np.diag([1.0, 9.0]))
    12.0
    """
    given = [np.asarray(each, dtype=np.float64) for each in (mean, covariance, other_mean, other_covariance)]
    size = given[0].size
    if [each.shape for each in given] != [(size,), (size, size)] * 2:
        shapes = ", ".join(str(each.shape) for each in given)
        raise MetapriorError(f"a normal has a mean of D numbers and a covariance D×D; these have shapes {shapes}")
    _require_moderate(given)
    return _distance(given[0] - given[2], _factor(given[1]), _factor(given[3]))


def _distance(gap: Float[np.ndarray, " d"], factor: Float[np.ndarray, "r d"], other: Float[np.ndarray, "s d"]) -> float:
    """The distance by the gap of the means and factors F of the covariances, FᵀF = Σ."""
    root = _nuclear_norm(factor @ other.T, len(gap))
    return max(0.0, float(gap @ gap + np.square(factor).sum() + np.square(other).sum() - 2 * root))


def _nuclear_norm(product: Float[np.ndarray, "r s"], size: int) -> float:
    """tr (Σ1 Σ2)^½: the sum of the singular values of F1 F2ᵀ, whatever the factors.

    Where both covariances are regular, a symmetric eigenvalue problem gives them in a third of the time: pivoting has
    graded the factors, so that small ones keep their digits. Squaring a zero of a singular product would leave 1e-8.
    """
    if product.shape == (size, size):
        return float(np.sqrt(np.linalg.eigvalsh(product @ product.T).clip(0)).sum())
    return float(np.linalg.svd(product, compute_uv=False).sum())


def _factor_of_examples(examples: Float[np.ndarray, "n d"], mean: Float[np.ndarray, " d"]) -> Float[np.ndarray, "r d"]:
    """A factor of the covariance of examples.

    Of no more examples than features it is the centred examples themselves, turned so that one of them is 0, and left
    out: a reflection takes (1, …, 1), to which they are orthogonal, to the first axis.
    """
    count, size = examples.shape
    centred = (examples - mean) / np.sqrt(count - 1)
    return centred[1:] + centred[0] / (np.sqrt(count) - 1) if count <= size else _factor(centred.T @ centred)


def _factor(covariance: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "rank d"]:
    """F of full row rank with FᵀF = Σ: Cholesky with pivoting, which ends where what is left is rounding alone."""
    from scipy.linalg.lapack import dpstrf  # pyright: ignore[reportAttributeAccessIssue] - made at import

    rounding = max(len(covariance), 32) * np.finfo(np.float64).eps * np.diag(covariance).max()
    found, order, rank, _ = dpstrf(covariance, tol=rounding)
    factor = np.empty((rank, len(covariance)))
    factor[:, order - 1] = np.triu(found[:rank])
    trace = np.trace(covariance)
    missed = abs(trace - np.square(factor).sum()) + np.abs(covariance - covariance.T).max()
    if missed > ROUNDING * max(trace, 0.0):
        raise MetapriorError("a covariance must be symmetric and positive semi-definite, and one of these is not")
    return factor


def _require_moderate(arrays: Sequence[np.ndarray]) -> None:
    largest = float(np.max([np.abs(each).max() for each in arrays]))
    if not largest <= LARGEST:  # nor NaN
        raise MetapriorError(f"a Fréchet distance takes numbers up to {LARGEST:g}, and these reach {largest:g}")
