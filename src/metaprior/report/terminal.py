"""The scores of a few runs as a table for the terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from metaprior.report.scores import rows
from metaprior.report.view import RunView
from metaprior.report.words import labels, number, signed, title


def score_table(runs: Sequence[RunView]) -> Table:
    """Rows are metrics, columns are runs; then the ceiling and, for two runs judged alike, the difference."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2))
    table.add_column("")
    for run in runs:
        table.add_column(Text(f"{title(run)}\n{labels(run)}"), justify="right")
    table.add_column("at most", justify="right", style="dim")
    if len(runs) == 2:
        table.add_column("difference", justify="right")
    found = rows(runs)
    several = len({row.protocol for row in found}) > 1
    for row in found:
        cells = [Text(number(value)) for value in row.values]
        name = f"{row.label}  ({row.protocol})" if several else row.label
        line = [Text(name), *cells, number(row.ceiling) if row.ceiling is not None else ""]
        if len(runs) == 2:
            line.append(Text(signed(row.difference), style="bold") if row.difference is not None else Text(""))
        table.add_row(*line)
    return table
