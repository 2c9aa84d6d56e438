"""Scalars that change with the step: learning rates, weights, capacities."""

import bisect
import math
import re
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from metaprior.core.errors import MetapriorError, unknown


@dataclass(frozen=True)
class Schedule:
    """A scalar as a function of the step. Written in a config as text: ``cosine(peak=1e-3, steps=1000)``."""

    def __call__(self, step: int) -> float:
        raise TypeError(f"{type(self).__name__} must say its value")

    def extremes(self) -> tuple[float, ...]:
        """The values it moves between, by which a range is checked; of a schedule of your own, by default its first."""
        return (self(0),)

    def __str__(self) -> str:
        values = (f"{f.name}={_text(getattr(self, f.name))}" for f in fields(self))
        return f"{type(self).__name__.lower()}({', '.join(values)})"


def _text(value: Any) -> str:
    return "/".join(map(_text, value)) if isinstance(value, tuple) else repr(value)


@dataclass(frozen=True)
class Linear(Schedule):
    """From ``start`` to ``end`` in ``steps`` steps, constant afterwards.

    >>> [Linear(0.0, 10.0, steps=4)(t) for t in (0, 2, 4, 9)]
    [0.0, 5.0, 10.0, 10.0]
    """

    start: float
    end: float
    steps: int

    def __call__(self, step: int) -> float:
        return self.start + (self.end - self.start) * min(step / max(self.steps, 1), 1.0)

    def extremes(self) -> tuple[float, ...]:
        return (self.start, self.end)


@dataclass(frozen=True)
class Cosine(Schedule):
    """A half cosine from ``peak`` to ``end`` over ``steps`` steps, after ``warmup`` steps of linear growth from 0.

    >>> [round(Cosine(1.0, steps=10, warmup=2)(t), 3) for t in (0, 1, 2, 6, 10)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    peak: float
    steps: int
    warmup: int = 0
    end: float = 0.0

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return self.peak * step / self.warmup
        done = min((step - self.warmup) / max(self.steps - self.warmup, 1), 1.0)
        return self.end + (self.peak - self.end) * 0.5 * (1 + math.cos(math.pi * done))

    def extremes(self) -> tuple[float, ...]:
        return (0.0, self.peak, self.end) if self.warmup else (self.peak, self.end)


@dataclass(frozen=True)
class Piecewise(Schedule):
    """``values[i]`` from step ``boundaries[i-1]`` on; during ``warmup`` steps, growth from 0 to the first value.

    >>> [Piecewise((0.0, 4.0), boundaries=(100,))(t) for t in (99, 100)]
    [0.0, 4.0]
    >>> [Piecewise((8.0, 1.0), boundaries=(100,), warmup=4)(t) for t in (0, 1, 4, 100)]
    [0.0, 2.0, 8.0, 1.0]
    """

    values: tuple[float, ...]
    boundaries: tuple[int, ...]
    warmup: int = 0

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return self.values[0] * step / self.warmup
        return self.values[bisect.bisect_right(self.boundaries, step)]

    def extremes(self) -> tuple[float, ...]:
        return (0.0, *self.values) if self.warmup else self.values

    def __post_init__(self) -> None:
        if len(self.values) != len(self.boundaries) + 1:
            raise MetapriorError("a piecewise schedule needs one value more than it has boundaries")


Scalar: TypeAlias = float | Schedule


def schedules() -> dict[str, type[Schedule]]:
    """All kinds of schedules by the names that configs call them, those of your own included."""
    return {kind.__name__.lower(): kind for kind in Schedule.__subclasses__()}


def value_at(scalar: Scalar, step: int) -> float:
    """The value of a constant or a schedule at a step."""
    return scalar(step) if isinstance(scalar, Schedule) else float(scalar)


def parse_scalar(text: str | float) -> Scalar:
    """A number, or a schedule from its text.

    >>> parse_scalar("4"), parse_scalar("linear(start=0, end=10, steps=100)")
    (4.0, Linear(start=0.0, end=10.0, steps=100))
    >>> parse_scalar(str(Piecewise((0.0, 4.0), (100,))))
    Piecewise(values=(0.0, 4.0), boundaries=(100,), warmup=0)
    """
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = None
    if number is not None:
        if not math.isfinite(number):
            raise MetapriorError(f"a number must be finite, not {text}")
        return number
    match = re.fullmatch(r"(\w+)\((.*)\)", str(text).strip())
    if not match:
        raise MetapriorError(f"'{text}' is neither a number nor a schedule such as linear(start=0, end=1, steps=100)")
    name, inside = match.groups()
    known = schedules()
    if name not in known:
        raise unknown("schedule", name, known)
    kinds = {f.name: str(f.type) for f in fields(known[name])}
    values: dict[str, Any] = {}
    for pair in filter(None, (p.strip() for p in inside.split(","))):
        key, _, value = (side.strip() for side in pair.partition("="))
        if key not in kinds:
            raise unknown(f"part of the schedule {name}", key, kinds)
        try:
            values[key] = _value(kinds[key], value)
        except ValueError:
            raise MetapriorError(f"'{value}' is not a {kinds[key]}, as {key} of the schedule {name} must be") from None
    try:
        return known[name](**values)
    except TypeError:
        missing = [f.name for f in fields(known[name]) if f.name not in values]
        raise MetapriorError(f"the schedule {name} lacks {', '.join(missing)}") from None


def _value(kind: str, text: str) -> Any:
    number = int if "int" in kind else float
    return tuple(map(number, text.split("/"))) if "tuple" in kind else number(text)
