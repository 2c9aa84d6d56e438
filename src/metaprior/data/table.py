"""A table of numbers as a data set: vectors, with a label and factors from columns of their own."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset
from metaprior.data.folder_table import Table, indices, read_columns
from metaprior.data.splits import count_splits, require_share, rows_of_split


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """``path``: a CSV file, a row an example; ``label``, ``factors``: columns (a+b) that are no part of the vectors.

    All other columns are numbers and make the vectors, in their order. Distinct values of the label's and the factors'
    columns, in order (of size, if all are numbers), are the indices 0, 1, … ; an empty cell of theirs is not known.
    ``test``: share of the rows, drawn with a fixed seed, that is the split ``test``. ``scaled``: each column of the
    vectors has mean 0 and variance 1 over the split ``train``.
    """

    path: Path
    label: str | None = None
    factors: str | None = None
    test: float = 0.2
    scaled: bool = True

    def __post_init__(self) -> None:
        require_share(self.test)

    @property
    def told(self) -> tuple[str, ...]:
        """The columns that are no part of the vectors."""
        names = (*filter(None, [self.label]), *(self.factors or "").split("+"))
        return tuple(name.strip() for name in names if name.strip())


def table(options: TableOptions, split: str = "train") -> Dataset:
    """The rows of one split, in the order of the file."""
    found = _read(options)
    chosen, train = (
        rows_of_split(len(found.lines), options.test, name, str(options.path)) for name in (split, "train")
    )
    values = _vectors(found, options)
    if options.scaled:
        known = values[train].astype(np.float64)
        deviation = known.std(axis=0)
        values = (values - known.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    told = {name: indices(found, [found], name) for name in options.told}
    factors = [name for name in options.told if name != options.label]
    rows = torch.from_numpy(chosen)
    return Dataset(
        f"table:path={options.path}",
        values=torch.from_numpy(values[chosen].astype(np.float32)),
        labels=told[options.label][0][rows] if options.label else None,
        class_names=told[options.label][1] if options.label else (),
        factors=torch.stack([told[name][0][rows] for name in factors], dim=1) if factors else None,
        factor_names=tuple(factors),
        factor_sizes=tuple(len(told[name][1]) for name in factors),
        factor_values=tuple(told[name][1] for name in factors),
    )


def table_splits(options: TableOptions) -> dict[str, int]:
    """How many rows each split has."""
    return count_splits(len(_read(options).lines), options.test)


def _read(options: TableOptions) -> Table:
    path = options.path.expanduser()
    if not path.is_file():
        raise MetapriorError(
            f"there is no file {path}; give a table of comma-separated values, as in table:path=FILE.csv"
        )
    columns, lines = read_columns(path)
    for name in options.told:
        if name not in columns:
            raise unknown(f"column of {path}", name, columns)
    if twice := next((name for name in options.told if options.told.count(name) > 1), None):
        raise MetapriorError(f"the column '{twice}' of {path} is asked for twice; name it once, as label or as factor")
    return Table(path, [], columns, lines)


def _vectors(found: Table, options: TableOptions) -> Float32[np.ndarray, "n d"]:
    names = [name for name in found.columns if name not in options.told]
    if not names:
        raise MetapriorError(f"{found.path} has no column left for the vectors; name fewer as label or factors")
    return np.stack([_numbers(found, name) for name in names], axis=1)


def _numbers(found: Table, name: str) -> Float32[np.ndarray, " n"]:
    numbers = np.empty(len(found.lines), dtype=np.float32)
    for place, (line, cell) in enumerate(zip(found.lines, found.columns[name], strict=True)):
        try:
            numbers[place] = float(cell)
        except ValueError:
            numbers[place] = math.nan
        if not math.isfinite(numbers[place]):
            raise MetapriorError(
                f"{found.path}, line {line}: '{cell}' in the column '{name}' is no number; fill it in, or name the "
                "column as label or as a factor"
            )
    return numbers
