"""Codes of many examples of a run's data, with their factors: what effects and the extent of codes are measured on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from metaprior.core import Encodes, Infers, MetapriorError, Source, generator, require
from metaprior.report.pictures import at_rest


@dataclass(frozen=True, eq=False)
class Examples:
    """Codes of N examples; ``factors`` are -1 where a value is missing, and None where the data have no factors."""

    codes: Float[np.ndarray, "n d"]
    """Posterior means."""
    variances: Float[np.ndarray, "n d"] | None = None
    """Posterior variances, of a model that has them."""
    factors: Int[np.ndarray, "n f"] | None = None
    factor_names: tuple[str, ...] = ()
    factor_values: tuple[tuple[str, ...], ...] = ()
    """What the factors' indices stand for, where that is known."""


@dataclass(frozen=True, eq=False)
class Extent:
    """Where each code of the data lies: its mean, standard deviation, least and greatest value, D each.

    The deviation is that of the aggregate posterior, Var(means) + E(variances), as in the study's fitted normal.
    """

    mean: Float[np.ndarray, " d"]
    sd: Float[np.ndarray, " d"]
    low: Float[np.ndarray, " d"]
    high: Float[np.ndarray, " d"]


def examples_of(model: Any, data: Source, count: int = 10_000, seed: int = 0, batch: int = 512) -> Examples:
    """Codes of ``count`` examples drawn uniformly from the data, with replacement; of all of them if they are fewer."""
    require(model, Encodes, "measuring what factors do to codes")
    few = len(data) <= count
    chosen = (
        torch.arange(len(data)) if few else torch.randint(len(data), (count,), generator=generator(seed, "effects"))
    )
    codes, variances, factors = [], [], []
    with at_rest(model) as device:
        for rows in chosen.split(batch):
            found = data.gather(rows)
            if "images" not in found:
                raise MetapriorError("the data have no images to encode")
            images = found.images.to(device)
            if isinstance(model, Infers):
                mean, logvar = model.posterior(images)
                variances.append(logvar.float().exp().cpu().numpy())
            else:
                mean = model.encode(images)
            codes.append(mean.float().cpu().numpy())
            if "factors" in found:
                factors.append(found.factors.cpu().numpy())
    return Examples(
        np.concatenate(codes),
        np.concatenate(variances) if variances else None,
        np.concatenate(factors) if factors else None,
        tuple(getattr(data, "factor_names", ())),
        tuple(getattr(data, "factor_values", ())),
    )


def extent(examples: Examples) -> Extent:
    """Where the codes of these examples lie.

    >>> found = extent(Examples(np.array([[-1.0], [1.0]]), variances=np.array([[3.0], [3.0]])))
    >>> found.mean.tolist(), found.sd.tolist(), found.low.tolist(), found.high.tolist()
    ([0.0], [2.0], [-1.0], [1.0])
    """
    codes = examples.codes.astype(np.float64)
    within = 0.0 if examples.variances is None else examples.variances.mean(axis=0, dtype=np.float64)
    return Extent(codes.mean(axis=0), np.sqrt(codes.var(axis=0) + within), codes.min(axis=0), codes.max(axis=0))
