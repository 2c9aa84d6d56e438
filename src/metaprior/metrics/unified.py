"""Unified scores: any matrix of how much each code tells of each factor, summed up in the way of any metric."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes
from metaprior.metrics.importance import completeness, disentanglement
from metaprior.metrics.modularity_explicitness import modularity_per_code


@dataclass(frozen=True, eq=False)
class Unified:
    """One matrix, summed up in each way."""

    disentanglement: float
    completeness: float
    mig: float | None
    """Best code less the second best, over the factor's entropy, mean over factors; None without the entropies."""
    sap: float
    """Best code less the second best, mean over factors."""
    modularity: float | None
    """Mean over all codes; None of a single factor."""
    area_precision: float
    merge_points: Float[np.ndarray, "factors factors"]

    @property
    def by_way(self) -> dict[str, float | None]:
        """The scores by the way in which the matrix was summed up."""
        return {
            "disentanglement": self.disentanglement,
            "completeness": self.completeness,
            "mig": self.mig,
            "sap": self.sap,
            "modularity": self.modularity,
            "area_precision": self.area_precision,
        }


def unified_scores(matrix: Array, entropy: Float[np.ndarray, " factors"] | None = None) -> Unified:
    """Sum up a matrix codes×factors as DCI, MIG, SAP and modularity do, and as the graph whose edges it weighs.

    The matrix is the importances of :func:`dci`, the informations of :func:`mig` or the accuracies of :func:`sap`. Each
    of these metrics is one matrix summed up in one way; the other pairs are scores too, to select models by. The
    ``entropy`` of the factors, in nats, is what :func:`mig` divides by; a factor without any is constant and left out.

    Source: ``unified_scores`` of disentanglement_lib.

    >>> scores = unified_scores([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> scores.disentanglement, scores.sap, scores.area_precision
    (1.0, 1.0, 2.0)
    """
    strength = _strengths(matrix)
    if entropy is not None:
        entropy = np.asarray(entropy, dtype=np.float64)
        if entropy.shape != strength.shape[1:] or not (entropy >= 0).all() or not entropy.any():
            raise MetapriorError(
                f"entropy must be {strength.shape[1]} numbers of at least 0, one a factor, and not all 0"
            )
        strength, entropy = strength[:, entropy > 0], entropy[entropy > 0]
    ranked = np.sort(np.vstack([strength, np.zeros(strength.shape[1])]), axis=0)  # a single code beats one without use
    gap = ranked[-1] - ranked[-2]
    return Unified(
        disentanglement=disentanglement(strength),
        completeness=completeness(strength),
        mig=None if entropy is None else float(np.mean(gap / entropy)),
        sap=float(gap.mean()),
        modularity=float(modularity_per_code(strength).mean()) if strength.shape[1] > 1 else None,
        area_precision=area_precision(strength),
        merge_points=merge_points(strength),
    )


def merge_points(matrix: Array) -> Float[np.ndarray, "factors factors"]:
    """At which strength two factors become one: they are connected by edges at least as strong, and by none stronger.

    The matrix codes×factors weighs the edges of a graph. The diagonal has the strongest edge of each factor. What codes
    keep apart merges late, at the strength of noise. disentanglement_lib draws these points as a dendrogram, and gives
    the edge's rank in place of its strength: ``(matrix > point).sum()``.

    >>> merge_points([[0.9, 0.2], [0.1, 0.7]]).tolist()
    [[0.9, 0.2], [0.2, 0.7]]
    """
    edges = _strengths(matrix)
    merged = np.minimum(edges[:, :, None], edges[:, None, :]).max(axis=0)
    for k in range(len(merged)):  # over chains of factors (Floyd & Warshall)
        merged = np.maximum(merged, np.minimum(merged[:, k, None], merged[k]))
    return merged


def area_precision(matrix: Array) -> float:
    """Area under the number of groups of connected factors and codes, as the graph takes in ever weaker edges.

    The number goes up when an edge is the first of its factor and its code, and down when it joins two groups; the area
    is over the strength, from the strongest to the weakest edge, and in units of the matrix. At best all factors have
    groups of their own until the weakest edge.

    >>> area_precision([[0.9, 0.0], [0.0, 0.9]]), area_precision([[0.9, 0.9], [0.0, 0.0]])
    (1.8, 0.9)
    """
    strength, merged = np.sort(_strengths(matrix), axis=None), merge_points(matrix)
    groups = []
    for threshold in strength:
        joined = (merged >= threshold) & (merged > 0)
        groups.append(len(np.unique(joined[np.diag(joined)], axis=0)))  # a row says whom a factor is joined with
    return float(np.trapezoid(groups, strength))


def _strengths(matrix: Array) -> Float[np.ndarray, "codes factors"]:
    strength = as_codes(matrix, "strengths").astype(np.float64)
    if (strength < 0).any():
        raise MetapriorError("strengths must not be negative: take their absolute values first")
    return strength
