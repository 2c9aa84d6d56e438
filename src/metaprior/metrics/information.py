"""Plug-in entropies and mutual informations of discretised codes and factors, in nats."""

import numpy as np
from jaxtyping import Float, Int

from metaprior.core import MetapriorError


def discretise(codes: Float[np.ndarray, "n codes"], bins: int = 20) -> Int[np.ndarray, "n codes"]:
    """Each code in ``bins`` bins of equal width between this sample's least and greatest value, numbered from 0.

    A value belongs to the last bin whose left edge does not exceed it, so the greatest falls into the last bin.
    Source: the histogram discretiser of the disentanglement studies (Locatello et al. 2019).

    >>> discretise(np.array([[0.0], [0.9], [1.0], [4.0]]), bins=4).ravel().tolist()
    [0, 0, 1, 3]
    """
    if bins < 1:
        raise MetapriorError(f"a code needs at least 1 bin, not {bins}")
    low, high = codes.min(axis=0), codes.max(axis=0)
    edges = np.linspace(low, high, bins + 1, dtype=codes.dtype)[:-1]
    binned = np.empty(codes.shape, dtype=np.int64)
    for j in range(codes.shape[1]):  # a constant code has `bins` equal edges; it still falls into one bin
        binned[:, j] = edges[:, j].searchsorted(codes[:, j], side="right") - 1
    return binned


def entropy(counts: np.ndarray) -> np.ndarray:
    """Plug-in entropy in nats of each row of counts, over the last axis: ln n − Σ c ln c / n.

    >>> entropy(np.array([[2, 2], [4, 0]])).round(4).tolist()
    [0.6931, 0.0]
    """
    counts = counts.astype(np.float64)
    total = counts.sum(axis=-1)
    logs = np.log(counts, out=np.zeros_like(counts), where=counts > 0)
    found = np.log(total) - (counts * logs).sum(axis=-1) / total
    return np.where(counts.max(axis=-1) < total, found, 0.0)  # of a constant exactly 0, not a rounding error


def mutual_information(
    binned: Int[np.ndarray, "n codes"], factors: Int[np.ndarray, "n factors"]
) -> tuple[Float[np.ndarray, "codes factors"], Float[np.ndarray, " factors"]]:
    """I(code; factor) for every pair and H(factor), plug-in, in nats.

    I = H(code) + H(factor) − H(code, factor), each from counts. Bins are numbered from 0; factor values are any.

    >>> information, entropies = mutual_information(np.array([[0], [1]]), np.array([[5], [7]]))
    >>> information.round(4).tolist(), entropies.round(4).tolist()
    ([[0.6931]], [0.6931])
    """
    codes = binned.shape[1]
    bins = int(binned.max()) + 1
    place = binned + np.arange(codes) * bins
    code_entropy = entropy(np.bincount(place.ravel(), minlength=codes * bins).reshape(codes, bins))
    information = np.empty((codes, factors.shape[1]))
    factor_entropy = np.empty(factors.shape[1])
    for k in range(factors.shape[1]):
        value = np.unique(factors[:, k], return_inverse=True)[1]
        values = int(value.max()) + 1
        pairs = np.bincount((place * values + value[:, None]).ravel(), minlength=codes * bins * values)
        factor_entropy[k] = entropy(np.bincount(value))
        information[:, k] = code_entropy + factor_entropy[k] - entropy(pairs.reshape(codes, bins * values))
    return np.maximum(information, 0.0), factor_entropy
