"""A paper's claims as runnable experiments, one module a paper."""

from metaprior.papers import disentangle
from metaprior.papers.claim import Claim, Experiment, Scale, check, together

PAPERS: dict[str, dict[str, Claim]] = {"disentangle": disentangle.CLAIMS}

__all__ = ["PAPERS", "Claim", "Experiment", "Scale", "check", "together"]
