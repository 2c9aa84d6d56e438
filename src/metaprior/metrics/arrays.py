"""What a metric accepts: arrays or tensors, checked once, with an error that names what is wrong."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from metaprior.core import MetapriorError

Array: TypeAlias = Tensor | np.ndarray | Sequence[Sequence[float]]
"""A numpy array, a torch tensor on any device, or nested lists of numbers."""


def as_numpy(values: Array) -> np.ndarray:
    """The same numbers as a numpy array; half precision becomes float32, since numpy has no bfloat16."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.is_floating_point() and values.itemsize < 4 else values).numpy()
    return np.asarray(values)


def as_codes(codes: Array, name: str = "codes") -> Float[np.ndarray, "n codes"]:
    """Codes as a float32 or float64 matrix, one row an example, every number finite.

    >>> as_codes([[0.0, 1.0], [float("nan"), 2.0]])
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: codes hold 1 NaN value, the first in row 1
    """
    matrix = _matrix(codes, name)
    if matrix.dtype.kind not in "fiub":
        raise MetapriorError(f"{name} must be real numbers; these are {matrix.dtype}")
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float32 if matrix.dtype == np.float16 else np.float64)
    for kind, bad in (("NaN", np.isnan), ("infinite", np.isinf)):
        wrong = bad(matrix)
        if wrong.any():
            count, row = int(wrong.sum()), int(wrong.any(axis=1).argmax())
            raise MetapriorError(f"{name} hold {count} {kind} value{'s' * (count > 1)}, the first in row {row}")
    return matrix


def as_factors(factors: Array, name: str = "factors") -> Int[np.ndarray, "n factors"]:
    """Factors as an int64 matrix: one row an example, one column a factor, values as indices of any range.

    >>> as_factors([[0.0, 1.0], [1.0, 0.5]])
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: factors must be whole numbers; column 1 holds 0.5 in row 1: discretise it
    """
    matrix = _matrix(factors, name)
    if matrix.dtype.kind not in "fiub":
        raise MetapriorError(f"{name} must be whole numbers; these are {matrix.dtype}")
    if matrix.dtype.kind == "f":
        wrong = ~np.isfinite(matrix) | (matrix != np.round(matrix))
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            value = float(matrix[row, column])
            where = f"column {column} holds {value:g} in row {row}"
            raise MetapriorError(f"{name} must be whole numbers; {where}: discretise it")
    beyond = _beyond_int64(matrix)
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        where = f"column {column} holds {float(matrix[row, column]):g} in row {row}"
        raise MetapriorError(f"{name} must fit 64-bit integers; {where}: number its values anew")
    return matrix.astype(np.int64)


def varying(columns: Shaped[np.ndarray, "n columns"]) -> Bool[np.ndarray, " columns"]:
    """Which columns hold more than one value. A range, greatest less least, would overflow where integers are large.

    >>> varying(np.array([[-(2**62), 5], [2**62, 5]])).tolist()
    [True, False]
    """
    return (columns != columns[0]).any(axis=0)


def as_pair(codes: Array, factors: Array, which: str = "", continuous: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Codes N×D and factors N×F of the same examples; ``which`` (``test ``, say) names them in errors.

    Factors are indices or, where they are ``continuous``, real numbers as codes are.

    >>> as_pair([[0.0], [1.0]], [[1]])
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: codes have 2 rows and factors have 1; they must be of the same examples
    """
    as_kind = as_codes if continuous else as_factors
    codes, factors = as_codes(codes, f"{which}codes"), as_kind(factors, f"{which}factors")
    if len(codes) != len(factors):
        raise MetapriorError(
            f"{which}codes have {len(codes)} rows and {which}factors have {len(factors)}; "
            "they must be of the same examples"
        )
    return codes, factors


def as_split(
    codes_train: Array, factors_train: Array, codes_test: Array, factors_test: Array, continuous: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Codes and factors to train on and others to test on: the same codes and the same factors.

    >>> as_split([[0.0], [1.0]], [[0], [1]], [[0.0, 1.0]], [[1]])
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: training codes have 1 columns and test codes 2
    """
    train = as_pair(codes_train, factors_train, "training ", continuous)
    test = as_pair(codes_test, factors_test, "test ", continuous)
    for what, one, other in zip(("codes", "factors"), train, test, strict=True):
        if one.shape[1] != other.shape[1]:
            raise MetapriorError(f"training {what} have {one.shape[1]} columns and test {what} {other.shape[1]}")
    return *train, *test


def at_least_one(**counts: int) -> None:
    """Refuse numbers of examples, repetitions and the like below 1.

    >>> at_least_one(train=100, test=0)
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: test must be at least 1, not 0
    """
    for name, count in counts.items():
        if count < 1:
            raise MetapriorError(f"{name} must be at least 1, not {count}")


def _beyond_int64(matrix: np.ndarray) -> np.ndarray:
    if matrix.dtype.kind == "f":
        matrix = matrix.astype(np.float64)
        return (matrix >= 2.0**63) | (matrix < -(2.0**63))
    return matrix > np.iinfo(np.int64).max


def _matrix(values: Array, name: str) -> np.ndarray:
    matrix = as_numpy(values)
    if matrix.ndim != 2:
        raise MetapriorError(f"{name} must be a matrix, one row an example; these have shape {matrix.shape}")
    if matrix.size == 0:
        raise MetapriorError(f"{name} are empty: shape {matrix.shape}")
    return matrix
