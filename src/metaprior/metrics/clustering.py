"""How well do clusters, found without labels, agree with classes? Four scores of a table of counts."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Int
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import as_factors, as_numpy

Indices: TypeAlias = Tensor | np.ndarray | Sequence[int]
"""A whole number of each of N examples."""


def cluster_accuracy(clusters: Indices, labels: Indices) -> float:
    r"""The share of examples whose cluster stands for their class, where each class is given one cluster at most.

    .. math:: \max_m \frac1N \sum_n [m(c_n) = y_n]

    over one-to-one m, by the Hungarian algorithm. Clusters beyond the number of classes stand for none, so that all
    that is in them is wrong. An example of label -1 is left out, here and in the other scores.

    Source: Xie et al. 2016 (unsupervised clustering accuracy); Kuhn 1955.

    >>> cluster_accuracy([2, 2, 0, 0, 0, 1], [0, 0, 1, 1, 0, 1])
    0.6666666666666666
    """
    from scipy.optimize import linear_sum_assignment

    counts = contingency(clusters, labels)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / counts.sum())


def purity(clusters: Indices, labels: Indices) -> float:
    r"""The share of examples that are of the commonest class in their cluster: many clusters may stand for one class.

    .. math:: \frac1N \sum_k \max_y n_{ky}

    It grows with the number of clusters, to 1 where each example is its own, so compare it at one number of clusters,
    and at few of them. Makhzani et al. 2016 name a cluster otherwise, from memory: by the class of the one example that
    is most probable in it, which is right less often, or as often.

    Source: Manning, Raghavan & Schütze 2008, section 16.3.

    >>> purity([2, 2, 0, 0, 0, 1], [0, 0, 1, 1, 0, 1])
    0.8333333333333334
    """
    counts = contingency(clusters, labels)
    return float(counts.max(axis=1).sum() / counts.sum())


def normalised_mutual_information(clusters: Indices, labels: Indices) -> float:
    """I(cluster; class) over the mean of both entropies: 0 for independent ones, 1 where each tells the other.

    It is not corrected for chance: of few examples and many clusters it is above 0 for clusters drawn at random. One
    cluster of one class scores 1.

    Source: Strehl & Ghosh 2002, with the arithmetic mean, as in scikit-learn.

    >>> normalised_mutual_information([1, 1, 0, 0], [0, 0, 1, 1]), normalised_mutual_information([0, 1], [0, 0])
    (1.0, 0.0)
    """
    from sklearn.metrics import normalized_mutual_info_score

    clusters, labels = _known(clusters, labels)
    return float(normalized_mutual_info_score(labels, clusters))


def adjusted_rand_index(clusters: Indices, labels: Indices) -> float:
    """How often pairs are together, or apart, in clusters as in classes, corrected for chance.

    On average 0 for clusters drawn at random with these sizes, and then below 0 as often as above; 1 at most.

    Source: Hubert & Arabie 1985.

    >>> adjusted_rand_index([1, 1, 0, 0], [0, 0, 1, 1]), adjusted_rand_index([0, 1, 0, 1], [0, 0, 1, 1])
    (1.0, -0.5)
    """
    from sklearn.metrics import adjusted_rand_score

    clusters, labels = _known(clusters, labels)
    return float(adjusted_rand_score(labels, clusters))


def contingency(clusters: Indices, labels: Indices) -> Int[np.ndarray, "k y"]:
    """How many examples each cluster has of each class, those of label -1 left out; only what occurs has a place.

    >>> contingency([7, 7, 3], [0, 1, 1]).tolist()
    [[0, 1], [1, 1]]
    """
    numbered = [np.unique(each, return_inverse=True)[1] for each in _known(clusters, labels)]
    counts = np.zeros([each.max() + 1 for each in numbered], dtype=np.int64)
    np.add.at(counts, tuple(numbered), 1)
    return counts


def _known(clusters: Indices, labels: Indices) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Both columns of the examples that have a label."""
    found, truth = (_column(each, name) for each, name in ((clusters, "clusters"), (labels, "labels")))
    if len(found) != len(truth):
        raise MetapriorError(f"there are {len(found)} clusters and {len(truth)} labels; give one of each an example")
    known = truth != -1
    if not known.any():
        raise MetapriorError("clusters are judged by labels, and no example has one")
    return found[known], truth[known]


def _column(values: Indices, name: str) -> Int[np.ndarray, " n"]:
    column = as_numpy(values)  # pyright: ignore[reportArgumentType] - of rows there, but any sequence will do
    if column.ndim != 1:
        raise MetapriorError(f"{name} must be one whole number an example; these have shape {column.shape}")
    return as_factors(column[:, None], name)[:, 0]
