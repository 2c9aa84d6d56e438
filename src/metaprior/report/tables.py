"""Heat maps of codes and factors, and what they say of each code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from metaprior.report.codes import SILENT, order_by_information
from metaprior.report.view import RunView

LEAST_SHARE = 0.05
"""A code that has less than this share of a factor's entropy is not called after it."""


@dataclass(frozen=True)
class Matrix:
    """One kind of matrix codes × factors: what it is called, what its numbers are, and how it is read and coloured."""

    title: str
    caption: str
    reading: str
    unit: str = ""
    full: float | None = None
    """The value of full colour; None for the largest one that is shown."""
    whole: bool = False
    """Whether the numbers are counts."""
    by_code: str = ""
    """What is outlined where that is the best factor of each code, in place of the best code of each factor."""

    def number(self, value: float) -> str:
        """A cell's number; a dot for next to nothing."""
        least = 0.5 if self.whole else 0.005
        return "·" if value < least else f"{value:,.0f}" if self.whole else f"{value:.2f}"


ONE_TO_ONE = "One strong cell in a row and in a column is one code per factor."
MATRICES: dict[str, Matrix] = {
    "mutual_information": Matrix("Which code tells which factor", "Mutual information, nats", ONE_TO_ONE, "nats"),
    "dci_importance": Matrix(
        "Which code a predictor needs", "Importance to a predictor of each factor (DCI)", ONE_TO_ONE
    ),
    "sap_scores": Matrix(
        "Which code alone predicts which factor",
        "Accuracy of a linear classifier of the factor on one code (SAP)",
        "A wide lead in a column is one code per factor; guessing scores about 1 over a factor's number of values.",
        full=1.0,
    ),
    "irs": Matrix(
        "Which code only one factor moves",
        "Interventional robustness (IRS)",
        "Near 1 where nothing moves the code while that factor is held.",
        full=1.0,
        by_code="the factor whose value fixes a code most",
    ),
    "factor_vae_votes": Matrix(
        "Which code varies least when a factor is held",
        "Votes (FactorVAE score)",
        "Each vote is for the code that varies least in a batch of one value of a factor.",
        whole=True,
        by_code="the factor that a code stands for by majority",
    ),
}
"""The matrices that a page and the figures show where scores hold them, in this order."""


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
    entropy: Float[np.ndarray, " factors"] | None = None
    """Of each factor, nats; None where that is not known."""
    silent: frozenset[int] = frozenset()
    """Inactive codes, which are not outlined as if they stood for a factor."""

    @property
    def counts(self) -> Bool[np.ndarray, "codes factors"]:
        """Which codes tell which factors."""
        return (self.values > 0) & (self.values >= (0 if self.floor is None else self.floor))

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

    def outlined(self, by_code: object) -> set[tuple[int, int]]:
        """The cells (code, factor) to outline: the best factor of each code, or the best code of each factor."""
        if by_code:
            lively = ((code, row) for code, row in enumerate(self.values) if code not in self.silent)
            return {(code, int(row.argmax())) for code, row in lively if row.max() > 0}
        return {(code, k) for k, code in enumerate(self.best) if code is not None}

    def tells(self, code: int) -> int | None:
        """The factor a code has the most of, for its entropy, of those that it tells; None if it tells nothing."""
        share = self.values[code] / (1 if self.entropy is None else np.maximum(self.entropy, 1e-12))
        counting = np.where(self.counts[code], share, -np.inf)
        return int(counting.argmax()) if self.counts[code].any() else None


def code_order(run: RunView) -> list[int] | None:
    """The order in which to show a run's codes: by what they tell of the factors, or by what factors do to them."""
    if table := heat_map(run, "mutual_information"):
        return table.order
    return order_by_information(run.effects.shares) if run.effects else None


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
            telling_of = telling(run, judged, len(columns)) if name == "mutual_information" else (None, None, None)
            rank = list(order or []) if fits else order_by_information(values)
            seen = run.examples.codes if run.examples else np.empty((0, 0))
            silent = np.flatnonzero(seen.var(axis=0) < SILENT) if seen.shape[1] == len(found) else []
            return HeatMap(found, columns, values, rank, *telling_of, frozenset(map(int, silent)))
    return None


def telling(run: RunView, judged: Any, factors: int) -> tuple[np.ndarray | None, int | None, np.ndarray | None]:
    """The information that counts as telling each factor, by what the score says of its sample: how many examples it
    holds, and the factors' entropies in it."""
    score = judged["scores"].get("mig") or {}
    sizes = (run.config.get("data_spec") or {}).get("factor_sizes") or []
    entropy = np.array(score.get("entropy", np.log(sizes)), dtype=float)  # a world's factors are uniform
    if len(entropy) != factors or not score.get("n"):
        return None, None, None
    return least_information(entropy, score["n"], score.get("bins", 20)), score["n"], entropy


def least_information(entropy: Float[np.ndarray, " factors"], n: int, bins: int) -> Float[np.ndarray, " factors"]:
    r"""A twentieth of each factor's entropy, above what a code independent of it shows in ``n`` examples.

    The plug-in information of an independent pair is about :math:`\chi^2 / 2n` with (bins − 1)(K − 1) degrees of
    freedom, so its mean is half of those over n (Miller & Madow 1955); K is exp(H), the values there effectively are.

    >>> least_information(np.log([2, 8]), n=10_000, bins=20).round(3).tolist()
    [0.036, 0.111]
    """
    return LEAST_SHARE * entropy + (bins - 1) * np.expm1(entropy) / (2 * n)
