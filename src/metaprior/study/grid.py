"""Grids: every combination of choices that a study goes through, in an order that is always the same.

A grid is a tuple of points, and a point gives fields their values: ``{"data": "dsprites", "method.beta": 4.0}``. Grids
are made of smaller ones; what is a field, and of which type, is checked where a point becomes an experiment.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from metaprior.core import MetapriorError

Point: TypeAlias = Mapping[str, Any]
Grid: TypeAlias = tuple[Point, ...]


def values(field: str, *options: Any) -> Grid:
    """One field with each of its values.

    >>> values("loop.seed", 0, 1)
    ({'loop.seed': 0}, {'loop.seed': 1})
    """
    if not options:
        raise MetapriorError(f"the field '{field}' of a grid has no values")
    return tuple({field: option} for option in options)


def product(*grids: Grid, where: str = "a grid") -> Grid:
    """Every combination; the last grid varies fastest. An error for a field of two of them says ``where``.

    >>> [tuple(point.values()) for point in product(values("a", 1, 2), values("b", 3, 4))]
    [(1, 3), (1, 4), (2, 3), (2, 4)]
    """
    return tuple(_joined(points, where) for points in itertools.product(*grids))


def zipped(*grids: Grid, where: str = "a grid") -> Grid:
    """The first points of all grids together, the second ones, and so on; errors say ``where``.

    >>> zipped(values("a", 1, 2), values("b", 3, 4))
    ({'a': 1, 'b': 3}, {'a': 2, 'b': 4})
    """
    if len({len(grid) for grid in grids}) > 1:
        raise MetapriorError(f"{where} zips fields, which need equally many values; these have {[*map(len, grids)]}")
    return tuple(_joined(points, where) for points in zip(*grids, strict=True))


def chain(*grids: Grid) -> Grid:
    """All points of the first grid, then those of the second, and so on.

    >>> chain(values("a", 1), values("b", 2))
    ({'a': 1}, {'b': 2})
    """
    return tuple(itertools.chain(*grids))


def conditional(grid: Grid, when: Point, then: Grid, where: str = "a grid") -> Grid:
    """The points that ``when`` is true of, with every point of ``then``; the others as they are. Errors say ``where``.

    >>> conditional(values("a", 1, 2), {"a": 2}, values("b", 3, 4))
    ({'a': 1}, {'a': 2, 'b': 3}, {'a': 2, 'b': 4})
    """
    fits = [all(key in point and point[key] == value for key, value in when.items()) for point in grid]
    parts = zip(grid, fits, strict=True)
    return chain(*(product((point,), then, where=where) if fit else (point,) for point, fit in parts))


def read_grid(
    plain: Any, where: str = "grid", instead: Mapping[str, Any] | None = None, common: Point | None = None
) -> Grid:
    """The grid that a study file describes.

    A mapping is the product of its entries, in their order: a field with a value, a list of values or a range such as
    ``0..4``, both ends included; ``product`` and ``chain`` with a list of grids; ``zip`` with fields of equally many
    values; ``also`` with a list of ``{when: point, then: grid}``, which add fields to the points so far. ``instead``
    gives fields other values than theirs; ``common`` has fields that all points share, which the grid may not give too.

    >>> len(read_grid({"data": ["dsprites", "cars3d"], "zip": {"a": [1, 2], "b": [3, 4]}, "loop.seed": "0..49"}))
    200
    """
    if not isinstance(plain, Mapping) or not plain:
        raise MetapriorError(f"{where} must be a mapping of fields, product, chain, zip or also, not {plain!r}")
    instead, common = instead or {}, common or {}
    grid: Grid = (common,)
    for key, told in plain.items():
        if not isinstance(key, str):
            raise MetapriorError(f"{where} has the key {key!r}, and fields are words")
        place = f"{where}.{key}"
        if key in ("product", "chain"):
            parts = [read_grid(part, f"{place}[{i}]", instead) for i, part in enumerate(_listed(told, place))]
            more = product(*parts, where=place) if key == "product" else chain(*parts)
        elif key == "zip":
            if not isinstance(told, Mapping):
                raise MetapriorError(f"{place} must be a mapping of fields with lists of values, not {told!r}")
            fields = {field: spelt_out(instead.get(field, each)) for field, each in told.items()}
            more = zipped(*(values(field, *options) for field, options in fields.items()), where=place)
        elif key == "also":
            for i, each in enumerate(_listed(told, place)):
                grid = with_also(grid, each, f"{place}[{i}]", instead)
            continue
        else:
            more = values(key, *spelt_out(instead.get(key, told)))
        if twice := common.keys() & {field for point in more for field in point}:
            raise MetapriorError(
                f"{where} gives the field '{min(twice)}' values, and common gives it one; a field may not be in both"
            )
        grid = product(grid, more, where=where)
    return grid


def with_also(grid: Grid, told: Any, where: str, instead: Mapping[str, Any] | None = None) -> Grid:
    """The grid with fields for some of its points, as ``{when: point, then: grid}`` says; an error if for none."""
    if not isinstance(told, Mapping) or set(told) != {"when", "then"} or not isinstance(told["when"], Mapping):
        raise MetapriorError(f"{where} must be {{when: point, then: grid}}, not {told!r}")
    found = conditional(grid, told["when"], read_grid(told["then"], f"{where}.then", instead), where)
    if found == grid:
        raise MetapriorError(f"{where}: no point so far is {dict(told['when'])}; fields must come before it")
    return found


def spelt_out(told: Any) -> list[Any]:
    """A value, a list of values, or a range with both ends, as a list.

    >>> spelt_out("0..3"), spelt_out(["0..1", 7]), spelt_out("dsprites")
    ([0, 1, 2, 3], [0, 1, 7], ['dsprites'])
    """
    if isinstance(told, list | tuple):
        return [value for each in told for value in spelt_out(each)]
    match = re.fullmatch(r"(-?\d+)\.\.(-?\d+)", told) if isinstance(told, str) else None
    if not match:
        return [told]
    first, last = int(match[1]), int(match[2])
    if first > last:
        raise MetapriorError(f"the range {told} runs backwards; write {last}..{first}")
    return list(range(first, last + 1))


def _joined(points: Sequence[Point], where: str) -> Point:
    joined: dict[str, Any] = {}
    for point in points:
        if twice := joined.keys() & point.keys():
            raise MetapriorError(f"{where} gives the field '{min(twice)}' values in two places at once")
        joined |= point
    return joined


def _listed(told: Any, where: str) -> list[Any]:
    if not isinstance(told, list) or not told:
        raise MetapriorError(f"{where} must be a list with at least one entry, not {told!r}")
    return told
