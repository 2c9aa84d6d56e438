"""Linear support vector machines on one number, a class against the rest, solved exactly for all codes at once.

On a line, the examples of a class inside its margin are those on one side of a threshold, and so are the others.
In sorted order their sums are differences of running sums: a step of Newton's method takes look-ups, no pass over rows.
Running sums that have passed a code of 1e8 no longer hold squares of 1, so each comes with what its rounding lost.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

MAX_STEPS = 200
EXCESS = 1e-10
"""The search ends where each objective is above its least value by about this share of itself."""


@dataclass(frozen=True, eq=False)
class SortedCodes:
    """Codes about their medians, each in ascending order, and sums of powers 0, 1, 2 over the first 0…n of them."""

    centre: Float[np.ndarray, "codes 1"]
    order: Int[np.ndarray, "codes n"]
    values: Float[np.ndarray, "codes n"]
    sums: Float[np.ndarray, "2 3 codes n+1"]

    @classmethod
    def of(cls, codes: Float[np.ndarray, "n codes"]) -> "SortedCodes":
        columns = np.ascontiguousarray(codes.T, dtype=np.float64)
        order = columns.argsort(axis=1)
        values = np.take_along_axis(columns, order, axis=1)
        centre = values[:, values.shape[1] // 2, None]
        return cls(centre, order, values - centre, _running_sums(values - centre))


@dataclass(frozen=True, eq=False)
class Lines:
    """A decision function x ↦ slope·x + intercept for each code and class; the greatest one names the class."""

    slope: Float[np.ndarray, "codes classes"]
    intercept: Float[np.ndarray, "codes classes"]

    def predict(self, code: int, values: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """The class of each value of one code, as a place among the classes."""
        return (values[:, None] * self.slope[code] + self.intercept[code]).argmax(axis=1)


def separate(codes: SortedCodes, label: Int[np.ndarray, " n"], inverse_strength: float) -> Lines:
    r"""Lines w·x + b that tell each of K classes from the rest, on each code alone.

    .. math:: \min_{w,b} \tfrac12 (w^2 + b^2) + C \sum_i c_i \max(0, 1 - y_i (w x_i + b))^2

    with y = 1 in the class and −1 elsewhere, and C the ``inverse_strength``. The weights c are n/(K·n_k) in class k and
    1 elsewhere; with two classes only, each has its own. This is scikit-learn's ``LinearSVC(class_weight="balanced")``,
    liblinear's penalty on the intercept included. Labels are 0…K−1, each of which occurs, and K is at least 2.
    """
    problem = _Problem.of(codes, label, inverse_strength)
    line = np.zeros((2, *problem.segment.shape))  # slope, and height at the code's centre
    value, (inside, outside) = problem.objective(line)
    for _ in range(MAX_STEPS):
        (w, h), total, m = line, inside + outside, codes.centre
        slope_w = w - m * (h - m * w) + 2 * (total[2] * w - inside[1] * (1 - h) + outside[1] * (1 + h))
        slope_h = h - m * w + 2 * (total[1] * w - inside[0] * (1 - h) + outside[0] * (1 + h))
        ww, wh, hh = 1 + m**2 + 2 * total[2], 2 * total[1] - m, 1 + 2 * total[0]
        move = np.stack([wh * slope_h - hh * slope_w, wh * slope_w - ww * slope_h]) / (ww * hh - wh**2)
        fall = slope_w * move[0] + slope_h * move[1]
        step = (-fall > 2 * EXCESS * value).astype(float)
        if not step.any():
            line = line + move  # the last step is exact where it moves no example across a margin
            break
        trial, margins = problem.objective(line + step * move)
        while (worse := trial > value + 1e-4 * step * fall).any():
            step[worse] /= 2
            trial, margins = problem.objective(line + step * move)
        line, value, (inside, outside) = line + step * move, trial, margins
    return Lines(line[0], line[1] - line[0] * codes.centre)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The objectives of all codes and classes, and the sorted order in which they are looked up."""

    codes: SortedCodes
    weight: Float[np.ndarray, "2 classes"]
    """C times the weight of an example of the class, and of another one."""
    places: Int[np.ndarray, " codes_n"]
    """Code by code and class by class, where in the code's order the examples of the class are, ascending."""
    segment: Int[np.ndarray, "codes classes"]
    """What is added to such a place, so that all of ``places`` ascend."""
    ends: Int[np.ndarray, " classes+1"]
    """How many examples belong to the classes before each, and to all."""
    sums: Float[np.ndarray, "2 3 codes n+1"]
    """Running sums of powers in the order of ``places``."""

    @classmethod
    def of(cls, codes: SortedCodes, label: np.ndarray, inverse_strength: float) -> "_Problem":
        (d, n), size = codes.values.shape, np.bincount(label)
        k = len(size)
        balanced = n / (k * size)
        weight = inverse_strength * np.stack([balanced, balanced[::-1] if k == 2 else np.ones(k)])
        small = label.astype(np.min_scalar_type(k))  # small integers sort in linear time
        places = small[codes.order].argsort(axis=1, kind="stable")
        sums = _running_sums(np.take_along_axis(codes.values, places, axis=1))
        segment = (np.arange(d)[:, None] * k + np.arange(k)) * (n + 1)
        ends = np.append(0, size.cumsum())
        places = (np.repeat(segment, size, axis=1) + places).ravel()
        return cls(codes, weight, places, segment, ends, sums)

    def objective(self, line: Float[np.ndarray, "2 codes classes"]) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Its values, and the weighted power sums of the examples inside the margin: of the class, and of others."""
        w, h = line
        with np.errstate(divide="ignore", invalid="ignore"):  # a flat line has its thresholds at infinity
            upper, lower = (1 - h) / w, (-1 - h) / w
        rising, (first, last), n = w >= 0, (self.ends[:-1], self.ends[1:]), self.codes.values.shape[1]
        _, mine = self._below(upper)
        inside = _between(self.sums, np.where(rising, first, mine), np.where(rising, mine, last))
        count, mine = self._below(lower)
        outside = _between(self.codes.sums, np.where(rising, count, 0), np.where(rising, n, count))
        own = _between(self.sums, np.where(rising, mine, first), np.where(rising, last, mine))
        inside, outside = self.weight[0] * inside.sum(axis=0), self.weight[1] * _less(outside, own).sum(axis=0)
        hinge = inside[0] * (1 - h) ** 2 - 2 * inside[1] * w * (1 - h) + inside[2] * w**2
        hinge += outside[0] * (1 + h) ** 2 + 2 * outside[1] * w * (1 + h) + outside[2] * w**2
        return 0.5 * (w**2 + (h - w * self.codes.centre) ** 2) + hinge, (inside, outside)

    def _below(self, threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many examples have a code below the threshold, and where those of the class end in ``sums``."""
        count = np.stack([each.searchsorted(t) for each, t in zip(self.codes.values, threshold, strict=True)])
        row = np.arange(len(count))[:, None]
        return count, self.places.searchsorted(self.segment + count) - row * self.codes.values.shape[1]


