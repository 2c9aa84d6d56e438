"""Plain functions: arrays to numbers."""

from metaprior.metrics.boosted_dci import DCI, dci
from metaprior.metrics.boosting import Backend
from metaprior.metrics.clustering import adjusted_rand_index, cluster_accuracy, normalised_mutual_information, purity
from metaprior.metrics.downstream import Downstream, downstream_accuracy
from metaprior.metrics.fairness import Unfairness, unfairness, unfairness_finite, unfairness_of
from metaprior.metrics.frechet import frechet_distance, frechet_distance_of_normals
from metaprior.metrics.importance import completeness, disentanglement
from metaprior.metrics.information import discretise, entropy, mutual_information
from metaprior.metrics.interventional_robustness import InterventionalRobustness, irs
from metaprior.metrics.interventions import (
    Interventions,
    Represent,
    RowInterventions,
    WorldInterventions,
    on_rows,
    on_world,
)
from metaprior.metrics.logistic import Variant
from metaprior.metrics.majority_vote import (
    MajorityVote,
    Votes,
    factor_vae_score,
    factor_vae_score_finite,
    factor_vae_score_of,
)
from metaprior.metrics.modularity_explicitness import (
    Explicitness,
    Modularity,
    explicitness,
    modularity,
    modularity_per_code,
)
from metaprior.metrics.mutual_information_gap import InformationGap, mig, mig_ceiling
from metaprior.metrics.paired_differences import (
    PairedDifferences,
    Points,
    beta_vae_score,
    beta_vae_score_finite,
    beta_vae_score_of,
)
from metaprior.metrics.predictors import Predictor
from metaprior.metrics.reduced_downstream import ReducedDownstream, reduced_downstream_accuracy
from metaprior.metrics.separated_attribute_predictability import AttributePredictability, sap
from metaprior.metrics.strong_downstream import (
    Shift,
    StrongDownstream,
    strong_generalisation_gap,
    strong_generalisation_gap_finite,
    strong_generalisation_gap_of,
)
from metaprior.metrics.table import METRICS, Metric, less_is_better
from metaprior.metrics.unified import Unified, area_precision, merge_points, unified_scores
from metaprior.metrics.unsupervised import (
    Dependence,
    gaussian_total_correlation,
    gaussian_wasserstein_correlation,
    unsupervised_scores,
)
from metaprior.metrics.unsupervised_ranking import Ranking, Similarity, udr

__all__ = [
    "DCI", "METRICS", "AttributePredictability", "Backend", "Dependence", "Downstream", "Explicitness",
    "InformationGap", "InterventionalRobustness", "Interventions", "MajorityVote", "Metric", "Modularity",
    "PairedDifferences", "Points", "Predictor", "Ranking", "ReducedDownstream", "Represent", "RowInterventions",
    "Shift", "Similarity", "StrongDownstream", "Unfairness", "Unified", "Variant", "Votes", "WorldInterventions",
    "adjusted_rand_index", "area_precision", "beta_vae_score", "beta_vae_score_finite", "beta_vae_score_of",
    "cluster_accuracy", "completeness", "dci", "discretise", "disentanglement", "downstream_accuracy", "entropy",
    "explicitness", "factor_vae_score", "factor_vae_score_finite", "factor_vae_score_of", "frechet_distance",
    "frechet_distance_of_normals", "gaussian_total_correlation", "gaussian_wasserstein_correlation", "irs",
    "less_is_better", "merge_points", "mig", "mig_ceiling", "modularity", "modularity_per_code", "mutual_information",
    "normalised_mutual_information", "on_rows", "on_world", "purity", "reduced_downstream_accuracy", "sap",
    "strong_generalisation_gap", "strong_generalisation_gap_finite", "strong_generalisation_gap_of", "udr",
    "unfairness", "unfairness_finite", "unfairness_of", "unified_scores", "unsupervised_scores",
]  # fmt: skip
