"""Figures for papers, also as vectors: what factors do to codes, and matrices of codes and factors."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from metaprior.report.codes import SILENT
from metaprior.report.effects import TAILS, Effects
from metaprior.report.tables import HeatMap, Matrix
from metaprior.report.words import code_name, plain_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FileFormat = Literal["png", "svg", "pdf"]
BLUE, INK, MUTED = "#264aa8", "#1c1e24", "#8a8e98"
LEAST_SHARE = 0.05
"""A factor that explains less of a code than this is drawn grey."""
NAMED = 6
"""A factor of up to so many values has a tick for each."""
LONGEST = 8
"""Characters of the names of values that ticks have room for."""


def effects_figure(effects: Effects, order: Sequence[int] | None = None) -> Figure:
    """One row an active code, one column a factor: the code against the factor's values.

    Line: the mean. Dark band: one standard deviation. Light band: 5 to 95 % of the examples. The number is the share of
    the code's variance that the factor explains. Dotted, in all panels but that of the code's main factor: the mean
    with the main factor held at some of its values; these lines are flat where nothing else moves the code.
    """
    every = list(range(len(effects.cells)) if order is None else order)
    silent = effects.codes.var(axis=0) < SILENT
    codes = [code for code in every if not silent[code]] or every
    names = effects.factor_names
    with _style():
        width, height = 0.7 + 1.7 * len(names), 0.82 + 1.1 * len(codes)
        figure = _figure(width, height)
        margins = {"left": 0.6 / width, "right": 1 - 0.1 / width, "bottom": 0.52 / height, "top": 1 - 0.25 / height}
        figure.subplots_adjust(**margins, wspace=0.12, hspace=0.3)  # a computed layout takes three times as long
        grid = figure.subplots(len(codes), len(names), sharex="col", sharey="row", squeeze=False)
        for axes_of_code, code in zip(grid, codes, strict=True):
            main = int(effects.shares[code].argmax())
            for k, axes in enumerate(axes_of_code):
                _draw_effect(axes, effects, code, k, main)
            axes_of_code[0].set_ylabel(f"z{code}", rotation=0, ha="right", va="center", fontweight="bold")
        for axes, name in zip(grid[0], names, strict=True):
            axes.set_title(plain_name(name), loc="left", fontweight="bold")
        for k, axes in enumerate(grid[-1]):
            axes.set_xticks(*_ticks(effects, k))
        left_out = ", ".join(f"z{code}" for code in every if code not in codes)
        told = (
            f"Line: mean; bands: ±1 sd, and {TAILS:.0%} to {1 - TAILS:.0%}; dotted: means with the main factor held; "
            f"number: variance explained. {len(effects.codes):,} examples."
            + (f"\nLeft out, inactive: {left_out}." if left_out else "")
        )
        figure.text(0.005, 0.03 / height, told, fontsize=6.5, color=MUTED, va="bottom")
    return figure


def _draw_effect(axes: Axes, effects: Effects, code: int, factor: int, main: int) -> None:
    effect = effects.cells[code][factor]
    colour = BLUE if effect.share >= LEAST_SHARE else MUTED
    x = effect.values
    axes.fill_between(x, effect.low, effect.high, color=colour, alpha=0.12, linewidth=0)
    axes.fill_between(x, effect.mean - effect.sd, effect.mean + effect.sd, color=colour, alpha=0.25, linewidth=0)
    if factor != main:
        axes.plot(x, effects.held(code, factor).T, color=colour, linewidth=0.7, linestyle=(0, (1, 1.5)))
    axes.plot(x, effect.mean, color=colour, linewidth=1.6, marker="o" if len(x) <= NAMED else None, markersize=3)
    weight = "bold" if factor == main and effect.share >= LEAST_SHARE else "normal"
    axes.set_title(f"{effect.share:.0%}", loc="right", fontsize=7.5, pad=2, color=colour, fontweight=weight)
    axes.margins(x=0.04)


def _ticks(effects: Effects, factor: int) -> tuple[np.ndarray, list[str]]:
    """Each value by its name where there are few, otherwise the first and the last."""
    values, names = effects.cells[0][factor].values, effects.named(factor)
    if max(map(len, names)) > LONGEST:
        names = [str(value) for value in values]
    kept = range(len(values)) if len(values) <= NAMED else [0, len(values) - 1]
    return values[list(kept)], [names[i] for i in kept]


def matrix_figure(table: HeatMap, kind: Matrix) -> Figure:
    """A heat map with its numbers; outlined is the best code of each factor, or the best factor of each code."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    values, columns = table.values[table.order], [plain_name(name) for name in table.columns]
    full = kind.full or float(values.max()) or 1.0
    with _style():
        width, height = 1.2 + 0.95 * len(columns), 0.75 + 0.32 * len(values)
        figure = _figure(width, height)
        axes = figure.add_axes((0.4 / width, 0.4 / height, 0.95 * len(columns) / width, 0.32 * len(values) / height))
        colours = LinearSegmentedColormap.from_list("paper to blue", ["#ffffff", BLUE])
        drawn = axes.imshow(values, cmap=colours, vmin=0, vmax=full, aspect="auto")
        for (i, k), value in np.ndenumerate(values):
            light = value / full > 0.6
            axes.text(k, i, kind.number(value), ha="center", va="center", fontsize=8, color="white" if light else INK)
        outlined = table.outlined(kind.by_code)
        for i, code in enumerate(table.order):
            for k in range(len(columns)):
                if (code, k) in outlined:
                    axes.add_patch(Rectangle((k - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=1.4))
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(values)), [code_name(table.rows[code]) for code in table.order])
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(kind.caption, color=MUTED, fontsize=8)
        beside = figure.add_axes((1 - 0.7 / width, 0.4 / height, 0.14 / width, 0.32 * len(values) / height))
        figure.colorbar(drawn, cax=beside).outline.set_visible(False)  # pyright: ignore
    return figure


def drawn(figure: Figure, file_format: FileFormat = "png") -> bytes:
    """The figure as a file: PNG of 200 dots an inch, or SVG or PDF, in which text stays text. No date is in it."""
    file = io.BytesIO()
    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[file_format]
    with _style():
        figure.savefig(file, format=file_format, dpi=200, metadata=undated)
    return file.getvalue()


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    style: Any = {
        "font.size": 8, "axes.titlesize": 9, "axes.edgecolor": "#c9c5bc", "axes.linewidth": 0.6,
        "axes.labelcolor": INK, "text.color": INK, "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": 7,
        "ytick.labelsize": 7, "svg.fonttype": "none", "svg.hashsalt": "metaprior", "pdf.fonttype": 42,
    }  # fmt: skip
    with matplotlib.rc_context(style):
        yield
