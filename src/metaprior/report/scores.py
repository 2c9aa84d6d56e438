"""Scores of several runs in rows, and how they compare."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from metaprior.metrics import less_is_better
from metaprior.report.rate_distortion import section
from metaprior.report.view import RunView
from metaprior.report.words import labels, metric_name, number, plain, signed, title, titles

HEADLINES = ("mig", "dci_disentanglement", "factor_vae_score", "sap", "modularity", "beta_vae_score")
"""The metrics that are shown large when they are there, in this order."""
LESS = "↓ less is better."
"""What stands by a table in which a label has the arrow."""
FEW = 4
"""More runs than this are rows of tables; up to as many are columns."""


@dataclass(frozen=True)
class Row:
    """One metric under one protocol: an entry per run, None where a run lacks it."""

    protocol: str
    name: str
    entries: tuple[dict[str, Any] | None, ...]

    @property
    def label(self) -> str:
        """The metric's name in the papers, with ↓ where less is better, and whether sampled codes were judged."""
        return metric_name(self.name) + " ↓" * self.less_is_better + ", sampled codes" * self.sampled

    @property
    def less_is_better(self) -> bool:
        """Whether less is better."""
        return less_is_better(self.name)

    @property
    def sampled(self) -> bool:
        """Whether one sample of each code's posterior was judged, not its mean."""
        return self.protocol.endswith("-sampled")

    @property
    def values(self) -> list[float | None]:
        """The runs' values."""
        return [entry.get("value") if entry else None for entry in self.entries]

    @property
    def of_all(self) -> bool:
        """Whether all runs were judged by it."""
        return all(entry is not None for entry in self.entries)

    @property
    def ceiling(self) -> float | None:
        """What a perfect representation would score here, where that is known."""
        known = [entry["ceiling"] for entry in self.entries if entry and entry.get("ceiling") is not None]
        return max(known, default=None)

    @property
    def chances(self) -> list[float | None]:
        """What codes score here by chance alone, where there are few rows."""
        return [entry.get("chance") if entry else None for entry in self.entries]

    @property
    def floors(self) -> list[float | None]:
        """What is to be expected at best, where less is better and that is known."""
        return [entry.get("floor") if entry else None for entry in self.entries]

    @property
    def reasons(self) -> list[str]:
        """Why runs have no value here, each reason once."""
        missing = [entry for entry in self.entries if entry and entry.get("value") is None]
        return list(dict.fromkeys(entry.get("reason") or "no value" for entry in missing))

    @property
    def full(self) -> float:
        """The length of a whole bar: 1 for scores within [0, 1], otherwise the largest number of the row."""
        return max([1.0, self.ceiling or 0.0, *(abs(value) for value in self.values if value is not None)])

    @property
    def difference(self) -> float | None:
        """First run minus second, if there are exactly two that were judged alike."""
        values = [value for value in self.values if value is not None]
        alike = len({entry.get("protocol") for entry in self.entries if entry}) == 1
        return values[0] - values[1] if len(self.entries) == len(values) == 2 and alike else None

    def same(self, key: str) -> str:
        """What the entries say under ``key``: once if they agree."""
        numbers = key in ("n", "rows", "chance", "floor")
        known = [e for e in self.entries if e and (key != "protocol" or e.get("value") is not None)]
        said = [number(e[key]) if numbers else plain(e[key]) for e in known if e.get(key) is not None]
        return " / ".join(dict.fromkeys(said)) or "–"


def rows(runs: Sequence[RunView]) -> list[Row]:
    """Every metric of every protocol that any run has, in the order of the files."""
    keys = dict.fromkeys((p, m) for run in runs for p, judged in run.scores.items() for m in judged["scores"])
    return [
        Row(p, m, tuple(run.scores.get(p, {}).get("scores", {}).get(m) for run in runs))
        for p, m in sorted(keys, key=lambda key: list(dict.fromkeys(p for p, _ in keys)).index(key[0]))
    ]


def headline(table: Sequence[Row], most: int = 4) -> list[Row]:
    """The few metrics to show large: the well-known ones, otherwise the first; of mean codes where there are such.

    Rate and distortion are no scores of which more is better: they have a section of their own.
    """
    valued = [row for row in table if row.protocol != "rd" and any(value is not None for value in row.values)]
    valued = [row for row in valued if not row.sampled] or valued
    known = sorted((row for row in valued if row.name in HEADLINES), key=lambda row: HEADLINES.index(row.name))
    return (known or valued)[:most]


def lacking(table: Sequence[Row]) -> list[str]:
    """Why scores have no value, a line a reason with all scores that it is of."""
    of: dict[str, list[str]] = {}
    for row in table:
        for reason in row.reasons:
            of.setdefault(reason, []).append(row.label)
    return [f"No {'; '.join(labels)}: {reason}." for reason, labels in of.items()]


