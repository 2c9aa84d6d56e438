"""Linear support vector machines on one number, a class against the rest, solved exactly for all codes at once.

On a line, the examples of a class inside its margin are those on one side of a threshold, and so are the others.
In sorted order their sums are differences of running sums: a step of Newton's method takes look-ups, no pass over rows.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

MAX_STEPS = 200
EXCESS = 1e-10
"""The search ends where each objective is above its least value by about this share of itself."""


@dataclass(frozen=True, eq=False)
class SortedCodes:
    """Codes about their means, each in ascending order, and sums of their powers 0, 1, 2 over the first 0…n of them."""

    mean: Float[np.ndarray, "codes 1"]
    order: Int[np.ndarray, "codes n"]
    values: Float[np.ndarray, "codes n"]
    sums: Float[np.ndarray, "3 codes n+1"]

    @classmethod
    def of(cls, codes: Float[np.ndarray, "n codes"]) -> "SortedCodes":
        columns = np.ascontiguousarray(codes.T, dtype=np.float64)
        mean, order = columns.mean(axis=1, keepdims=True), columns.argsort(axis=1)
        values = np.take_along_axis(columns - mean, order, axis=1)
        return cls(mean, order, values, _running_sums(values))


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
    line = np.zeros((2, *problem.segment.shape))  # slope, and height at the code's mean
    value, (inside, outside) = problem.objective(line)
    for _ in range(MAX_STEPS):
        (w, h), total, m = line, inside + outside, codes.mean
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
    return Lines(line[0], line[1] - line[0] * codes.mean)


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
    first: Int[np.ndarray, " classes"]
    """How many examples belong to the classes before."""
    sums: Float[np.ndarray, "3 codes n+1"]
    """Running sums of powers in the order of ``places``."""
    own: Float[np.ndarray, "3 codes classes"]
    """Their sums over each class."""

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
        return cls(codes, weight, places, segment, ends[:-1], sums, np.diff(sums[:, :, ends], axis=2))

    def objective(self, line: Float[np.ndarray, "2 codes classes"]) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Its values, and the weighted power sums of the examples inside the margin: of the class, and of others."""
        w, h = line
        with np.errstate(divide="ignore", invalid="ignore"):  # a flat line has its thresholds at infinity
            upper, lower = (1 - h) / w, (-1 - h) / w
        _, inside = self._below(upper)
        everyone, mine = self._below(lower)
        outside = everyone - mine
        rising = w >= 0
        inside = self.weight[0] * np.where(rising, inside, self.own - inside)
        outside = self.weight[1] * np.where(rising, self.codes.sums[:, :, -1:] - self.own - outside, outside)
        hinge = inside[0] * (1 - h) ** 2 - 2 * inside[1] * w * (1 - h) + inside[2] * w**2
        hinge += outside[0] * (1 + h) ** 2 + 2 * outside[1] * w * (1 + h) + outside[2] * w**2
        return 0.5 * (w**2 + (h - w * self.codes.mean) ** 2) + hinge, (inside, outside)

    def _below(self, threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Power sums of all examples, and of those of the class, whose code is below the threshold."""
        d, n = self.codes.values.shape
        row = np.arange(d)[:, None]
        count = np.stack([each.searchsorted(t) for each, t in zip(self.codes.values, threshold, strict=True)])
        mine = self.places.searchsorted(self.segment + count) - row * n
        return self.codes.sums[:, row, count], self.sums[:, row, mine] - self.sums[:, row, self.first]


def _running_sums(values: Float[np.ndarray, "codes n"]) -> Float[np.ndarray, "3 codes n+1"]:
    sums = np.zeros((3, values.shape[0], values.shape[1] + 1))
    for power in range(3):
        np.cumsum(values**power, axis=1, out=sums[power, :, 1:])
    return sums
