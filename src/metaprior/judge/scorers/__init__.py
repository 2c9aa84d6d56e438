"""The metrics as the disentanglement protocol computes them: how each draws, and what its scores are called."""

from metaprior.judge.scorers.downstream import (
    score_downstream,
    score_fairness,
    score_reduced_downstream,
    score_strong_downstream,
)
from metaprior.judge.scorers.found import Found, Scorer, Summary, scored
from metaprior.judge.scorers.information import score_mig, score_unsupervised
from metaprior.judge.scorers.interventions import score_beta_vae, score_factor_vae, score_irs
from metaprior.judge.scorers.predictors import score_dci, score_modularity_explicitness, score_sap
from metaprior.judge.scorers.unified import MADE_OF, score_unified

SCORERS: dict[str, Scorer] = {
    "mig": score_mig,
    "dci": score_dci,
    "factor_vae_score": score_factor_vae,
    "beta_vae_score": score_beta_vae,
    "modularity_explicitness": score_modularity_explicitness,
    "sap": score_sap,
    "irs": score_irs,
    "unsupervised": score_unsupervised,
    "downstream": score_downstream,
    "reduced_downstream": score_reduced_downstream,
    "strong_downstream": score_strong_downstream,
    "fairness": score_fairness,
}
"""The metrics of one model by name, each from its codes."""
SUMMARIES: dict[str, tuple[tuple[str, ...], Summary]] = {"unified": (MADE_OF, score_unified)}
"""The metrics that are made of others, with these."""

__all__ = ["SCORERS", "SUMMARIES", "Found", "Scorer", "Summary", "scored"]
