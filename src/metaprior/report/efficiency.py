"""Sample efficiency: accuracy of a predictor on the codes over the examples that it learned from."""

import math
import re
from collections.abc import Sequence

from metaprior.report.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Panel, path
from metaprior.report.scores import Row
from metaprior.report.words import metric_name, tick

NAME = re.compile(r"(.*accuracy.*)_([1-9]\d*)")


def efficiency(table: Sequence[Row]) -> list[Panel]:
    """A panel for each kind of score that is called ``…accuracy…_<examples>`` and has two sizes or more."""
    kinds: dict[str, dict[int, Row]] = {}
    for row in table:
        if match := NAME.fullmatch(row.name):
            kind = metric_name(match[1]) + ", sampled codes" * row.sampled
            kinds.setdefault(kind, {})[int(match[2])] = row
    return [panel(kind, rows) for kind, rows in kinds.items() if len(rows) > 1]


def panel(name: str, rows: dict[int, Row]) -> Panel:
    """Accuracy, from the least to the greatest there is, over the number of examples on a logarithmic scale."""
    sizes = sorted(rows)
    runs = range(len(rows[sizes[0]].entries))
    values = {size: rows[size].values for size in sizes}
    known = [value for row in values.values() for value in row if value is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    bottom, top = (low, high) if high > low else (low - 0.5, high + 0.5)

    def x(size: int) -> float:
        start, end = math.log(sizes[0]), math.log(sizes[-1])
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(size) - start) / (end - start)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (top - value) / (top - bottom)

    def line(run: int) -> list[tuple[float, float | None]]:
        return [(x(size), None if (value := values[size][run]) is None else y(value)) for size in sizes]

    return Panel(
        name=name,
        paths=tuple(path(line(run)) for run in runs),
        raw=(),
        last=tuple(values[sizes[-1]][run] for run in runs),
        y_ticks=tuple((round(y(v), 1), tick(v)) for v in dict.fromkeys([low, (low + high) / 2, high])),
        x_ticks=tuple((round(x(size), 1), f"{size:,}") for size in sizes),
        logarithmic=False,
    )
