"""Plain functions: arrays to numbers."""

from metaprior.metrics.boosted_dci import DCI, dci
from metaprior.metrics.boosting import Backend
from metaprior.metrics.importance import completeness, disentanglement
from metaprior.metrics.information import discretise, entropy, mutual_information
from metaprior.metrics.majority_vote import MajorityVote, Represent, Votes, factor_vae_score, factor_vae_score_finite
from metaprior.metrics.mutual_information_gap import InformationGap, mig, mig_ceiling
from metaprior.metrics.table import METRICS, Metric
from metaprior.metrics.unsupervised import (
    Dependence,
    gaussian_total_correlation,
    gaussian_wasserstein_correlation,
    unsupervised_scores,
)

__all__ = [
    "DCI", "METRICS", "Backend", "Dependence", "InformationGap", "MajorityVote", "Metric", "Represent", "Votes",
    "completeness", "dci", "discretise", "disentanglement", "entropy", "factor_vae_score", "factor_vae_score_finite",
    "gaussian_total_correlation", "gaussian_wasserstein_correlation", "mig", "mig_ceiling", "mutual_information",
    "unsupervised_scores",
]  # fmt: skip
