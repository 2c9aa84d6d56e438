"""The few labels of a study: which examples are labelled, and what their labels say."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.random import RandomState

from metaprior.core import MetapriorError
from metaprior.data.dataset import Dataset
from metaprior.data.world import World

Labeller: TypeAlias = Callable[[np.ndarray, tuple[int, ...], RandomState], tuple[np.ndarray, tuple[int, ...]]]
"""True factors n×F, their sizes and a generator → the factors as labelled, and the sizes of those."""


def perfect(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> tuple[np.ndarray, tuple[int, ...]]:
    """The labeller that tells the truth."""
    return factors, sizes


def few_labels(source: Dataset | World, count: int, seed: int, labeller: Labeller = perfect) -> Dataset:
    """The labelled set of a study: ``count`` examples with their factors, the same for every model of one seed.

    From a world, each factor in turn is drawn ``count`` times, independently and with replacement, then so is what is
    hidden, then the pictures are rendered, then the labeller goes on with the same generator. From a data set, rows
    are drawn without replacement; classes are one factor.

    Source: Locatello et al. 2020, "Disentangling Factors of Variation Using Few Labels"; their
    ``semi_supervised_utils.sample_supervised_data``.
    """
    if not 1 <= count <= len(source):
        raise MetapriorError(f"cannot label {count} examples of '{source.name}', which has {len(source)}")
    if not 0 <= seed < 2**32:
        raise MetapriorError(f"the seed of a labelled set must be from 0 to 2^32 - 1, not {seed}")
    random = RandomState(seed)
    if isinstance(source, World):
        drawn, hidden = (_uniform(sizes, count, random) for sizes in (source.factor_sizes, source.hidden_sizes))
        images = source.render(torch.from_numpy(drawn), torch.from_numpy(hidden)).cpu()
        data = Dataset(source.name, images=images, caveat=source.caveat)
        names, sizes = source.factor_names, source.factor_sizes
    else:
        data = source.take(torch.from_numpy(random.permutation(len(source))[:count]))
        drawn, names, sizes = _factors(data)
    told, told_sizes = labeller(drawn, sizes, random)
    return Dataset(
        name=data.name,
        images=data.images,
        labels=data.labels,
        factors=torch.from_numpy(told).long(),
        factor_names=names,
        factor_sizes=told_sizes,
        class_names=data.class_names,
        caveat=data.caveat,
    )


def _uniform(sizes: tuple[int, ...], count: int, random: RandomState) -> np.ndarray:
    columns = [random.randint(size, size=count) for size in sizes]
    return np.stack(columns, axis=1) if columns else np.empty((count, 0), dtype=np.int64)


def _factors(data: Dataset) -> tuple[np.ndarray, tuple[str, ...], tuple[int, ...]]:
    if data.factors is not None:
        return data.factors.cpu().numpy(), data.factor_names, data.factor_sizes
    if data.labels is None:
        raise MetapriorError(f"data set '{data.name}' has neither factors nor labels to draw a labelled set from")
    return data.labels.cpu().numpy()[:, None], ("class",), (data.classes,)
