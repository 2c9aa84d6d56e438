"""Loss curves as small multiples: one panel a term, one line a run, drawn as SVG paths."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from metaprior.report.view import RunView
from metaprior.report.words import number

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 8, 20
POINTS = 240
"""Longer histories are drawn as the means of this many stretches."""
SMOOTH = 0.1
"""A running mean goes over this share of the history."""
DECADES = 1.5
"""A positive term that spans more powers of ten than this is drawn on a logarithmic scale."""

Line = list[tuple[float, float | None]]


@dataclass(frozen=True)
class Panel:
    """One term of the loss: SVG paths per run (empty where the run lacks the term), and ticks as (place, text)."""

    name: str
    paths: tuple[str, ...]
    """Running means."""
    raw: tuple[str, ...]
    """What was logged."""
    last: tuple[float | None, ...]
    """Where the running means end."""
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    logarithmic: bool


def panels(runs: Sequence[RunView]) -> list[Panel]:
    """A panel for each term that any run logged, in the order of the logs.

    The whole loss is left out where the runs' methods differ: it sums other terms, or weighs them otherwise.
    """
    left_out = incomparable(runs)
    return [panel(name, [term(run, name) for run in runs]) for name in logged(runs) if name not in left_out]


def logged(runs: Sequence[RunView]) -> list[str]:
    """The terms that any run logged."""
    return list(dict.fromkeys(name for run in runs for record in run.history for name in record.get("terms", {})))


def incomparable(runs: Sequence[RunView]) -> list[str]:
    """The players' whole losses, where the runs are not of one recipe with the same choices."""
    first = runs[0].config
    alike = all(run.config.get(key) == first.get(key) for run in runs for key in ("recipe", "method"))
    return [] if alike else [name for name in logged(runs) if name.endswith("/loss")]


def term(run: RunView, name: str) -> Line:
    """(step, value) of one term; None where it was not finite."""
    return [(record["step"], record["terms"][name]) for record in run.history if name in record.get("terms", {})]


def panel(name: str, lines: Sequence[Line]) -> Panel:
    """Scales and paths of one term."""
    drawn = [thin(line) for line in lines]
    means = [running_mean(line) for line in drawn]
    values = [value for line in drawn for _, value in line if value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    logarithmic = low > 0 and math.log10(high / low) > DECADES
    scale = math.log10 if logarithmic else float
    bottom, top = scale(low), scale(high)
    if top - bottom < 1e-9 * max(1.0, abs(top)):
        bottom, top = bottom - 0.5, top + 0.5
    start = min((step for line in drawn for step, _ in line), default=0)
    end = max((step for line in drawn for step, _ in line), default=1)

    def x(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (step - start) / max(end - start, 1e-9)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (top - scale(value)) / (top - bottom)

    def curve(line: Line) -> str:
        return path((x(s), None if v is None else y(v)) for s, v in line)

    return Panel(
        name=name,
        paths=tuple(map(curve, means)),
        raw=tuple(map(curve, drawn)),
        last=tuple(next((v for _, v in reversed(line) if v is not None), None) for line in means),
        y_ticks=tuple((round(y(v), 1), short(v)) for v in dict.fromkeys([low, middle(low, high, logarithmic), high])),
        x_ticks=tuple((round(x(s), 1), number(int(s))) for s in dict.fromkeys([start, end])),
        logarithmic=logarithmic,
    )


def running_mean(line: Line) -> Line:
    """Each value's mean with its neighbours, of a stretch of a tenth of the line; less of it near the beginning.

    A term that depends on which labels a step saw swings with their cycle; its mean shows where it goes.

    >>> running_mean([(step, float(step % 4)) for step in range(40)])[20]
    (20, 1.6)
    """
    half = round(len(line) * SMOOTH / 2)
    means: Line = []
    for i, (step, value) in enumerate(line):
        near = [v for _, v in line[i - min(half, i) : i + min(half, i) + 1] if v is not None]
        means.append((step, sum(near) / len(near) if value is not None else None))
    return means


def thin(line: Line) -> Line:
    """At most ``POINTS`` points, each the mean of a stretch.

    >>> len(thin([(step, 1.0) for step in range(1000)]))
    200
    """
    stretch = -(-len(line) // POINTS)
    if stretch <= 1:
        return line
    means: Line = []
    for i in range(0, len(line), stretch):
        part = [value for _, value in line[i : i + stretch] if value is not None]
        means.append((line[min(i + stretch, len(line)) - 1][0], sum(part) / len(part) if part else None))
    return means


def path(points: Iterable[tuple[float, float | None]]) -> str:
    """An SVG path that breaks where a value is missing.

    >>> path([(0, 1), (1, None), (2, 3), (3, 3)])
    'M0 1M2 3L3 3'
    """
    drawn, pen = "", "M"
    for x, y in points:
        if y is not None:
            drawn += f"{pen}{x:.4g} {y:.4g}"
        pen = "M" if y is None else "L"
    return drawn


def middle(low: float, high: float, logarithmic: bool) -> float:
    """The value half-way up the axis."""
    return math.sqrt(low * high) if logarithmic else (low + high) / 2


def short(value: float) -> str:
    """A tick of at most three digits.

    >>> short(1234.0), short(0.01234), short(56.78)
    ('1,234', '0.0123', '56.8')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
