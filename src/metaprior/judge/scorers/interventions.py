"""Scores from draws in which one factor is held fixed."""

from metaprior.judge.draws import Codes
from metaprior.judge.scorers.found import Found, scored
from metaprior.judge.settings import Settings
from metaprior.metrics import beta_vae_score_of, factor_vae_score_of, irs


def score_factor_vae(codes: Codes, settings: Settings, seed: int) -> Found:
    """The FactorVAE score: votes on held factors."""
    votes = settings.votes
    vote = factor_vae_score_of(codes.interventions(seed), votes, seed)
    drawn = votes.variance_rows + (votes.train + votes.test) * votes.batch
    score = scored(
        codes, settings, vote.value, vote.n, drawn, vote.reason,
        train=vote.train_value, active_codes=vote.num_active, batch=votes.batch,
    )  # fmt: skip
    return Found({"factor_vae_score": score}, {"factor_vae_votes": (vote.votes.T, "votes")})


def score_beta_vae(codes: Codes, settings: Settings, seed: int) -> Found:
    """The BetaVAE score: a linear classifier on how much the codes of pairs differ."""
    points = settings.points
    found = beta_vae_score_of(codes.interventions(seed), points, seed)
    drawn = 2 * (points.train + points.test) * points.batch
    score = scored(
        codes, settings, found.value, found.n, drawn, found.reason,
        train=found.train_value, classifier=f"logistic regression, {found.variant}", batch=points.batch,
    )  # fmt: skip
    return Found({"beta_vae_score": score})


def score_irs(codes: Codes, settings: Settings, seed: int) -> Found:
    """Interventional robustness on ``train`` examples, grouped by the value of each factor."""
    found = irs(*codes.sample(settings.train, seed), bins=settings.bins)
    score = scored(
        codes, settings, found.value, found.n, reason=found.reason,
        active_codes=found.num_active, parents=found.parents, constant_factors=found.constant_factors,
    )  # fmt: skip
    return Found({"irs": score}, {"irs": (found.robustness, "robustness")})
