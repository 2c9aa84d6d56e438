"""Scores as arrays: missing ones are NaN, and long rows become a dense array by what they are of."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from metaprior.core import MetapriorError

Values: TypeAlias = np.ndarray | Sequence[float | None]
"""Scores, one a model; a model without one has None or NaN."""
Matrix: TypeAlias = np.ndarray | Sequence[Sequence[float | None]]
"""Scores, one row a model and one column a kind of score."""


def as_scores(values: Any, dimensions: int, name: str = "scores") -> Float[np.ndarray, "..."]:
    """Scores as float64 in an array of so many dimensions; one that is None or not finite is missing, NaN.

    >>> as_scores([0.5, None, float("inf")], 1).tolist()
    [0.5, nan, nan]
    """
    try:
        array = np.ma.array(values, dtype=np.float64, copy=True).filled(np.nan)  # DuckDB masks what is NULL
    except (TypeError, ValueError):
        raise MetapriorError(f"{name} must be numbers or None, equally many in each row") from None
    if array.ndim != dimensions:
        raise MetapriorError(f"{name} must have {dimensions} dimensions; these have shape {array.shape}")
    array[~np.isfinite(array)] = np.nan
    return array


def as_equally_many(first: Any, second: Any, dimensions: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of scores with equally many rows, which are of the same models."""
    one, other = as_scores(first, dimensions), as_scores(second, dimensions)
    if len(one) != len(other):
        raise MetapriorError(f"scores must be of the same models; there are {len(one)} and {len(other)}")
    return one, other


def numbered(*labels: Iterable[Hashable]) -> Int[np.ndarray, " n"]:
    """Rows numbered by their labels' combination, in the order in which combinations first appear.

    >>> numbered(["beta-vae", "dip-vae-i", "beta-vae"], [1.0, 1.0, 1.0]).tolist()
    [0, 1, 0]
    """
    columns = [list(column) for column in labels]
    if not columns or len({len(column) for column in columns}) > 1:
        raise MetapriorError(f"rows need one label of each kind; there are {[len(column) for column in columns]}")
    if any(label != label for column in columns for label in column):
        raise MetapriorError("a label is NaN, which equals no other; give rows that have none the label None")
    cells = list(zip(*columns, strict=True))
    numbers = {cell: number for number, cell in enumerate(dict.fromkeys(cells))}
    return np.array([numbers[cell] for cell in cells], dtype=np.int64)


def arranged(values: Values, *labels: Iterable[Hashable]) -> tuple[Float[np.ndarray, "..."], list[list[Hashable]]]:
    """Long rows as an array with one axis a kind of label, and each axis's labels in the order they first appear.

    Where there is no row the array holds NaN. Two rows of the same labels are an error: which is meant is not said.

    >>> table, axes = arranged([0.1, 0.2, 0.3], ["mig", "sap", "mig"], [0, 0, 1])
    >>> table.tolist(), axes
    ([[0.1, 0.3], [0.2, nan]], [['mig', 'sap'], [0, 1]])
    """
    scores = as_scores(values, 1)
    columns = [list(column) for column in labels]
    places = [numbered(column) for column in columns]
    cells = numbered(*columns)
    if len(cells) != len(scores):
        raise MetapriorError(f"there are {len(scores)} scores and labels of {len(cells)}")
    if len(scores) and (counts := np.bincount(cells)).max() > 1:
        twice = int((cells == counts.argmax()).argmax())
        raise MetapriorError(f"{counts.max()} scores have the labels {tuple(column[twice] for column in columns)}")
    axes = [list(dict.fromkeys(column)) for column in columns]
    table = np.full([len(axis) for axis in axes], np.nan)
    table[tuple(places)] = scores
    return table, axes
