"""Scalars that change with the step: learning rates, weights, capacities."""

import bisect
import math
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Linear:
    """From ``start`` to ``end`` in ``steps`` steps, constant afterwards.

    >>> [Linear(0.0, 10.0, steps=4)(t) for t in (0, 2, 4, 9)]
    [0.0, 5.0, 10.0, 10.0]
    """

    start: float
    end: float
    steps: int

    def __call__(self, step: int) -> float:
        return self.start + (self.end - self.start) * min(step / max(self.steps, 1), 1.0)


@dataclass(frozen=True)
class Cosine:
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


@dataclass(frozen=True)
class Piecewise:
    """``values[i]`` from step ``boundaries[i-1]`` on.

    >>> [Piecewise((0.0, 4.0), boundaries=(100,))(t) for t in (99, 100)]
    [0.0, 4.0]
    """

    values: tuple[float, ...]
    boundaries: tuple[int, ...]

    def __call__(self, step: int) -> float:
        return self.values[bisect.bisect_right(self.boundaries, step)]


Schedule: TypeAlias = Linear | Cosine | Piecewise
Scalar: TypeAlias = float | Linear | Cosine | Piecewise


def value_at(scalar: Scalar, step: int) -> float:
    """The value of a constant or a schedule at a step."""
    return scalar(step) if callable(scalar) else float(scalar)
