"""Scores from mutual informations of codes and factors, or of codes and codes."""

from metaprior.judge.draws import Codes, CodesOfWorld
from metaprior.judge.scorers.found import Found, scored
from metaprior.judge.settings import Settings
from metaprior.metrics import mig, mig_ceiling, unsupervised_scores


def score_mig(codes: Codes, settings: Settings, seed: int) -> Found:
    """MIG on ``train`` examples; on a world the ceiling of exact scalar codes comes with it."""
    gap = mig(*codes.sample(settings.train, seed), bins=settings.bins)
    bounded = isinstance(codes, CodesOfWorld) and gap.value is not None
    score = scored(
        codes, settings, gap.value, gap.n, reason=gap.reason,
        ceiling=mig_ceiling(codes.factor_sizes, settings.bins) if bounded else None,
        bins=settings.bins, entropy=gap.entropy.tolist(), constant_factors=gap.constant_factors,
        dead_codes=gap.dead_codes,
    )  # fmt: skip
    return Found({"mig": score}, {"mutual_information": (gap.mutual_information, "nats")})


def score_unsupervised(codes: Codes, settings: Settings, seed: int) -> Found:
    """The unsupervised scores of ``train`` examples; factors are not looked at."""
    found = unsupervised_scores(codes.sample(settings.train, seed)[0], settings.bins)
    values = {
        "gaussian_total_correlation": found.gaussian_total_correlation,
        "gaussian_wasserstein_correlation": found.gaussian_wasserstein_correlation,
        "gaussian_wasserstein_correlation_normalised": found.gaussian_wasserstein_correlation_normalised,
        "mutual_info_score": found.mutual_info_score,
    }
    return Found(
        {
            name: scored(codes, settings, value, found.n, reason=found.reason, dead_codes=found.dead_codes)
            for name, value in values.items()
        }
    )
