"""The table beside a folder's pictures, ``labels.csv`` or ``factors.csv``, and which value a cell stands for."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import torch
from jaxtyping import Int64
from torch import Tensor

from metaprior.core import MetapriorError


@dataclass(frozen=True)
class Table:
    """One row a picture: the name of its file, and its cell in each other column, "" where the value is not known."""

    path: Path
    files: list[str]
    columns: dict[str, list[str]]
    lines: list[int]
    """The line of the file that each row ends on."""


def read_table(path: Path) -> Table:
    """The table in a file of comma-separated values whose first line names the columns, ``file`` among them."""
    columns, lines = read_columns(path, "file")
    files = columns.pop("file")
    if twice := next((name for name, times in Counter(files).items() if times > 1), None):
        raise MetapriorError(f"{path} lists '{twice}' twice; give each picture one line")
    return Table(path, files, columns, lines)


def read_columns(path: Path, needed: str | None = None) -> tuple[dict[str, list[str]], list[int]]:
    """The cells of each column of a file of comma-separated values, and the line that each row ends on.

    The first line names the columns, the one that is ``needed`` among them.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            found = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except (csv.Error, UnicodeDecodeError) as error:
        raise MetapriorError(f"{path} is not a table of comma-separated values: {error}") from error
    names, rows = found[0][1] if found else [], found[1:]
    if not rows or (needed and needed not in names):
        among = f" with '{needed}' among them" if needed else ""
        raise MetapriorError(f"{path} needs a first line of column names{among}, and rows below it")
    if "" in names:
        raise MetapriorError(f"{path} has a column without a name; name it in the first line, or delete it")
    if twice := [name for name in names if names.count(name) > 1]:
        raise MetapriorError(f"{path} has two columns called '{twice[0]}'; give each factor a name of its own")
    ragged = next((line for line, row in rows if len(row) != len(names)), None)
    if ragged is not None:
        raise MetapriorError(f"{path}, line {ragged} has more or fewer columns than the first line")
    return {name: [row[k] for _, row in rows] for k, name in enumerate(names)}, [line for line, _ in rows]


def indices(table: Table, tables: Sequence[Table], column: str) -> tuple[Int64[Tensor, " n"], tuple[str, ...]]:
    """The cells of a column as indices into the values that ``tables``, those of all splits, have in it; these values.

    Values are in order of size if all are numbers, else of the alphabet. 1 and 1.0 are one value, named by its shortest
    spelling. An empty cell is -1, and some cell of ``table`` must not be empty.

    >>> table = Table(Path("labels.csv"), ["a", "b", "c", "d"], {"label": ["10", "2", "", "2.0"]}, [2, 3, 4, 5])
    >>> indices(table, [table], "label")
    (tensor([ 1,  0, -1,  0]), ('2', '10'))
    """
    cells = table.columns[column]
    if not any(cells):
        raise MetapriorError(f"{table.path}: the column '{column}' has no value in any row; fill it in, or delete it")
    keys = _keys({cell for each in tables for cell in each.columns[column] if cell})
    endless = {cell for cell, (number, _) in keys.items() if not number.is_finite()}
    for each in tables if endless else ():
        for line, cell in zip(each.lines, each.columns[column], strict=True):
            if cell in endless:
                raise MetapriorError(
                    f"{each.path}, line {line}: '{cell}' has no place among the numbers of the column '{column}'; "
                    "leave the cell empty if its value is not known"
                )
    spellings = {keys[cell]: cell for cell in sorted(keys, key=lambda cell: (len(cell), cell), reverse=True)}
    places = {key: place for place, key in enumerate(sorted(spellings))}
    return torch.tensor([places[keys[cell]] if cell else -1 for cell in cells]), tuple(spellings[key] for key in places)


def _keys(cells: Iterable[str]) -> dict[str, tuple[Decimal, str]]:
    """What each cell is put in order by, and told from others by: its number if all have one, else its letters.

    Numbers are compared with all their digits: as floats, long identifiers would be one. 1_10 and 11_0 are in the order
    of 110, but are not one value: they are pairs rather than numbers.
    """
    try:
        return {cell: (_number(cell), cell if "_" in cell else "") for cell in cells}
    except (ValueError, InvalidOperation):
        return {cell: (Decimal(), cell) for cell in cells}


def _number(cell: str) -> Decimal:
    float(cell)  # is stricter than Decimal, to which _1 is a number
    return Decimal(cell)
