"""What a study shows: plain functions on arrays of its scores, the measures of the disentanglement papers' claims.

Models are rows and larger test scores are better. A score that a model lacks is None or NaN, as is one that is not
finite, and the model is left out where the score is needed; a number that cannot be computed is NaN.
"""

from metaprior.study.analysis.arrays import arranged
from metaprior.study.analysis.comparison import Comparison, Picked, paired_comparison, pick, selected, top_share
from metaprior.study.analysis.correlation import (
    Intervals,
    rank_correlation,
    rank_correlation_intervals,
    rank_correlations,
)
from metaprior.study.analysis.transfer import Transfer, TransferTable, transfer, transfer_table
from metaprior.study.analysis.variance import ExplainedVariance, explained_variance

__all__ = [
    "Comparison", "ExplainedVariance", "Intervals", "Picked", "Transfer", "TransferTable", "arranged",
    "explained_variance", "paired_comparison", "pick", "rank_correlation", "rank_correlation_intervals",
    "rank_correlations", "selected", "top_share", "transfer", "transfer_table",
]  # fmt: skip
