"""Recent Advances in Autoencoder-Based Representation Learning (Tschannen et al. 2018): its map and its claims."""

from metaprior.papers.ae_review.tables import META_PRIORS, NEIGHBOURS, REVIEW, Work, meta_priors_of, to_come, works_of

__all__ = ["META_PRIORS", "NEIGHBOURS", "REVIEW", "Work", "meta_priors_of", "to_come", "works_of"]
