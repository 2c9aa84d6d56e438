"""Unsupervised scores: how far codes are from independent of each other, without a look at any factor."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, as_codes, varying
from metaprior.metrics.information import discretise, mutual_information


@dataclass(frozen=True, eq=False)
class Dependence:
    """Four scores, 0 for independent codes; ``reason`` says why one that is None cannot be computed."""

    gaussian_total_correlation: float | None
    """Nats, over the codes that vary."""
    gaussian_wasserstein_correlation: float | None
    """In squared units of the codes."""
    gaussian_wasserstein_correlation_normalised: float | None
    """The same, of the codes' total variance: free of their unit."""
    mutual_info_score: float | None
    """Mean over pairs of codes, nats, over all codes."""
    covariance: Float[np.ndarray, "codes codes"]
    mutual_information: Float[np.ndarray, "codes codes"]
    """Plug-in I(code; code), nats, with zeros on the diagonal."""
    dead_codes: tuple[int, ...]
    """Codes that do not vary in the sample."""
    n: int
    reason: str | None = None


def unsupervised_scores(codes: Array, bins: int = 20) -> Dependence:
    """Total correlation and Wasserstein correlation of the Gaussian with the codes' covariance, and mutual information.

    ``codes`` are N×D. A dead code is independent of every other and adds nothing to the total correlation, which is
    therefore that of the live codes; disentanglement_lib takes the logarithm of its variance 0. Live codes that depend
    on each other linearly would make it infinite, and it is None. The mutual information of ``bins`` bins of equal
    width is averaged over all pairs, those with dead codes included, and is not normalised; a sample of N inflates
    that of a pair by about (bins − 1)² / 2N.

    Source: Locatello et al. 2019.

    >>> result = unsupervised_scores(np.indices((20, 20)).reshape(2, -1).T)
    >>> result.gaussian_total_correlation, result.gaussian_wasserstein_correlation, result.mutual_info_score
    (0.0, 0.0, 0.0)
    """
    values = as_codes(codes)
    live = varying(values)
    dead = tuple(np.flatnonzero(~live).tolist())
    nothing = np.zeros((len(live), len(live)))
    if not live.any():
        return Dependence(None, None, None, None, nothing, nothing, dead, len(values), "no code varies in this sample")
    covariance = nothing.copy()
    covariance[np.ix_(live, live)] = np.cov(values[:, live], rowvar=False, dtype=np.float64)
    total = gaussian_total_correlation(covariance[np.ix_(live, live)])
    distance = gaussian_wasserstein_correlation(covariance)
    binned = discretise(values, bins)
    information = mutual_information(binned, binned)[0]
    np.fill_diagonal(information, 0.0)
    pairs = len(live) * (len(live) - 1)
    reason = None if pairs else "a single code has no pairs"
    if np.isinf(total):
        reason = "live codes depend on each other linearly, so their total correlation is infinite"
    return Dependence(
        gaussian_total_correlation=None if np.isinf(total) else total,
        gaussian_wasserstein_correlation=distance,
        gaussian_wasserstein_correlation_normalised=distance / float(np.trace(covariance)),
        mutual_info_score=float(information.sum() / pairs) if pairs else None,
        covariance=covariance,
        mutual_information=information,
        dead_codes=dead,
        n=len(values),
        reason=reason,
    )


def gaussian_total_correlation(covariance: Float[np.ndarray, "codes codes"]) -> float:
    r"""KL(N(0, Σ) || N(0, diag Σ)) in nats: −½ log det of the correlation matrix; infinite where that is singular.

    Every variance must be positive.

    >>> round(gaussian_total_correlation(np.array([[4.0, 1.2], [1.2, 1.0]])), 6)  # −½ ln(1 − .6²)
    0.223144
    """
    deviation = np.sqrt(np.diag(covariance))
    spectrum = np.linalg.eigvalsh(covariance / np.outer(deviation, deviation))
    if spectrum[0] <= len(spectrum) * np.finfo(np.float64).eps * spectrum[-1]:
        return float("inf")
    return max(0.0, float(-0.5 * np.log(spectrum).sum()))


def gaussian_wasserstein_correlation(covariance: Float[np.ndarray, "codes codes"]) -> float:
    r"""Squared 2-Wasserstein distance from N(0, Σ) to N(0, diag Σ).

    .. math:: 2 \operatorname{tr} \Sigma - 2 \operatorname{tr} (S \Sigma S)^{1/2}, \quad S^2 = \mathrm{diag}\, \Sigma

    >>> gaussian_wasserstein_correlation(np.diag([4.0, 1.0, 0.0]))
    0.0
    """
    deviation = np.sqrt(np.diag(covariance))
    spectrum = np.linalg.eigvalsh(covariance * np.outer(deviation, deviation))
    return max(0.0, float(2 * np.trace(covariance) - 2 * np.sqrt(spectrum.clip(0)).sum()))
