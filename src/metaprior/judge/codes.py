"""Where the codes of a protocol come from: any draw from a world, or the rows there are."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias, TypeGuard, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from metaprior.core import Encodes, MetapriorError, generator
from metaprior.judge.features import Gathers, Progress, features
from metaprior.metrics import Interventions, Represent, RowInterventions, WorldInterventions, on_rows, on_world
from metaprior.metrics.arrays import Array, as_codes, as_factors, as_pair

WHOLE_WORLD = 1_000_000
"""Up to so many combinations the whole world is encoded once, and every metric looks codes up."""
ENOUGH_PICTURES = 100_000
"""Where a combination of factors has several pictures, so many of the world's are encoded, and one of each at least."""

Representation: TypeAlias = Literal["mean", "sampled"]
"""Codes are means of the posterior, or one sample of it."""


@runtime_checkable
class World(Gathers, Protocol):
    """A source whose examples are all combinations of its factors, in mixed-radix order, the last one fastest.

    Each combination may have several pictures, one after the other, that differ by what is no factor.
    """

    @property
    def factor_sizes(self) -> tuple[int, ...]: ...


Model: TypeAlias = Encodes | Array
"""A model that encodes, or the codes themselves."""
Data: TypeAlias = World | Gathers | Array
"""A world, a source with a column of factors, or the factors themselves."""


class Codes(Protocol):
    """Where the metrics get codes and factors from: drawn from a world, or the rows there are."""

    @property
    def protocol(self) -> str: ...

    @property
    def factor_sizes(self) -> tuple[int, ...]: ...

    def sample(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]: ...

    def split(self, train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]: ...

    def interventions(self) -> Interventions: ...

    def distinct(self, drawn: int) -> int: ...