def _running_sums(values: Float[np.ndarray, "codes n"]) -> Float[np.ndarray, "2 3 codes n+1"]:
    """Sums of powers 0, 1, 2 over the first 0…n values, and sums of what rounding lost of each."""
    sums = np.zeros((2, 3, values.shape[0], values.shape[1] + 1))
    for power in range(3):
        term, (total, lost) = values**power, sums[:, power]
        np.cumsum(term, axis=1, out=total[:, 1:])
        np.cumsum(_lost(total[:, :-1], term, total[:, 1:]), axis=1, out=lost[:, 1:])
    return sums


def _between(sums: Float[np.ndarray, "2 3 codes n+1"], begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Power sums of the examples from one place to another, with what rounding lost: 2×3×codes×classes."""
    row = np.arange(sums.shape[2])[:, None]
    return _less(sums[:, :, row, end], sums[:, :, row, begin])


def _less(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The difference of two sums that come with what rounding lost, as another such."""
    total = one[0] - other[0]
    return np.stack([total, _lost(one[0], -other[0], total) + (one[1] - other[1])])


def _lost(a: np.ndarray, b: np.ndarray, total: np.ndarray) -> np.ndarray:
    """What the rounded ``total`` of a + b lacks, exactly (Knuth's two-sum)."""
    added = total - a
    return (a - (total - added)) + (b - added)
