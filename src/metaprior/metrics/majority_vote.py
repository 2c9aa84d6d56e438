"""FactorVAE score: fix one factor, and a majority vote must name it from the code that varies least."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes, as_pair

Represent: TypeAlias = Callable[[Int[np.ndarray, "n factors"]], Array]
"""Codes N×D of examples with these factor values, N×F."""

ROWS_AT_ONCE = 2**17


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
    """Codes whose standard deviation reaches the threshold; the others take no part."""
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
    sizes = np.asarray(factor_sizes, dtype=np.int64)
    if not len(sizes) or (sizes < 1).any():
        raise MetapriorError(f"factor_sizes must be positive, one a factor; these are {list(factor_sizes)}")
    radix = np.append(np.cumprod(sizes[::-1])[-2::-1], 1)
    count = int(sizes.prod())
    gather = _compute(codes, sizes, radix) if callable(codes) else _look_up(as_codes(codes), count, sizes)

    def draw(rng: np.random.Generator, factor: np.ndarray) -> np.ndarray:
        index = rng.integers(count, size=(len(factor), votes.batch))
        place, size = radix[factor][:, None], sizes[factor][:, None]
        value = index // place % size
        return index + (value[:, :1] - value) * place

    rng = np.random.default_rng(seed)
    variance = gather(rng.integers(count, size=votes.variance_rows)).var(axis=0, ddof=1, dtype=np.float64)
    return _election(gather, draw, sizes > 1, variance, votes, rng)


def factor_vae_score_finite(codes: Array, factors: Array, votes: Votes = STUDY, seed: int = 0) -> MajorityVote:
    """The FactorVAE score on the given rows only: codes N×D and factors N×F of the same examples.

    As :func:`factor_vae_score`, except that a vote's examples are drawn with replacement from the rows that share one
    value, and the variance over the data is that of all rows. A value that one row only has cannot be held fixed and
    is not drawn; a factor without any other kind of value makes the score None.

    >>> factor_vae_score_finite([[0.0], [1.0]], [[0], [1]]).reason
    'factor 0 has no value that two rows share, so it cannot be held fixed'
    """
    codes, factors = as_pair(codes, factors)
    variance = codes.var(axis=0, ddof=1, dtype=np.float64) if len(codes) > 1 else np.zeros(codes.shape[1])
    varies = np.ptp(factors, axis=0) > 0
    groups = [_Groups.of(factors[:, k]) for k in range(factors.shape[1])]
    for k, group in enumerate(groups):
        if not len(group.shared):
            return _no_election(
                variance, varies, votes, f"factor {k} has no value that two rows share, so it cannot be held fixed"
            )

    def draw(rng: np.random.Generator, factor: np.ndarray) -> np.ndarray:
        index = np.empty((len(factor), votes.batch), dtype=np.int64)
        for k, group in enumerate(groups):
            chosen = np.flatnonzero(factor == k)
            index[chosen] = group.draw(rng, len(chosen), votes.batch)
        return index

    return _election(
        lambda index: codes.take(index, axis=0), draw, varies, variance, votes, np.random.default_rng(seed)
    )


@dataclass(frozen=True, eq=False)
class _Groups:
    """Rows by the value of one factor: ``order`` sorts them, a value's rows are ``order[start : start + length]``."""

    order: np.ndarray
    start: np.ndarray
    length: np.ndarray
    shared: np.ndarray
    """The row numbers, in ``order``, of rows whose value another row shares."""

    @classmethod
    def of(cls, values: np.ndarray) -> "_Groups":
        order = np.argsort(values, kind="stable")
        _, start, group, length = np.unique(values[order], return_index=True, return_inverse=True, return_counts=True)
        return cls(order, start[group], length[group], np.flatnonzero(length[group] > 1))

    def draw(self, rng: np.random.Generator, count: int, batch: int) -> np.ndarray:
        """``count``×``batch`` rows: a uniform first row each, then rows that share its value, with replacement."""
        first = rng.choice(self.shared, size=count)
        index = self.start[first][:, None] + rng.integers(self.length[first][:, None], size=(count, batch))
        index[:, 0] = first
        return self.order[index]


def _look_up(table: np.ndarray, count: int, sizes: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    if len(table) != count:
        raise MetapriorError(
            f"factor sizes {tuple(sizes.tolist())} make {count} examples, and codes have {len(table)} rows"
        )
    return lambda index: table.take(index, axis=0)


def _compute(represent: Represent, sizes: np.ndarray, radix: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def gather(index: np.ndarray) -> np.ndarray:
        codes = as_codes(represent(index.reshape(-1, 1) // radix % sizes))
        return codes.reshape(*index.shape, -1)

    return gather


def _election(
    gather: Callable[[np.ndarray], np.ndarray],
    draw: Callable[[np.random.Generator, np.ndarray], np.ndarray],
    varies: np.ndarray,
    variance: np.ndarray,
    votes: Votes,
    rng: np.random.Generator,
) -> MajorityVote:
    candidates = np.flatnonzero(varies)
    if not len(candidates):
        return _no_election(variance, varies, votes, "no factor varies")
    active = np.sqrt(variance) >= votes.prune
    if not active.any():  # the study's convention: a representation without active codes scores 0
        nothing = np.zeros((len(varies), len(variance)), dtype=np.int64)
        return MajorityVote(0.0, 0.0, nothing, variance, active, votes.test)

    def count(total: int) -> np.ndarray:
        table = np.zeros((len(varies), len(variance)), dtype=np.int64)
        chunk = max(ROWS_AT_ONCE // votes.batch, 1)
        for begin in range(0, total, chunk):
            factor = rng.choice(candidates, size=min(chunk, total - begin))
            codes = gather(draw(rng, factor))[:, :, active]
            spread = _variance(codes) / variance[active]
            np.add.at(table, (factor, np.flatnonzero(active)[spread.argmin(axis=1)]), 1)
        return table

    train, test = count(votes.train), count(votes.test)
    winner, code = train.argmax(axis=0), np.arange(len(variance))
    value, train_value = (float(table[winner, code].sum() / table.sum()) for table in (test, train))
    return MajorityVote(value, train_value, train, variance, active, votes.test)


def _variance(codes: np.ndarray) -> np.ndarray:
    """Variance (ddof 1) along the middle axis, each group about its own mean."""
    centred = codes - codes.mean(axis=1, keepdims=True)
    return np.einsum("gbd,gbd->gd", centred, centred) / (codes.shape[1] - 1)


def _no_election(variance: np.ndarray, varies: np.ndarray, votes: Votes, reason: str) -> MajorityVote:
    nothing = np.zeros((len(varies), len(variance)), dtype=np.int64)
    return MajorityVote(None, None, nothing, variance, np.sqrt(variance) >= votes.prune, votes.test, reason)
