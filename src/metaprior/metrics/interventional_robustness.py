"""IRS: does a code stay where it is when every factor but one is changed?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_pair, varying
from metaprior.metrics.information import discretise


@dataclass(frozen=True, eq=False)
class InterventionalRobustness:
    """The score and what it was made of; ``value`` is None, with the reason, if every factor is constant."""

    value: float | None
    """Mean over the codes that vary, weighted by their greatest deviations; 0 if none varies."""
    per_code: tuple[float | None, ...]
    """Robustness of each code given its parent; None for a code that does not vary."""
    parents: tuple[int | None, ...]
    """The factor that leaves each code the most robust to changes of the others."""
    robustness: Float[np.ndarray, "codes factors"]
    """1 − how far a code strays while a factor is held, of its greatest deviation; 0 for constant codes and factors."""
    max_deviation: Float[np.ndarray, " codes"]
    """Greatest distance of each code from its mean."""
    constant_factors: tuple[int, ...]
    """Factors that do not vary in the sample, which are nobody's parents."""
    n: int
    reason: str | None = None

    @property
    def num_active(self) -> int:
        """How many codes vary; disentanglement_lib reports the sum of their values."""
        return sum(score is not None for score in self.per_code)


def irs(codes: Array, factors: Array, bins: int = 20, quantile: float = 0.99) -> InterventionalRobustness:
    r"""Interventional robustness score of codes N×D about factors N×F, cut into ``bins`` bins of equal width.

    .. math:: \mathrm{IRS}_{ik} = 1 - \frac{\operatorname{mean}_v Q(|z_i - E[z_i|v_k = v]|)}{\max |z_i - E z_i|}

    Q is the ``quantile`` over the rows in which factor k has the value v, and values count alike however often they
    occur. A code's score is that of its best factor, its parent. Constant codes have no part. Codes that tell nothing
    still score well above 0, since few rows come near the extremes: .36 for normal noise and 10,000 rows. The paper
    takes the greatest deviation (``quantile`` 1), the study the 0.99 quantile.

    Source: Suter et al. 2019, with the estimator of Locatello et al. 2019.

    >>> factors = np.indices((4, 4)).reshape(2, -1).T
    >>> result = irs(factors, factors)
    >>> result.value, result.parents
    (1.0, (0, 1))
    """
    if not 0 < quantile <= 1:
        raise MetapriorError(f"quantile must be above 0 and at most 1, not {quantile}")
    codes, factors = as_pair(codes, factors)
    moving, varies = varying(codes), varying(factors)
    live = np.ascontiguousarray(codes[:, moving].T, dtype=np.float64)
    furthest = np.abs(live - live.mean(axis=1, keepdims=True)).max(axis=1)
    robustness = np.zeros((len(moving), len(varies)))
    above = (factors - factors.min(axis=0))[:, varies].view(np.uint64)  # exact, however large the numbers
    binned = discretise(above.astype(np.float64), bins)
    for k, held in zip(np.flatnonzero(varies), binned.T, strict=True):
        order = held.argsort(kind="stable")
        groups = np.split(live[:, order], np.flatnonzero(np.diff(held[order])) + 1, axis=1)
        strays = [np.quantile(np.abs(g - g.mean(axis=1, keepdims=True)), quantile, axis=1) for g in groups]
        robustness[moving, k] = 1 - np.mean(strays, axis=0) / furthest
    candidates = np.flatnonzero(varies)
    parents = candidates[robustness[:, candidates].argmax(axis=1)] if len(candidates) else np.zeros(len(moving), int)
    per_code = robustness[np.arange(len(moving)), parents]
    max_deviation = np.zeros(len(moving))
    max_deviation[moving] = furthest
    value = float(np.average(per_code, weights=max_deviation)) if moving.any() else 0.0
    return InterventionalRobustness(
        value=value if len(candidates) else None,
        per_code=tuple(float(score) if m else None for score, m in zip(per_code, moving, strict=True)),
        parents=tuple(int(parent) if m else None for parent, m in zip(parents, moving, strict=True)),
        robustness=robustness,
        max_deviation=max_deviation,
        constant_factors=tuple(np.flatnonzero(~varies).tolist()),
        n=len(codes),
        reason=None if len(candidates) else "no factor varies in this sample",
    )
