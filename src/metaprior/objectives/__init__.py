"""Plain functions: one term of a loss each, with its equation, its source and its oracle."""

from metaprior.objectives.aggregate import Aggregate, aggregate, mss_log_weights, mws_log_weights
from metaprior.objectives.categorical import (
    categorical_nll,
    categorical_nll_of_others,
    enumerated_bound,
    kl_categorical,
    sample_categorical,
    sample_concrete,
)
from metaprior.objectives.contraction import squared_jacobian
from metaprior.objectives.covariance import covariance, off_diagonal_penalty, unit_variance_penalty
from metaprior.objectives.density_ratio import (
    discrimination_loss,
    jensen_shannon_bound,
    kl_by_ratio,
    non_saturating_loss,
)
from metaprior.objectives.discrepancy import discrepancy_of_means, fourier_features, mmd, mmd_of_groups
from metaprior.objectives.independence import hsic, unbiased_hsic
from metaprior.objectives.kernels import Kernel, imq, imq_of_scales, median_width, normal_width, rbf, squared_distances
from metaprior.objectives.likelihood import bernoulli_nll, normal_nll
from metaprior.objectives.pairs import adaptively_shared, average_of_posteriors, product_of_posteriors, shared_where
from metaprior.objectives.posterior import (
    importance_weighted_bound,
    kl_between_normals,
    kl_normal,
    log_normal,
    sample_normal,
)
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
    "Aggregate", "Kernel", "adaptively_shared", "aggregate", "average_of_posteriors", "bernoulli_nll",
    "categorical_nll", "categorical_nll_of_others", "covariance", "discrepancy_of_means", "discrimination_loss",
    "embedding_xent", "enumerated_bound", "fourier_features", "hsic", "importance_weighted_bound", "imq",
    "imq_of_scales", "jensen_shannon_bound", "kl_between_normals", "kl_by_ratio", "kl_categorical", "kl_normal",
    "log_normal", "median_width", "minibatch_total_correlation", "mmd", "mmd_of_groups", "mss_log_weights",
    "mws_log_weights", "non_saturating_loss", "normal_nll", "normal_width", "normalised_factors",
    "off_diagonal_penalty", "product_of_posteriors", "ratio_loss", "ratio_total_correlation", "rbf",
    "sample_categorical", "sample_concrete", "sample_normal", "shared_where", "squared_distances", "squared_jacobian",
    "supervised_covariance", "supervised_l2", "supervised_l2_every_pair", "supervised_xent", "unbiased_hsic",
    "unit_variance_penalty",
]  # fmt: skip
