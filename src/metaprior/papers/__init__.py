"""A paper's claims as runnable experiments, one module a paper."""

from metaprior.papers import ae_review, disentangle, vtab
from metaprior.papers.claim import Claim, Experiment, Scale, check, together

PAPERS: dict[str, dict[str, Claim]] = {
    "disentangle": disentangle.CLAIMS,
    "ae_review": ae_review.CLAIMS,
    "vtab": vtab.CLAIMS,
}

__all__ = ["PAPERS", "Claim", "Experiment", "Scale", "check", "together"]
