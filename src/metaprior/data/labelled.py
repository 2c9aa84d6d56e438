"""The few labels of a study: which examples are labelled, and what their labels say."""

import math

import numpy as np
import torch
from numpy.random import RandomState

from metaprior.core import MetapriorError
from metaprior.data.dataset import Dataset
from metaprior.data.labellers import Labeller, perfect
from metaprior.data.world import World


def few_labels(source: Dataset | World, count: int, seed: int, labeller: Labeller = perfect) -> Dataset:
    """The labelled set of a study: ``count`` examples with their factors, the same for every model of one seed.

    From a world, each factor in turn is drawn ``count`` times, independently and with replacement, so ``count`` may be
    more than there are pictures; then so is what is hidden, then the pictures are rendered, then the labeller goes on
    with the same generator. From a data set, rows are drawn without replacement, since to label one twice tells nothing
    more, and no more than have a label or some factor; classes are one factor.

    Source: Locatello et al. 2020, "Disentangling Factors of Variation Using Few Labels"; their
    ``semi_supervised_utils.sample_supervised_data``.
    """
    if count < 1:
        raise MetapriorError(f"a labelled set has at least 1 example, not {count}")
    if isinstance(source, Dataset) and count > (known := len(_known(source))):
        raise MetapriorError(f"cannot label {count} examples of '{source.name}', which has {known} to tell of")
    if not 0 <= seed < 2**32:
        raise MetapriorError(f"the seed of a labelled set must be from 0 to 2^32 - 1, not {seed}")
    random = RandomState(seed)
    if isinstance(source, World):
        drawn, hidden = (_uniform(sizes, count, random) for sizes in (source.factor_sizes, source.hidden_sizes))
        images = source.render(torch.from_numpy(drawn), torch.from_numpy(hidden)).cpu()
        data = Dataset(source.name, images=images, caveat=source.caveat)
        names, sizes = source.factor_names, source.factor_sizes
    else:
        data = source.take(torch.from_numpy(_rows(source, count, random)))
        drawn, names, sizes = _factors(data)
    told = labeller(drawn, sizes, random)
    factors, classes = torch.from_numpy(told.factors).long(), data.factors is None and data.labels is not None
    return Dataset(
        name=data.name,
        images=data.images,
        values=data.values,
        labels=factors[:, 0] if classes else None,  # as told, and no others
        factors=factors,
        factor_names=tuple(names[k] for k in told.columns),
        factor_sizes=told.sizes,
        class_names=data.class_names if classes else (),
        caveat=data.caveat,
    )


def labelled_rows(source: Dataset, count: int, seed: int) -> np.ndarray:
    """Which rows of a data set :func:`few_labels` labels, in their order."""
    return _rows(source, count, RandomState(seed))


def divide(labelled: Dataset, share: float) -> tuple[Dataset, Dataset | None]:
    """The examples that train and those held out to select by, in their order: the first ceil(share * n) train.

    >>> from metaprior.data import load
    >>> [len(part) for part in divide(few_labels(load("digits"), 100, seed=0), 0.9)]
    [90, 10]
    """
    training = training_labels(len(labelled), share)
    rows = torch.arange(len(labelled))
    return labelled.take(rows[:training]), labelled.take(rows[training:]) if training < len(labelled) else None


def training_labels(count: int, share: float) -> int:
    """How many of ``count`` labels train where a share of them does.

    >>> [training_labels(count, 0.9) for count in (5, 10, 101)]
    [5, 9, 91]
    """
    if not 0 < share <= 1:
        raise MetapriorError(f"the share of the labels that trains must lie in (0, 1], not {share:g}")
    return math.ceil(round(count * share, 9))  # 0.9 * 10 is a little more than 9


def _rows(source: Dataset, count: int, random: RandomState) -> np.ndarray:
    """Rows with a label, or with some factor, in an order that is the seed's."""
    drawn = random.permutation(len(source))
    return drawn[np.isin(drawn, _known(source))][:count]


def _known(source: Dataset) -> np.ndarray:
    """The rows of which there is something to tell: the label, or some factor."""
    return np.flatnonzero((_factors(source)[0] >= 0).any(axis=1))


def _uniform(sizes: tuple[int, ...], count: int, random: RandomState) -> np.ndarray:
    columns = [random.randint(size, size=count) for size in sizes]
    return np.stack(columns, axis=1) if columns else np.empty((count, 0), dtype=np.int64)


def _factors(data: Dataset) -> tuple[np.ndarray, tuple[str, ...], tuple[int, ...]]:
    if data.factors is not None:
        return data.factors.cpu().numpy(), data.factor_names, data.factor_sizes
    if data.labels is None:
        raise MetapriorError(f"data set '{data.name}' has neither factors nor labels to draw a labelled set from")
    return data.labels.cpu().numpy()[:, None], ("class",), (data.classes,)
