"""Hold one factor fixed and let the others vary: on a world with every combination, or on the rows there are."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes, as_pair, varying

Represent: TypeAlias = Callable[[Int[np.ndarray, "n factors"]], Array]
"""Codes N×D of examples with these factor values, N×F."""

DRAWN_AT_ONCE = 2**17
"""Examples drawn, and encoded where there is no table of codes, at a time."""
LOOKED_UP_AT_ONCE = 2**12
"""Examples looked up at a time: few enough that their codes stay in the processor's cache."""


class Interventions(Protocol):
    """Draws of examples, named by an index, in which one factor is held fixed; and their codes."""

    @property
    def varies(self) -> Bool[np.ndarray, " factors"]:
        """Factors with more than one value; the others are always fixed, and are not drawn."""
        ...

    @property
    def reason(self) -> str | None:
        """Why factors cannot be held fixed; None where they can."""
        ...

    @property
    def at_once(self) -> int:
        """How many examples' codes to ask for at a time."""
        ...

    def codes(self, index: np.ndarray, /) -> np.ndarray:
        """Codes of these examples, along a new last axis."""
        ...

    def sample(self, rng: np.random.Generator, n: int) -> Int[np.ndarray, " m"]:
        """Examples of the data as a whole: ``n`` uniform draws from a world, or all the rows there are."""
        ...

    def held(self, rng: np.random.Generator, factor: np.ndarray, batch: int) -> Int[np.ndarray, "m batch"]:
        """For each of the m factors named, a batch of examples that share the first one's value of it."""
        ...

    def pairs(self, rng: np.random.Generator, factor: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """For each of the m factors named, two batches m×batch: the two examples of a pair share their value of it."""
        ...


@dataclass(frozen=True, eq=False)
class WorldInterventions:
    """On a world with every combination of factors; an example's index is its mixed-radix number.

    Where a combination has several ``pictures``, they come one after the other, and a draw takes any of them.
    """

    codes: Callable[[np.ndarray], np.ndarray]
    sizes: Int[np.ndarray, " factors"]
    at_once: int
    pictures: int = 1

    @property
    def varies(self) -> Bool[np.ndarray, " factors"]:
        return self.sizes > 1

    @property
    def reason(self) -> str | None:
        return None if self.varies.any() else "no factor varies"

    def sample(self, rng: np.random.Generator, n: int) -> Int[np.ndarray, " n"]:
        return rng.integers(self.sizes.prod() * self.pictures, size=n)

    def held(self, rng: np.random.Generator, factor: np.ndarray, batch: int) -> Int[np.ndarray, "m batch"]:
        index = rng.integers(self.sizes.prod() * self.pictures, size=(len(factor), batch))
        return self._with_value_of(index[:, :1], index, factor)

    def pairs(self, rng: np.random.Generator, factor: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
        first, second = rng.integers(self.sizes.prod() * self.pictures, size=(2, len(factor), batch))
        return first, self._with_value_of(first, second, factor)

    def factors(self, index: Int[np.ndarray, " n"]) -> Int[np.ndarray, "n factors"]:
        """What these examples show."""
        return index[:, None] // (self.pictures * _places(self.sizes)) % self.sizes

    def with_value(self, index: Int[np.ndarray, " n"], factor: int, value: int | np.ndarray) -> Int[np.ndarray, " n"]:
        """The same examples, but for the value of one factor."""
        place = self.pictures * _places(self.sizes)[factor]
        return index + (value - index // place % self.sizes[factor]) * place

    def _with_value_of(self, pattern: np.ndarray, index: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """The examples of ``index``, but for the factor, whose value is the pattern's."""
        place, size = self.pictures * _places(self.sizes)[factor][:, None], self.sizes[factor][:, None]
        return index + (pattern // place % size - index // place % size) * place


@dataclass(frozen=True, eq=False)
class RowInterventions:
    """On bare rows: rows that share a factor's value are examples in which it is held fixed.

    They are drawn with replacement, so that the rows of a whole world are drawn as from the world. A value that one
    row only has cannot be held fixed and is not drawn; a factor without any other kind of value is the ``reason``.
    """

    table: Float[np.ndarray, "n codes"]
    varies: Bool[np.ndarray, " factors"]
    groups: tuple["_Groups", ...]
    at_once: int = LOOKED_UP_AT_ONCE

    @property
    def reason(self) -> str | None:
        for k, group in enumerate(self.groups):
            if not len(group.shared):
                return f"factor {k} has no value that two rows share, so it cannot be held fixed"
        return None if self.varies.any() else "no factor varies"

    def codes(self, index: np.ndarray, /) -> np.ndarray:
        return self.table.take(index, axis=0)

    def sample(self, rng: np.random.Generator, n: int) -> Int[np.ndarray, " rows"]:
        return np.arange(len(self.table))

    def held(self, rng: np.random.Generator, factor: np.ndarray, batch: int) -> Int[np.ndarray, "m batch"]:
        index = np.empty((len(factor), batch), dtype=np.int64)
        for chosen, group in self._chosen(factor):
            first = rng.choice(group.shared, size=(len(chosen), 1))
            place = group.alike(rng, first, batch)
            place[:, :1] = first
            index[chosen] = group.order[place]
        return index

    def pairs(self, rng: np.random.Generator, factor: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
        first, second = np.empty((2, len(factor), batch), dtype=np.int64)
        for chosen, group in self._chosen(factor):
            place = rng.choice(group.shared, size=(len(chosen), batch))
            first[chosen], second[chosen] = group.order[place], group.order[group.alike(rng, place, batch)]
        return first, second

    def _chosen(self, factor: np.ndarray) -> Iterator[tuple[np.ndarray, "_Groups"]]:
        for k, group in enumerate(self.groups):
            yield np.flatnonzero(factor == k), group


def on_world(codes: Array | Represent, factor_sizes: Sequence[int], pictures: int = 1) -> WorldInterventions:
    """Interventions on a finite world: codes in mixed-radix order, or a function from factors N×F to codes N×D.

    Codes are ∏K×D; where each combination has several ``pictures``, ∏K·pictures×D, those of one lying together.
    """
    sizes = np.asarray(factor_sizes)
    if sizes.ndim != 1:
        raise MetapriorError(
            f"factor_sizes are one number a factor; these have shape {sizes.shape} (with the factors of bare rows take "
            "the form that ends in _finite)"
        )
    whole = all(isinstance(size, int | float) and size >= 1 and size % 1 == 0 for size in sizes.tolist())
    if not len(sizes) or not whole:
        raise MetapriorError(f"factor_sizes must be whole numbers from 1, one a factor; these are {sizes.tolist()}")
    examples = math.prod(map(int, sizes.tolist())) * pictures
    if examples >= 2**63:
        raise MetapriorError(
            f"factor sizes {tuple(sizes.tolist())} make more examples than 64-bit integers number; leave factors out"
        )
    sizes = sizes.astype(np.int64)
    if callable(codes):
        return WorldInterventions(_encoder(codes, sizes), sizes, DRAWN_AT_ONCE)
    table = as_codes(codes)
    if len(table) != examples:
        raise MetapriorError(
            f"factor sizes {tuple(sizes.tolist())} make {examples} examples, and codes have {len(table)} rows"
        )
    return WorldInterventions(lambda index: table.take(index, axis=0), sizes, LOOKED_UP_AT_ONCE, pictures)


def on_rows(codes: Array, factors: Array) -> RowInterventions:
    """Interventions on the given rows only: codes N×D and factors N×F of the same examples."""
    codes, factors = as_pair(codes, factors)
    return RowInterventions(codes, varying(factors), tuple(_Groups.of(column) for column in factors.T))


def over_batches(
    interventions: Interventions, reduce: Callable[..., np.ndarray], *indices: Int[np.ndarray, "m batch"]
) -> Float[np.ndarray, "m codes"]:
    """``reduce`` of the codes of each index, batch×m×D to m×D, with a few of the m batches in memory at a time."""
    m, batch = indices[0].shape
    step = max(interventions.at_once // batch, 1)
    parts = (tuple(index[begin : begin + step].T for index in indices) for begin in range(0, m, step))
    return np.concatenate([reduce(*map(interventions.codes, part)) for part in parts])


@dataclass(frozen=True, eq=False)
class _Groups:
    """Rows by the value of one factor: ``order`` sorts them, a value's rows are ``order[start : start + length]``."""

    order: np.ndarray
    start: np.ndarray
    length: np.ndarray
    shared: np.ndarray
    """The places, in ``order``, of rows whose value another row shares."""

    @classmethod
    def of(cls, values: np.ndarray) -> "_Groups":
        order = np.argsort(values, kind="stable")
        _, start, group, length = np.unique(values[order], return_index=True, return_inverse=True, return_counts=True)
        return cls(order, start[group], length[group], np.flatnonzero(length[group] > 1))

    def alike(self, rng: np.random.Generator, place: np.ndarray, batch: int) -> Int[np.ndarray, "m batch"]:
        """Places of rows with the values of those at ``place``, which is m×batch, or m×1 for batches of one value."""
        return self.start[place] + rng.integers(self.length[place], size=(len(place), batch))


def _places(sizes: np.ndarray) -> np.ndarray:
    """What one step of each factor adds to the index: the last factor varies fastest."""
    return np.append(np.cumprod(sizes[::-1])[-2::-1], 1)


def _encoder(represent: Represent, sizes: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def codes(index: np.ndarray) -> np.ndarray:
        found = as_codes(represent(index.reshape(-1, 1) // _places(sizes) % sizes))
        return found.reshape(*index.shape, -1)

    return codes