def unjudged(runs: Sequence[RunView]) -> list[str]:
    """What to type to judge the runs that have no scores yet."""
    return [judge_command(run) for run in runs if not run.scores]


def judge_command(run: RunView) -> str:
    """The command that judges a run as its data allow: by their factors, else by their labels."""
    spec = run.config.get("data_spec") or {}
    protocol = "probe" if spec.get("classes") and not spec.get("factor_sizes") else "disentanglement"
    other = "" if spec.get("factor_sizes") or spec.get("classes") else " --data DATA_WITH_FACTORS"
    return f"metaprior judge {protocol} {shlex.quote(str(run.place))}{other}"


def seen(runs: Sequence[RunView], table: Sequence[Row]) -> list[str]:
    """A line for each run that was judged on the examples it was trained on, and one on the scores of a table whose
    predictors were tested on what they had learned from."""
    told = [
        f"{run.name} was judged on the very examples that it was trained on; its scores say nothing of new ones."
        for run in runs
        if any(judged.get("seen") for judged in run.scores.values())
    ]
    told += [
        f"{run.name}, {protocol}: judged on {plain(judged['data'])}, not on what it was trained on."
        for run in runs
        for protocol, judged in run.scores.items()
        if judged.get("data") not in (None, run.config.get("data"))
    ]
    return told + by_heart((row.name, entry.get("test_seen")) for row in table for entry in row.entries if entry)


def by_heart(shares: Iterable[tuple[str, float | None]]) -> list[str]:
    """A line on scores whose predictors were tested on a share of examples that they had learned from, if there are.

    >>> by_heart([("mig", None), ("dci_informativeness", 0.886), ("dci_informativeness", 0.2)])[0][:76]
    'In so small a world up to 89 % of the test examples of dci_informativeness a'
    """
    known = [(share, name) for name, share in shares if share]
    if not known:
        return []
    most, worst = max(known)
    share, others = round(100 * most), len({name for _, name in known}) - 1
    more = f" and {others} other score{'s' * (others > 1)}" if others else ""
    return [
        f"In so small a world up to {share} % of the test examples of {worst}{more} are among those that its predictor "
        "learned from: they are partly told by heart, and are lower on new examples."
    ]


def reached(row: Row, i: int) -> str:
    """``MIG 0.31 of at most 0.90``; on few rows ``MIG 0.31 (0.05 by chance)``; where less is better, ``(0.02 at
    best)``."""
    of = f" of at most {number(row.ceiling, 2)}" if row.ceiling is not None else ""
    chance = f" ({number(row.chances[i], 2)} by chance)" if row.chances[i] is not None else ""
    floor = f" ({number(row.floors[i], 2)} at best)" if row.floors[i] is not None else ""
    return f"{row.label} {number(row.values[i], 2)}{of}{chance}{floor}"


def among_many(told: Sequence[str], row: Row) -> str:
    """``Of 8 runs VAE with no labels reaches most, MIG 0.31 of at most 0.90; the others 0.10 to 0.22.``"""
    known = {i: value for i, value in enumerate(row.values) if value is not None}
    best = (min if row.less_is_better else max)(known, key=lambda i: known[i])
    rest = [value for i, value in known.items() if i != best]
    others = f"; the others {number(min(rest), 2)} to {number(max(rest), 2)}" if rest else ""
    end = "least" if row.less_is_better else "most"
    return f"Of {len(told)} runs, {told[best]} reaches the {end}, {reached(row, best)}{others}."


def sentence(runs: Sequence[RunView], table: Sequence[Row]) -> str:
    """The page in one sentence."""
    first = next((row for row in headline(table) if len(runs) > FEW or row.values[0] is not None), None)
    if len(runs) == 1:
        run = runs[0]
        steps = run.config.get("loop", {}).get("steps")
        trained = f" for {number(steps)} steps" if steps else ""
        otherwise = rates.sentence if (rates := section(runs)) else "It has not been judged yet."
        result = f" Its codes reach {reached(first, 0)}." if first else f" {otherwise}"
        data = plain(run.config.get("data", "unnamed data"))
        return f"{title(run)} trained{trained} on {data} with {labels(run)}.{result}"
    told = [f"{name} with {labels(run)}" for name, run in zip(titles(runs), runs, strict=True)]
    if first is None and (rates := section(runs)):
        return f"{len(runs)} runs. {rates.sentence}"
    if first is None:
        return f"{'; '.join(told)}. They have not been judged by a common score yet."
    if len(runs) > FEW:
        return among_many(told, first)
    parts = [
        f"{who} reaches {reached(first, i)}"
        if i == 0
        else f"{who}, {number(first.values[i], 2)}"
        if first.entries[i]
        else f"{who} is not judged by it"
        for i, who in enumerate(told)
    ]
    gain = f" ({signed(first.difference, 2)})" if first.difference is not None else ""
    return "; ".join(parts) + gain + "."
