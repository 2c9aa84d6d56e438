"""Cells of a table as indices: which are one value, and in which order values come."""

from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data.folder_table import Table, indices, read_table


def column(*cells: str, path: str = "train/factors.csv") -> Table:
    return Table(
        Path(path), [f"{i}.png" for i in range(len(cells))], {"size": list(cells)}, list(range(2, len(cells) + 2))
    )


def numbered(*cells: str) -> tuple[list[int], tuple[str, ...]]:
    table = column(*cells)
    found, values = indices(table, [table], "size")
    return found.tolist(), values


@pytest.mark.parametrize(
    ("cells", "places", "values"),
    [
        (("1.0", "2", "1", "+1"), [0, 1, 0, 0], ("1", "2")),
        (("0.50", "-0", ".5", "0", "0.0", "1e1"), [1, 0, 1, 0, 0, 2], ("0", ".5", "1e1")),
        (("10", "9", "", "-1"), [2, 1, -1, 0], ("-1", "9", "10")),
        (("10", "9", "a"), [0, 1, 2], ("10", "9", "a")),
        (("1", "1.0", "a"), [0, 1, 2], ("1", "1.0", "a")),
        (("9007199254740993", "9007199254740992"), [1, 0], ("9007199254740992", "9007199254740993")),
        (("2_0", "11_0", "1_10", "1_1"), [1, 2, 3, 0], ("1_1", "2_0", "11_0", "1_10")),
        (("_2", "_10"), [1, 0], ("_10", "_2")),
        (("nan", "naan", "inf"), [2, 1, 0], ("inf", "naan", "nan")),
        (("2", "1e99999999999999999999"), [1, 0], ("1e99999999999999999999", "2")),
    ],
    ids=[
        "one number of many spellings",
        "decimals",
        "by size",
        "by letters",
        "spellings of words",
        "more digits than a float has",
        "pairs are not numbers but ordered like them",
        "no numbers",
        "words",
        "beyond all numbers",
    ],
)
def test_values_of_a_column(cells: tuple[str, ...], places: list[int], values: tuple[str, ...]) -> None:
    assert numbered(*cells) == (places, values)


@pytest.mark.parametrize("cell", ["nan", "NaN", "-inf", "Infinity"])
def test_what_is_no_number_has_no_place_among_numbers(cell: str) -> None:
    table = column("1", "", "2")
    other = column("3", "4", cell, path="test/factors.csv")
    with pytest.raises(MetapriorError, match=rf"test.factors\.csv, line 4: '{cell}' .*'size'; leave the cell") as error:
        indices(table, [table, other], "size")
    assert len(str(error.value).splitlines()) == 1


def test_names_and_cells_are_stripped(tmp_path: Path) -> None:
    (tmp_path / "factors.csv").write_text(" file, size\n a.png, 1 \nb.png ,  \n")
    table = read_table(tmp_path / "factors.csv")
    assert (table.files, table.columns) == (["a.png", "b.png"], {"size": ["1", ""]})


def test_blank_lines_are_counted(tmp_path: Path) -> None:
    (tmp_path / "factors.csv").write_text('file,size\n\n , \na.png,1\n"b\nc.png",2\n\nd.png,nan\n')
    table = read_table(tmp_path / "factors.csv")
    assert table.lines == [4, 6, 8]
    with pytest.raises(MetapriorError, match=r"factors\.csv, line 8: 'nan' has no place"):
        indices(table, [table], "size")
