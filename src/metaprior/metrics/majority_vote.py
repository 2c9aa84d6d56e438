"""FactorVAE score: fix one factor, and a majority vote must name it from the code that varies least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from metaprior.core import require_at_least
from metaprior.metrics.arrays import Array, at_least_one, varying
from metaprior.metrics.interventions import (
    DRAWN_AT_ONCE,
    Interventions,
    Represent,
    on_rows,
    on_world,
    over_batches,
)


@dataclass(frozen=True, eq=False)
class MajorityVote:
    """The score and its votes; ``value`` is None, with the reason, where factors cannot be held fixed."""

    value: float | None
    """Accuracy of the majority's map from codes to factors on fresh votes; 0 if no code is active."""
    train_value: float | None
    votes: Int[np.ndarray, "factors codes"]
    """How often each code varied least when each factor was fixed, in training."""
    variance: Float[np.ndarray, " codes"]
    """Variance of each code over the data (ddof 1)."""
    active: Bool[np.ndarray, " codes"]
    """Codes that vary and whose standard deviation reaches the threshold; the others take no part."""
    n: int
    reason: str | None = None

    @property
    def num_active(self) -> int:
        """How many codes are active; disentanglement_lib reports the number of all codes."""
        return int(self.active.sum())


@dataclass(frozen=True)
class Votes:
    """How many votes of how many examples; the defaults are those of Locatello et al. 2019."""

    train: int = 10_000
    test: int = 5_000
    batch: int = 64
    variance_rows: int = 10_000
    prune: float = 0.05
    """Codes with a standard deviation below this are inactive."""

    def __post_init__(self) -> None:
        at_least_one(train=self.train, test=self.test)
        require_at_least(2, "one example has no variance", batch=self.batch, variance_rows=self.variance_rows)
        require_at_least(0, prune=self.prune)


STUDY = Votes()


def factor_vae_score(
    codes: Array | Represent, factor_sizes: Sequence[int], votes: Votes = STUDY, seed: int = 0
) -> MajorityVote:
    """The FactorVAE score on a finite world, where any factor can be held fixed.

    ``codes`` are those of the whole world, ∏K×D, in mixed-radix order (the last factor varies fastest), or a function
    from factor values N×F to codes N×D. A vote: draw a factor, and ``batch`` examples that share the first one's value
    of it; the vote goes to the active code with the least variance (ddof 1) relative to its variance over the world.
    The majority of the training votes maps each code to a factor; the score is that map's accuracy on fresh votes.
    Factors of one value are always fixed and are not drawn.

    Source: Kim & Mnih 2018, with the estimator of Locatello et al. 2019.

    >>> world = np.indices((4, 4, 4)).reshape(3, -1).T
    >>> factor_vae_score(world, (4, 4, 4), Votes(100, 50)).value
    1.0
    """
    return factor_vae_score_of(on_world(codes, factor_sizes), votes, seed)


def factor_vae_score_finite(codes: Array, factors: Array, votes: Votes = STUDY, seed: int = 0) -> MajorityVote:
    """The FactorVAE score on the given rows only: codes N×D and factors N×F of the same examples.

    As :func:`factor_vae_score`, except that a vote's examples are drawn with replacement from the rows that share one
    value, and the variance over the data is that of all rows. A value that one row only has cannot be held fixed and
    is not drawn; a factor without any other kind of value makes the score None.

    >>> factor_vae_score_finite([[0.0], [1.0]], [[0], [1]]).reason
    'factor 0 has no value that two rows share, so it cannot be held fixed'
    """
    return factor_vae_score_of(on_rows(codes, factors), votes, seed)


def factor_vae_score_of(interventions: Interventions, votes: Votes = STUDY, seed: int = 0) -> MajorityVote:
    """The FactorVAE score of whatever factors can be held fixed in; a world and rows are its usual cases."""
    rng = np.random.default_rng(seed)
    everything = interventions.codes(interventions.sample(rng, votes.variance_rows))
    variance = everything.var(axis=0, ddof=min(1, len(everything) - 1), dtype=np.float64)
    # without a threshold too: a dead code's relative variance is 0/0, and rounding alone gives a constant 0.1 some
    active = varying(everything) & (variance > 0) & (np.sqrt(variance) >= votes.prune)
    shape = len(interventions.varies), len(variance)
    if interventions.reason:
        return MajorityVote(None, None, np.zeros(shape, int), variance, active, votes.test, interventions.reason)
    if not active.any():  # the study's convention: a representation without active codes scores 0
        return MajorityVote(0.0, 0.0, np.zeros(shape, int), variance, active, votes.test)
    candidates = np.flatnonzero(interventions.varies)

    def count(total: int) -> np.ndarray:
        table = np.zeros(shape, dtype=np.int64)
        chunk = max(DRAWN_AT_ONCE // votes.batch, 1)
        for begin in range(0, total, chunk):
            factor = rng.choice(candidates, size=min(chunk, total - begin))
            held = over_batches(interventions, _variance, interventions.held(rng, factor, votes.batch))
            spread = held[:, active] / variance[active]
            np.add.at(table, (factor, np.flatnonzero(active)[spread.argmin(axis=1)]), 1)
        return table

    train, test = count(votes.train), count(votes.test)
    winner, code = train.argmax(axis=0), np.arange(len(variance))
    value, train_value = (float(table[winner, code].sum() / table.sum()) for table in (test, train))
    return MajorityVote(value, train_value, train, variance, active, votes.test)


def _variance(codes: Float[np.ndarray, "batch m codes"]) -> Float[np.ndarray, "m codes"]:
    """Variance (ddof 1) within each batch, about its own mean."""
    codes = codes - codes.mean(axis=0)
    return np.square(codes, out=codes).sum(axis=0) / (len(codes) - 1)
