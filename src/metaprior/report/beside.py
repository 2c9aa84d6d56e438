"""Several runs beside each other: what tells them apart, and the same thing drawn by each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from metaprior.report.gallery import Gallery, Strip
from metaprior.report.tables import HeatMap
from metaprior.report.view import RunView
from metaprior.report.words import labels, plain_name, titles


@dataclass(frozen=True)
class Counterpart:
    """The traversal of one run's code that has most information of a factor, in nats, and whether it tells it."""

    strip: Strip
    nats: float
    told: bool


@dataclass(frozen=True)
class Comparison:
    """One factor, and what each run has for it."""

    factor: int
    name: str
    counterparts: list[Counterpart]


def names_beside(runs: Sequence[RunView]) -> list[tuple[str, str]]:
    """Each run's method with its choices, and its labels, or its name where these do not tell runs apart."""
    methods, named = titles(runs), [labels(run) for run in runs]
    if len(set(zip(methods, named, strict=True))) < len(runs):
        named = [run.name for run in runs]
    return list(zip(methods, named, strict=True))


def apart(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[int], list[tuple[str, str]]]:
    """Of a table of facts, the columns in which runs differ, and what is the same for all.

    >>> apart(["data", "seed"], [["digits", "0"], ["digits", "1"]])
    ([1], [('data', 'digits')])
    """
    columns = [set(column) for column in zip(*rows, strict=True)]
    differ = [k for k, column in enumerate(columns) if len(column) > 1]
    return differ, [(name, rows[0][k]) for k, name in enumerate(names) if k not in differ]


def comparisons(galleries: Sequence[Gallery], maps: Sequence[HeatMap | None]) -> list[Comparison]:
    """One for each factor that varies, if all runs were judged by the same factors and all have traversals."""
    known = [table for table in maps if table is not None]
    if len(known) < len(galleries) or len({tuple(table.columns) for table in known}) != 1:
        return []
    strips = [{strip.index: strip for strip in each.traversals} for each in galleries]
    if any(len(found) != len(table.rows) for found, table in zip(strips, known, strict=True)):
        return []

    def counterpart(run: int, factor: int) -> Counterpart:
        table = known[run]
        code = int(table.values[:, factor].argmax())
        return Counterpart(strips[run][code], float(table.values[code, factor]), bool(table.counts[code, factor]))

    return [
        Comparison(k, plain_name(name), [counterpart(run, k) for run in range(len(known))])
        for k, name in enumerate(known[0].columns)
        if any(table.values[:, k].any() for table in known)
    ]


def others(gallery: Gallery, compared: Sequence[Comparison], run: int) -> list[Strip]:
    """A run's traversals that stand in no comparison."""
    shown = {each.counterparts[run].strip.index for each in compared}
    return [strip for strip in gallery.traversals if strip.index not in shown]


def same_originals(galleries: Sequence[Gallery]) -> bool:
    """Whether all runs have reconstructions of the same pictures."""
    originals = {tuple(picture for name, picture in each.reconstructions if name == "original") for each in galleries}
    return len(originals) == 1 and originals != {()}
