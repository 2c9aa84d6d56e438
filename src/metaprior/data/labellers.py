"""Labellers: what the labels of a few-labels study say of the true factors. Five kinds of people.

Each takes true factors n×F (-1 where missing, which stays so), their sizes and a generator, and goes on with that
generator as the study's code does, so that a seed gives the same labels. Source: Locatello et al. 2020, by way of
disentanglement_lib's semi_supervised_utils.py.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Int
from numpy.random import RandomState

from metaprior.core import MetapriorError, unknown

BINS = 5
RANDOM = 0.1
OBSERVED = 2


class Told(NamedTuple):
    """Factors as labelled, the sizes of those, and which true factors they are of."""

    factors: Int[np.ndarray, "n told"]
    sizes: tuple[int, ...]
    columns: tuple[int, ...]


Labeller: TypeAlias = Callable[[np.ndarray, tuple[int, ...], RandomState], Told]
LabellerName: TypeAlias = Literal["perfect", "binned", "noisy", "partial", "permuted"]
"""The names in :data:`LABELLERS`."""


def perfect(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> Told:
    """The truth."""
    return Told(factors, sizes, tuple(range(len(sizes))))


def binned(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> Told:
    """Roughly: a factor of more than 5 values is told in 5 bins of equal width, in their order.

    >>> binned(np.array([[0], [7], [8], [39]]), (40,), RandomState(0)).factors.ravel().tolist()
    [0, 0, 1, 4]
    """
    many = np.array(sizes) > BINS
    told = np.where(many & (factors >= 0), factors * BINS // np.array(sizes), factors)
    return perfect(told, tuple(min(size, BINS) for size in sizes), random)


def noisy(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> Told:
    """Each label is, with probability 0.1, a uniform draw from all values; so wrong with 0.1 (K - 1) / K."""
    told = factors.copy()
    for row in told:  # one draw after the other, as the study draws them
        for k, size in enumerate(sizes):
            if random.rand() < RANDOM:
                drawn = random.randint(size)
                row[k] = drawn if row[k] >= 0 else row[k]
    return perfect(told, sizes, random)


def partial(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> Told:
    """Two factors only, drawn at random, the same for all examples; the first of them is tied to the first code."""
    if len(sizes) < OBSERVED:
        raise MetapriorError(f"a partial labeller tells {OBSERVED} factors, and this data has {len(sizes)}")
    columns = tuple(int(k) for k in random.choice(len(sizes), size=OBSERVED, replace=False))
    return Told(factors[:, columns], tuple(sizes[k] for k in columns), columns)


def permuted(factors: np.ndarray, sizes: tuple[int, ...], random: RandomState) -> Told:
    """Values without their order: each factor's are permuted, the same way for all examples."""
    orders = [np.append(random.permutation(size), -1) for size in sizes]  # the last place is of a missing value
    told = np.stack([order[factors[:, k]] for k, order in enumerate(orders)], axis=1)
    return perfect(told, sizes, random)


LABELLERS: dict[str, Labeller] = {
    "perfect": perfect,
    "binned": binned,
    "noisy": noisy,
    "partial": partial,
    "permuted": permuted,
}
"""The labellers of the study by name."""


def find_labeller(name: str) -> Labeller:
    """The labeller of that name.

    >>> find_labeller("niosy")
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: unknown labeller 'niosy'; did you mean 'noisy'?
    """
    if name not in LABELLERS:
        raise unknown("labeller", name, LABELLERS)
    return LABELLERS[name]
