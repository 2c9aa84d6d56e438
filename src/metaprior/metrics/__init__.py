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
from metaprior.metrics.unsupervised_ranking import Ranking, Similarity, udr

__all__ = [
    "DCI", "METRICS", "Backend", "Dependence", "InformationGap", "MajorityVote", "Metric", "Ranking", "Represent",
    "Similarity", "Votes", "completeness", "dci", "discretise", "disentanglement", "entropy", "factor_vae_score",
    "factor_vae_score_finite", "gaussian_total_correlation", "gaussian_wasserstein_correlation", "mig", "mig_ceiling",
    "mutual_information", "udr", "unsupervised_scores",
]  # fmt: skip
