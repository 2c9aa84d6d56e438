"""What metrics draw codes from: any example of a world, or the rows there are."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np

from metaprior.core import MetapriorError, derived_seed
from metaprior.metrics import Interventions, RowInterventions, WorldInterventions, on_rows
from metaprior.metrics.interventions import LOOKED_UP_AT_ONCE


class TooFewRows(MetapriorError):
    """There are not enough rows for what a metric does with them."""


class Codes(Protocol):
    """Where the metrics get codes and factors from: drawn from a world, or the rows there are."""

    @property
    def protocol(self) -> str: ...

    @property
    def factor_sizes(self) -> tuple[int, ...]: ...

    def sample(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]: ...

    def split(self, train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]: ...

    def interventions(self, seed: int) -> Interventions: ...

    def distinct(self, drawn: int) -> int: ...

    def seen(self, train: int) -> float: ...

    def permuted(self, seed: int) -> "Codes": ...


Lookup: TypeAlias = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Codes of examples, by an index of any shape, along a new last axis; the generator is for codes that are sampled."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Codes of examples, N×D: means and, where codes are sampled, the standard deviations of their posteriors."""

    mean: np.ndarray
    deviation: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.mean)

    def __call__(self, index: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes of some examples: a :data:`Lookup`."""
        mean = self.mean.take(index, axis=0)
        if self.deviation is None:
            return mean
        return mean + self.deviation.take(index, axis=0) * rng.standard_normal(mean.shape, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class CodesOfWorld:
    """Codes of any combination of factors: uniform draws with replacement, and interventions.

    Examples are numbered in mixed-radix order, the last factor fastest; a combination's ``pictures`` lie together.
    """

    look_up: Lookup
    factor_sizes: tuple[int, ...]
    pictures: int = 1
    at_once: int = LOOKED_UP_AT_ONCE
    """How many examples to look up at a time."""
    protocol: str = "world"

    def __len__(self) -> int:
        return math.prod(self.factor_sizes) * self.pictures

    def sample(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes n×D and factors n×F of uniform draws with replacement."""
        rng = np.random.default_rng(seed)
        index = rng.integers(len(self), size=n)
        factors = np.stack(np.unravel_index(index // self.pictures, self.factor_sizes), axis=1)
        return self.look_up(index, rng), factors

    def split(self, train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Training codes and factors, test codes and factors: independent draws."""
        codes, factors = self.sample(train + test, seed)
        return codes[:train], factors[:train], codes[train:], factors[train:]

    def interventions(self, seed: int) -> WorldInterventions:
        """Any factor can be held fixed, at any of its values."""
        rng = np.random.default_rng(derived_seed(seed, "sampled codes"))
        sizes = np.array(self.factor_sizes, dtype=np.int64)
        return WorldInterventions(lambda index: self.look_up(index, rng), sizes, self.at_once, self.pictures)

    def distinct(self, drawn: int) -> int:
        """How many examples so many draws can hold."""
        return min(drawn, len(self))

    def seen(self, train: int) -> float:
        """The share of other draws that are of the very examples of so many training draws, on average.

        >>> round(CodesOfWorld(lambda index, rng: index[..., None], (4, 1152)).seen(10_000), 2)
        0.89
        """
        return 1 - (1 - 1 / len(self)) ** train

    def permuted(self, seed: int) -> "CodesOfWorld":
        """The same factors with the codes of other examples, so that codes tell nothing of them but by chance."""
        order = np.random.default_rng(seed).permutation(len(self))
        return replace(self, look_up=lambda index, rng: self.look_up(order[index], rng))


@dataclass(frozen=True, eq=False)
class CodesOfRows:
    """Codes of the rows there are: samples without replacement, a part to test on, factors held by grouping rows."""

    codes: Encoded
    factors: np.ndarray
    protocol: str = "finite"
    train_share: float = 2 / 3
    """Share of the rows that train, where a metric trains."""

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values of each factor occur."""
        return tuple(len(np.unique(column)) for column in self.factors.T)

    def sample(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """All rows, or ``n`` of them without replacement."""
        rng = np.random.default_rng(seed)
        index = rng.permutation(len(self.codes))[:n]
        return self.codes(index, rng), self.factors[index]

    def split(self, train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """As many as asked for, shuffled; where there are not so many, a share to train, and of the others to test."""
        n = min(len(self.codes), train + test)
        codes, factors = self.sample(n, seed)
        if n < 2:
            raise TooFewRows(f"{n} rows are too few to train and to test on; a predictor needs at least 2")
        cut = train if n == train + test else min(train, math.ceil(n * self.train_share - 1e-9), n - 1)
        return codes[:cut], factors[:cut], codes[cut : cut + test], factors[cut : cut + test]

    def interventions(self, seed: int) -> RowInterventions:
        """A factor is held fixed by taking rows that share a value of it; a sampled code is drawn once a row."""
        rng = np.random.default_rng(derived_seed(seed, "sampled codes"))
        return on_rows(self.codes(np.arange(len(self.codes)), rng), self.factors)

    def distinct(self, drawn: int) -> int:
        """How many rows so many draws hold."""
        return min(drawn, len(self.codes))

    def seen(self, train: int) -> float:
        """None: the rows that are tested on are others."""
        return 0.0

    def permuted(self, seed: int) -> "CodesOfRows":
        """The same codes with the factors of other rows, so that codes tell nothing of them but by chance."""
        order = np.random.default_rng(seed).permutation(len(self.factors))
        return replace(self, factors=self.factors[order])