@dataclass(frozen=True, eq=False)
class CodesOfWorld:
    """Codes of any combination of factors: uniform draws with replacement, and interventions.

    ``codes`` are a function of factors, or a table of ∏K·pictures×D, where a combination's pictures lie together.
    """

    codes: np.ndarray | Represent
    factor_sizes: tuple[int, ...]
    pictures: int = 1
    protocol: str = "world"

    def sample(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes n×D and factors n×F of uniform draws with replacement."""
        index = np.random.default_rng(seed).integers(math.prod(self.factor_sizes) * self.pictures, size=n)
        factors = np.stack(np.unravel_index(index // self.pictures, self.factor_sizes), axis=1)
        return (self.codes[index] if isinstance(self.codes, np.ndarray) else as_codes(self.codes(factors))), factors

    def split(self, train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Training codes and factors, test codes and factors: independent draws."""
        codes, factors = self.sample(train + test, seed)
        return codes[:train], factors[:train], codes[train:], factors[train:]

    def interventions(self) -> WorldInterventions:
        """Any factor can be held fixed, at any of its values."""
        return on_world(self.codes, self.factor_sizes, self.pictures)

    def distinct(self, drawn: int) -> int:
        """How many examples so many draws can hold."""
        return min(drawn, math.prod(self.factor_sizes) * self.pictures)


@dataclass(frozen=True, eq=False)
class CodesOfRows:
    """Codes of the rows there are: samples without replacement, a part to test on, factors held by grouping rows."""

    codes: np.ndarray
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
        index = np.random.default_rng(seed).permutation(len(self.codes))[:n]
        return self.codes[index], self.factors[index]

    def split(self, train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """A share to train and the rest to test, shuffled; at most as many as asked for."""
        n = min(len(self.codes), train + test)
        codes, factors = self.sample(n, seed)
        cut = max(min(train, math.floor(n * self.train_share + 1e-9)), 1)
        if n - cut < 1:
            raise MetapriorError(f"{n} rows are too few to train and to test on; a predictor needs at least 2")
        return codes[:cut], factors[:cut], codes[cut : cut + test], factors[cut : cut + test]

    def interventions(self) -> RowInterventions:
        """A factor is held fixed by taking rows that share a value of it."""
        return on_rows(self.codes, self.factors)

    def distinct(self, drawn: int) -> int:
        """How many rows so many draws hold."""
        return min(drawn, len(self.codes))

    def permuted(self, seed: int) -> "CodesOfRows":
        """The same codes with the factors of other rows, so that codes tell nothing of them but by chance."""
        order = np.random.default_rng(seed).permutation(len(self.factors))
        return replace(self, factors=self.factors[order])


def codes_of(
    model: Model,
    data: Data,
    batch: int = 512,
    progress: Progress | None = None,
    representation: Representation = "mean",
    seed: int = 0,
) -> CodesOfWorld | CodesOfRows:
    """Codes that metrics can ask for, from a model or codes, and a world, a source with factors, or factors.

    Codes of a whole world must be in its order. A model meets a world of up to a million combinations by encoding it
    once; larger worlds are encoded where a metric draws. Rows with a missing factor (-1) are left out.
    """
    if not isinstance(model, Encodes) and representation != "mean":
        raise MetapriorError("codes that are given are judged as they are; only a model has sampled ones")
    noise = generator(seed, "sampled codes") if representation == "sampled" else None
    if isinstance(data, Tensor | np.ndarray | Sequence):
        if isinstance(model, Encodes):
            raise MetapriorError("a model needs images to encode: give a world or a data set, not the factors alone")
        return CodesOfRows(*as_pair(model, data))
    if is_world(data):
        return _of_world(model, data, lambda rows, shown: features(model, data, rows, batch, shown, noise), progress)  # pyright: ignore[reportArgumentType]
    factors = _factors(data, batch)
    codes = features(model, data, None, batch, progress, noise) if isinstance(model, Encodes) else as_codes(model)
    codes, factors = as_pair(codes, factors)
    known = (factors >= 0).all(axis=1)
    if not known.any():
        raise MetapriorError("every row of this data set misses some factor, so there is nothing to judge codes by")
    dropped = int((~known).sum())
    note = f"finite ({dropped} rows with a missing factor left out)" if dropped else "finite"
    return CodesOfRows(codes[known], factors[known], note)


def _of_world(
    model: Model, world: World, encode: Callable[[Tensor, Progress | None], np.ndarray], progress: Progress | None
) -> CodesOfWorld:
    sizes = tuple(int(size) for size in world.factor_sizes)
    combinations = math.prod(sizes)
    each = len(world) // combinations
    if not isinstance(model, Encodes):
        codes = as_codes(model)
        if len(codes) != len(world):
            raise MetapriorError(
                f"the world has {len(world)} images and codes have {len(codes)} rows; "
                "give codes of the whole world, or the factors of these rows"
            )
        return CodesOfWorld(codes, sizes, each)
    if combinations > WHOLE_WORLD:

        def represent(factors: np.ndarray) -> np.ndarray:
            index = np.ravel_multi_index(tuple(factors.T), sizes)
            return encode(torch.from_numpy(index * each + index % each), None)

        return CodesOfWorld(represent, sizes)
    pictures = min(each, -(-ENOUGH_PICTURES // combinations))
    chosen = torch.arange(each).expand(combinations, each)
    if pictures < each:
        chosen = torch.randint(each, (combinations, pictures), generator=generator(0, "pictures of a combination"))
    rows = (torch.arange(combinations)[:, None] * each + chosen).flatten()
    return CodesOfWorld(encode(rows, progress), sizes, pictures)


def is_world(data: object) -> TypeGuard[World]:
    """Whether a source holds all combinations of its factors in mixed-radix order: by its length, and a few rows."""
    if not isinstance(data, World) or not data.factor_sizes or len(data) % math.prod(data.factor_sizes):
        return False
    each = len(data) // math.prod(data.factor_sizes)
    if each > 1 and math.prod(getattr(data, "hidden_sizes", ())) != each:
        return False
    index = np.unique(np.linspace(0, len(data) - 1, 32).astype(np.int64))
    there = as_factors(data.gather(torch.from_numpy(index)).factors)
    return np.array_equal(there, np.stack(np.unravel_index(index // each, tuple(data.factor_sizes)), axis=1))


def was_seen(config: Mapping[str, Any], data: object) -> bool:
    """Whether a run of this config was trained on these very examples, where they are all there is: no world."""
    digest = (config.get("provenance") or {}).get("data_digest")
    return digest is not None and not is_world(data) and getattr(data, "digest", None) == digest


def _factors(data: Gathers, batch: int) -> np.ndarray:
    held = getattr(data, "factors", None)  # a set in memory: no need to read its images
    if isinstance(held, Tensor):
        return as_factors(held)
    parts = [as_factors(data.gather(rows).factors) for rows in torch.arange(len(data)).split(batch)]
    return np.concatenate(parts)
