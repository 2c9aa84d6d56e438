"""Mutual information gap: does one code, and only one, tell each factor?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_pair, varying
from metaprior.metrics.information import discretise, entropy, mutual_information


@dataclass(frozen=True, eq=False)
class InformationGap:
    """The gap and what it was made of; ``value`` is None, with the reason, if every factor is constant."""

    value: float | None
    per_factor: tuple[float | None, ...]
    """The gap of each factor; None for a factor that is constant in the sample."""
    mutual_information: Float[np.ndarray, "codes factors"]
    """Plug-in I(code; factor), nats."""
    entropy: Float[np.ndarray, " factors"]
    """Plug-in H(factor), nats."""
    constant_factors: tuple[int, ...]
    """Factors left out of the mean because they do not vary in the sample."""
    dead_codes: tuple[int, ...]
    """Codes that do not vary in the sample, which tell nothing."""
    n: int
    reason: str | None = None


def mig(codes: Array, factors: Array, bins: int = 20) -> InformationGap:
    r"""Mutual information gap, averaged over the factors that vary in the sample.

    .. math:: \frac1F \sum_k \frac{I(z_{(1)}; v_k) - I(z_{(2)}; v_k)}{H(v_k)}

    ``codes`` N×D are cut into ``bins`` bins of equal width between the sample's extremes; ``factors`` N×F are indices.
    With a single code the runner-up is a code that tells nothing. A code that tells a factor of more than ``bins``
    values exactly still falls short of 1 (:func:`mig_ceiling`), and a small sample inflates every information.

    Source: Chen et al. 2018, with the estimator of Locatello et al. 2019. Their disentanglement_lib divides by
    zero when a factor is constant.

    >>> values = np.indices((4, 4)).reshape(2, -1).T
    >>> mig(values, values).value, mig(values.repeat(2, axis=1), values).value
    (1.0, 0.0)
    """
    codes, factors = as_pair(codes, factors)
    information, entropies = mutual_information(discretise(codes, bins), factors)
    ranked = np.sort(np.vstack([information, np.zeros_like(entropies)[None]]), axis=0)
    gaps = ranked[-1] - ranked[-2]
    varies = varying(factors)
    per_factor = tuple(float(g / h) if v else None for g, h, v in zip(gaps, entropies, varies, strict=True))
    kept = [gap for gap in per_factor if gap is not None]
    return InformationGap(
        value=float(np.mean(kept)) if kept else None,
        per_factor=per_factor,
        mutual_information=information,
        entropy=entropies,
        constant_factors=tuple(np.flatnonzero(~varies).tolist()),
        dead_codes=tuple(np.flatnonzero(~varying(codes)).tolist()),
        n=len(codes),
        reason=None if kept else "no factor varies in this sample",
    )


def mig_ceiling(factor_sizes: Sequence[int], bins: int = 20) -> float:
    """The MIG of exact scalar codes, one a factor, on a world with uniform factors.

    K equally spaced values that fall into fewer than K bins lose information: 1 for K ≤ 20, .812 for K = 40. A factor
    of one value has no gap and is left out. Pictures that are identical for different values lower what a model can
    reach further.

    >>> round(mig_ceiling((3, 6, 40, 32, 32)), 3)
    0.902
    """
    ceilings = []
    for size in factor_sizes:
        if size > 1:
            occupied = np.bincount(discretise(np.arange(size, dtype=np.float64)[:, None], bins)[:, 0])
            ceilings.append(float(entropy(occupied)) / np.log(size))
    if not ceilings:
        raise MetapriorError(f"no factor of sizes {tuple(factor_sizes)} varies, so there is no gap to bound")
    return float(np.mean(ceilings))
