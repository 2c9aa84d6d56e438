"""Plain functions: one term of a loss each, with its equation, its source and its oracle."""

from metaprior.objectives.likelihood import bernoulli_nll
from metaprior.objectives.posterior import kl_normal, sample_normal
from metaprior.objectives.supervised import normalised_factors, supervised_xent
from metaprior.objectives.total_correlation import gaussian_total_correlation, ratio_loss, ratio_total_correlation

__all__ = [
    "bernoulli_nll", "gaussian_total_correlation", "kl_normal", "normalised_factors", "ratio_loss",
    "ratio_total_correlation", "sample_normal", "supervised_xent",
]  # fmt: skip
