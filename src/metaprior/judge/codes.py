"""Codes that metrics can ask for, from a model or codes as they are, and a world, rows, or factors."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeGuard, cast, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from metaprior.core import Encodes, Infers, MetapriorError, generator, require
from metaprior.judge.draws import CodesOfRows, CodesOfWorld, Encoded
from metaprior.judge.features import Gathers, Progress, features, posteriors
from metaprior.metrics.arrays import Array, as_codes, as_factors, as_pair
from metaprior.metrics.interventions import DRAWN_AT_ONCE

WHOLE_WORLD = 2**21
"""Up to so many combinations the whole world is encoded once, and every metric looks codes up."""
ENOUGH_PICTURES = 100_000
"""Where a combination of factors has several pictures, so many of the world's are encoded, and one of each at least."""

LARGEST_LOGVAR = 70.0
"""Squares of samples from a wider posterior leave what float32 can sum."""

Representation: TypeAlias = Literal["mean", "sampled"]
"""Codes are means of the posterior, or a sample of it each time that a metric draws an example."""


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


def codes_of(
    model: Model,
    data: Data,
    batch: int = 512,
    progress: Progress | None = None,
    representation: Representation = "mean",
) -> CodesOfWorld | CodesOfRows:
    """Codes that metrics can ask for, from a model or codes, and a world, a source with factors, or factors.

    Codes of a whole world must be in its order. A model meets a world of up to two million combinations by encoding it
    once; larger worlds are encoded where a metric draws. Rows with a missing factor (-1) are left out; a factor that
    every row misses is constant.
    """
    if isinstance(data, Tensor | np.ndarray | Sequence):
        if isinstance(model, Encodes):
            raise MetapriorError("a model needs images to encode: give a world or a data set, not the factors alone")
        return _of_rows(Encoded(as_codes(model)), as_factors(data))
    if isinstance(model, Encodes):
        encode = _encoder(model, data, representation, batch)
    elif representation == "mean":
        encode = None
    else:
        raise MetapriorError("codes that are given are judged as they are; only a model has sampled ones")
    if is_world(data):
        return _of_model(encode, data, progress) if encode else _of_table(as_codes(model), data)  # pyright: ignore[reportArgumentType]
    factors = _factors(data, batch)
    return _of_rows(encode(None, progress) if encode else Encoded(as_codes(model)), factors)  # pyright: ignore[reportArgumentType]


Encoder: TypeAlias = Callable[[Tensor | None, Progress | None], Encoded]
"""Codes of some rows of a source, or of all."""


def _encoder(model: Encodes, data: Gathers, representation: Representation, batch: int) -> Encoder:
    def means(rows: Tensor | None, progress: Progress | None) -> Encoded:
        return Encoded(as_codes(features(model, data, rows, batch, progress)))

    def samples(rows: Tensor | None, progress: Progress | None) -> Encoded:
        mean, logvar = map(as_codes, posteriors(cast(Infers, model), data, rows, batch, progress))
        if logvar.size and logvar.max() > LARGEST_LOGVAR:
            raise MetapriorError(
                f"log-variances of the posteriors reach {logvar.max():g}, so that samples overflow; judge the means"
            )
        return Encoded(mean, np.exp(logvar / 2))

    if representation == "mean":
        return means
    require(model, Infers, "taking sampled codes")
    return samples


def _of_rows(codes: Encoded, factors: np.ndarray) -> CodesOfRows:
    as_pair(codes.mean, factors)
    missing = factors == -1
    told = ~missing.all(axis=0)
    known = ~(missing[:, told].any(axis=1))
    if not (told.any() and known.any()):
        raise MetapriorError("every row of this data set misses some factor, so there is nothing to judge codes by")
    if known.all():
        return CodesOfRows(codes, factors)
    kept = Encoded(codes.mean[known], None if codes.deviation is None else codes.deviation[known])
    return CodesOfRows(kept, factors[known], f"finite ({(~known).sum()} rows with a missing factor left out)")


def _of_table(codes: np.ndarray, world: World) -> CodesOfWorld:
    if len(codes) != len(world):
        raise MetapriorError(
            f"the world has {len(world)} images and codes have {len(codes)} rows; "
            "give codes of the whole world, or the factors of these rows"
        )
    sizes = tuple(int(size) for size in world.factor_sizes)
    return CodesOfWorld(Encoded(codes), sizes, len(world) // math.prod(sizes))


def _of_model(encode: Encoder, world: World, progress: Progress | None) -> CodesOfWorld:
    sizes = tuple(int(size) for size in world.factor_sizes)
    combinations = math.prod(sizes)
    each = len(world) // combinations
    if combinations > WHOLE_WORLD:

        def encoded(index: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            found = encode(torch.from_numpy(index.ravel()), None)
            return found(np.arange(index.size).reshape(index.shape), rng)

        return CodesOfWorld(encoded, sizes, each, DRAWN_AT_ONCE)
    pictures = min(each, -(-ENOUGH_PICTURES // combinations))
    rows = (torch.arange(combinations)[:, None] * each + some_of(each, pictures, combinations)).flatten()
    return CodesOfWorld(encode(rows, progress), sizes, pictures)


def some_of(each: int, pictures: int, combinations: int) -> Tensor:
    """Which of its pictures each combination shows, combinations×pictures: none twice, and every one as often.

    A comb whose teeth lie 1 or more apart is laid from a random beginning, uniform over one gap.

    >>> some_of(7, 7, 1).tolist()
    [[0, 1, 2, 3, 4, 5, 6]]
    """
    source = generator(0, "pictures of a combination")
    beginning = torch.rand(combinations, 1, dtype=torch.float64, generator=source)
    return ((torch.arange(pictures) + beginning) * (each / pictures)).long().clamp(max=each - 1)


def is_world(data: object) -> TypeGuard[World]:
    """Whether a source holds all combinations of its factors in mixed-radix order: by its length, and by its rows; of a
    source that does not hold its factors in memory, a few."""
    if not isinstance(data, World) or not data.factor_sizes or len(data) % math.prod(data.factor_sizes):
        return False
    each = len(data) // math.prod(data.factor_sizes)
    if each > 1 and math.prod(getattr(data, "hidden_sizes", ())) != each:
        return False
    held = getattr(data, "factors", None)
    rows = len(data) if isinstance(held, Tensor) else min(32, len(data))
    index = np.linspace(0, len(data) - 1, rows).round().astype(np.int64)
    there = as_factors(held if isinstance(held, Tensor) else data.gather(torch.from_numpy(index)).factors)
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
