"""The disentanglement protocol: codes of a world, or of rows with known factors, judged by several metrics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from metaprior.core import MetapriorError, derived_seed, unknown
from metaprior.judge.codes import Codes, CodesOfRows, CodesOfWorld, Data, Model, codes_of
from metaprior.judge.features import Progress
from metaprior.judge.scores import Score, Scores, Table
from metaprior.metrics import Backend, Votes, dci, mig, mig_ceiling

FEW_ROWS = 1_000
"""Below so many rows a score is far from 0 by chance alone, and carries what chance gives."""


@dataclass(frozen=True)
class Settings:
    """How much to draw, and how to fit; the defaults are those of Locatello et al. 2019."""

    train: int = 10_000
    test: int = 5_000
    bins: int = 20
    votes: Votes = field(default_factory=Votes)
    backend: Backend = "lightgbm"
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("train", "test", "bins", "threads"):
            if getattr(self, name) < 1:
                raise MetapriorError(f"{name} must be at least 1, not {getattr(self, name)}")


def judge(
    model: Model,
    data: Data,
    *,
    metrics: Sequence[str] = ("mig", "dci", "factor_vae_score"),
    settings: Settings | None = None,
    model_name: str = "",
    data_name: str = "",
    batch: int = 512,
    progress: Progress | None = None,
) -> Scores:
    """Scores of a model, or of codes, on a world, a data set with factors, or factors N×F.

    On a world, samples are uniform draws with replacement and factors can be held fixed at will (protocol ``world``);
    on rows, metrics use those rows, two thirds to train and one to test where they train (protocol ``finite``), and a
    score on fewer than 1,000 rows comes with the ``chance`` that it must beat. Each metric has a stream of random
    numbers of its own, so a score does not depend on which others are asked for.

    >>> import numpy as np
    >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(8, axis=0)
    >>> judge(factors.astype(float), factors, metrics=["mig"])["mig"].value
    1.0
    """
    settings = settings or Settings()
    for name in metrics:
        if name not in JUDGES:
            raise unknown("metric", name, JUDGES)
    codes = codes_of(model, data, batch, progress)
    names = tuple(getattr(data, "factor_names", ())) or tuple(f"factor_{k}" for k in range(len(codes.factor_sizes)))
    scores: dict[str, Score] = {}
    tables: dict[str, Table] = {}
    for name in metrics:
        found = JUDGES[name](codes, settings, derived_seed(settings.seed, name) % 2**32)
        scores |= beside_chance(name, found.scores, codes, settings)
        tables |= {
            table: Table(values, tuple(f"code_{i}" for i in range(len(values))), names, unit)
            for table, (values, unit) in found.matrices.items()
        }
    return Scores(
        protocol="disentanglement",
        scores=scores,
        model=model_name or type(model).__name__,
        data=data_name or getattr(data, "name", "") or type(data).__name__,
        tables=tables,
    )


@dataclass(frozen=True, eq=False)
class Found:
    """Scores of one metric, and the matrices codes×factors behind them, each with its unit."""

    scores: Mapping[str, Score]
    matrices: Mapping[str, tuple[np.ndarray, str]]


def beside_chance(name: str, scores: Mapping[str, Score], codes: Codes, settings: Settings) -> dict[str, Score]:
    """Scores on few rows beside those that the same codes get when the factors' rows are permuted, once."""
    few = [key for key, score in scores.items() if score.rows is not None and score.rows < FEW_ROWS]
    if not few or not isinstance(codes, CodesOfRows):
        return dict(scores)
    permuted = codes.permuted(derived_seed(settings.seed, "chance") % 2**32)
    guessed = JUDGES[name](permuted, settings, derived_seed(settings.seed, name) % 2**32).scores
    return {key: replace(score, chance=guessed[key].value if key in few else None) for key, score in scores.items()}


def judge_mig(codes: Codes, settings: Settings, seed: int) -> Found:
    """MIG on ``train`` examples; on a world the ceiling of exact scalar codes comes with it."""
    gap = mig(*codes.sample(settings.train, seed), bins=settings.bins)
    bounded = isinstance(codes, CodesOfWorld) and gap.value is not None
    ceiling = mig_ceiling(codes.factor_sizes, settings.bins) if bounded else None
    details = {
        "ceiling": ceiling,
        "bins": settings.bins,
        "entropy": gap.entropy.tolist(),
        "constant_factors": list(gap.constant_factors) or None,
    }
    rows = codes.distinct(gap.n)
    score = Score(gap.value, gap.n, settings.seed, codes.protocol, rows, reason=gap.reason, details=details)
    return Found({"mig": score}, {"mutual_information": (gap.mutual_information, "nats")})


def judge_dci(codes: Codes, settings: Settings, seed: int) -> Found:
    """DCI by trees that learn from ``train`` examples and are tested on ``test`` others."""
    result = dci(
        *codes.split(settings.train, settings.test, seed),
        backend=settings.backend,
        seed=seed,
        threads=settings.threads,
    )
    details = {"backend": result.backend, "constant_factors": list(result.constant_factors) or None}

    rows = codes.distinct(result.n_train + result.n_test)

    def score(value: float, n: int, **more: float) -> Score:
        return Score(value, n, settings.seed, codes.protocol, rows, details=details | more)

    scores = {
        "dci_disentanglement": score(result.disentanglement, result.n_train),
        "dci_completeness": score(result.completeness, result.n_train),
        "dci_informativeness": score(result.informativeness_test, result.n_test, train=result.informativeness_train),
    }
    return Found(scores, {"dci_importance": (result.importance, "share of a factor's importance")})


def judge_factor_vae_score(codes: Codes, settings: Settings, seed: int) -> Found:
    """The FactorVAE score: votes on held factors."""
    vote = codes.vote(settings.votes, seed)
    details = {"train": vote.train_value, "active_codes": vote.num_active, "batch": settings.votes.batch}
    votes = settings.votes
    rows = codes.distinct(votes.variance_rows + (votes.train + votes.test) * votes.batch)
    score = Score(vote.value, vote.n, settings.seed, codes.protocol, rows, reason=vote.reason, details=details)
    return Found({"factor_vae_score": score}, {"factor_vae_votes": (vote.votes.T, "votes")})


JUDGES: dict[str, Callable[[Codes, Settings, int], Found]] = {
    "mig": judge_mig,
    "dci": judge_dci,
    "factor_vae_score": judge_factor_vae_score,
}
