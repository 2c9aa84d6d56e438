"""Plain functions: one term of a loss each, with its equation, its source and its oracle."""

from metaprior.objectives.covariance import covariance, off_diagonal_penalty, unit_variance_penalty
from metaprior.objectives.likelihood import bernoulli_nll
from metaprior.objectives.pairs import adaptively_shared, average_of_posteriors, product_of_posteriors, shared_where
from metaprior.objectives.posterior import kl_between_normals, kl_normal, log_normal, sample_normal
from metaprior.objectives.supervised import (
    embedding_xent,
    normalised_factors,
    supervised_covariance,
    supervised_l2,
    supervised_l2_every_pair,
    supervised_xent,
)
from metaprior.objectives.total_correlation import (
    minibatch_total_correlation,
    ratio_loss,
    ratio_total_correlation,
)

__all__ = [
    "adaptively_shared", "average_of_posteriors", "bernoulli_nll", "covariance", "embedding_xent",
    "kl_between_normals", "kl_normal", "log_normal", "minibatch_total_correlation",
    "normalised_factors", "off_diagonal_penalty", "product_of_posteriors", "ratio_loss", "ratio_total_correlation",
    "sample_normal", "shared_where", "supervised_covariance", "supervised_l2", "supervised_l2_every_pair",
    "supervised_xent", "unit_variance_penalty",
]  # fmt: skip
