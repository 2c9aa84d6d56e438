"""Which rows of a file of examples train and which test, where the file itself does not say."""

import math

import numpy as np
from numpy.random import RandomState

from metaprior.core import MetapriorError, unknown

SPLITS = ("train", "test", "all")


def rows_of_split(count: int, test: float, split: str, name: str) -> np.ndarray:
    """The rows of a split, in their order; a share of them, drawn with a fixed seed, is ``test``.

    >>> rows_of_split(5, 0.4, "test", "mine").tolist(), len(rows_of_split(5, 0.4, "train", "mine"))
    ([0, 2], 3)
    """
    if split not in SPLITS:
        raise unknown(f"split of {name}", split, SPLITS)
    order = RandomState(0).permutation(count)
    tested = math.floor(round(count * test, 9))
    rows = {"train": order[tested:], "test": order[:tested], "all": order}[split]
    if not len(rows):
        raise MetapriorError(f"{name} has no row in its split '{split}': it has {count} in all")
    return np.sort(rows)


def count_splits(count: int, test: float) -> dict[str, int]:
    """How many rows each split has that has any.

    >>> count_splits(10, 0.2), count_splits(10, 0.0)
    ({'train': 8, 'test': 2}, {'train': 10})
    """
    tested = math.floor(round(count * test, 9))
    return {name: n for name, n in {"train": count - tested, "test": tested}.items() if n}


def require_share(test: float) -> None:
    """Raise unless a share of rows can be the test split."""
    if not 0 <= test < 1:
        raise MetapriorError(f"the share of the rows that is the test split must lie in [0, 1), not {test:g}")
