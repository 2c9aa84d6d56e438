"""Heat maps of codes and factors, and what they say of each code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from metaprior.report.codes import order_by_information
from metaprior.report.view import RunView

LEAST_SHARE = 0.05
"""A code that has less than this share of a factor's entropy is not called after it."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A table of codes × factors in the order it is shown in."""

    rows: list[str]
    columns: list[str]
    values: Float[np.ndarray, "codes factors"]
    order: list[int]
    floor: Float[np.ndarray, " factors"] | None = None
    """For each factor, the least that counts as telling it; None where that is not known."""
    n: int | None = None
    """How many examples the floor is for."""

    @property
    def counts(self) -> Bool[np.ndarray, "codes factors"]:
        """Which codes tell which factors."""
        return self.values >= (0 if self.floor is None else self.floor)

    @property
    def best(self) -> list[int | None]:
        """For each factor, the code that has the most of it; None if none tells it."""
        codes = self.values.argmax(axis=0)
        return [int(code) if self.counts[code, k] else None for k, code in enumerate(codes)]

    @property
    def leads(self) -> list[float]:
        """For each factor, by how much its best code leads the next one."""
        ranked = np.sort(np.vstack([self.values, np.zeros((1, len(self.columns)))]), axis=0)
        return (ranked[-1] - ranked[-2]).tolist()

    def tells(self, code: int) -> int | None:
        """The factor a code has the most of, of those that it tells; None if it tells nothing."""
        counting = np.where(self.counts[code], self.values[code], -np.inf)
        return int(counting.argmax()) if self.counts[code].any() else None


def heat_map(run: RunView, name: str, order: Sequence[int] | None = None) -> HeatMap | None:
    """The table of that name from the first protocol that has it, if it is whole; in ``order`` where that fits."""
    for judged in run.scores.values():
        table: Any = judged.get("tables", {}).get(name)
        try:
            values = np.array([[0.0 if v is None else v for v in row] for row in table["values"]], dtype=float)
            found, columns = [str(r) for r in table["rows"]], [str(c) for c in table["columns"]]
        except (KeyError, TypeError, ValueError):
            continue
        if values.size and values.shape == (len(found), len(columns)):
            fits = order is not None and sorted(order) == list(range(len(found)))
            floor, n = telling(run, judged, len(columns)) if name == "mutual_information" else (None, None)
            rank = list(order or []) if fits else order_by_information(values)
            return HeatMap(found, columns, values, rank, floor, n)
    return None


def telling(run: RunView, judged: Any, factors: int) -> tuple[np.ndarray | None, int | None]:
    """The information that counts as telling each factor, by what the score says of its sample."""
    score = judged["scores"].get("mig") or {}
    sizes = (run.config.get("data_spec") or {}).get("factor_sizes") or []
    entropy = np.array(score.get("entropy", np.log(sizes)), dtype=float)  # a world's factors are uniform
    if len(entropy) != factors or not score.get("n"):
        return None, None
    return least_information(entropy, score["n"], score.get("bins", 20)), score["n"]


def least_information(entropy: Float[np.ndarray, " factors"], n: int, bins: int) -> Float[np.ndarray, " factors"]:
    r"""A twentieth of each factor's entropy, above what a code independent of it shows in ``n`` examples.

    The plug-in information of an independent pair is about :math:`\chi^2 / 2n` with (bins − 1)(K − 1) degrees of
    freedom, so its mean is half of those over n (Miller & Madow 1955); K is exp(H), the values there effectively are.

    >>> least_information(np.log([2, 8]), n=10_000, bins=20).round(3).tolist()
    [0.036, 0.111]
    """
    return LEAST_SHARE * entropy + (bins - 1) * np.expm1(entropy) / (2 * n)
