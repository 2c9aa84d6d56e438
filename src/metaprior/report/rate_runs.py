"""The runs of a page that were judged by the protocol rd, their scores, and what tells them apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metaprior.report.view import RunView
from metaprior.report.words import number, titles

PARTS = {
    "mutual_information_lower": "I(x; z)",
    "total_correlation": "total correlation",
    "dimension_wise_kl": "dimension-wise KL",
}


@dataclass(frozen=True)
class Judged:
    """One run's scores of the protocol rd."""

    run: int
    name: str
    data: str
    scores: Mapping[str, Any]
    tables: Mapping[str, Any]
    sweep: float | None = None
    """The one number in which the runs' choices differ."""
    likelihood: tuple[Any, ...] = ()

    def __getitem__(self, name: str) -> float | None:
        return (self.scores.get(name) or {}).get("value")

    @property
    def parts(self) -> list[float] | None:
        """What the rate is made of."""
        values = [self[name] for name in PARTS]
        return [value for value in values if value is not None] if None not in values else None

    @property
    def entropy(self) -> float | None:
        """Of the labels."""
        return (self.scores.get("label_distortion") or {}).get("label_entropy")

    @property
    def ceiling(self) -> float | None:
        """The most information that the examples could show."""
        return (self.scores.get("mutual_information_lower") or {}).get("ceiling")


def judged(runs: Sequence[RunView]) -> tuple[list[Judged], list[str]]:
    """The runs with such scores on the same data as the first of them, and notes on the others."""
    number_of, names = sweep(runs), short_names(runs)
    every = [
        Judged(
            i, names[i], str(own.get("data")), own["scores"], own.get("tables") or {}, number_of[i],
            tuple((run.config.get("method") or {}).get(key) for key in ("likelihood", "variance")),
        )
        for i, run in enumerate(runs)
        if (own := run.scores.get("rd"))
    ]  # fmt: skip
    kept = [each for each in every if each.data == every[0].data]
    notes = []
    if left := [each.name for each in every if each.data != every[0].data]:
        notes.append(f"Judged on other data than {every[0].data}, and left out: {', '.join(left)}.")
    if len({each.likelihood for each in kept}) > 1:
        notes.append("Likelihoods differ: their distortions do not compare.")
    return kept, notes


def sweep(runs: Sequence[RunView]) -> list[float | None]:
    """Each run's value of the one number in which the choices of runs of one recipe differ."""
    methods = [run.config.get("method") or {} for run in runs]
    differ = differing(methods)
    if len({run.config.get("recipe") for run in runs}) > 1 or len(differ) != 1:
        return [None] * len(runs)
    values = [method.get(differ[0]) for method in methods]
    found = [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None for v in values]
    return [None] * len(runs) if None in found else found


def differing(methods: Sequence[Mapping[str, Any]]) -> list[str]:
    """The choices in which runs differ."""
    return [key for key in methods[0] if len({str(method.get(key)) for method in methods}) > 1] if methods else []


def short_names(runs: Sequence[RunView]) -> list[str]:
    """Names for dots and bars: the choice of a sweep, otherwise the method with its choices, or the run."""
    numbers = sweep(runs)
    if None not in numbers and len(set(numbers)) == len(runs) > 1:
        name = swept(runs)
        return [f"{name} {value:g}" for value in numbers]
    told = titles(runs)
    return told if len(set(told)) == len(told) else [run.name for run in runs]


def swept(runs: Sequence[RunView]) -> str:
    """What is swept, as the papers write it."""
    key = differing([run.config.get("method") or {} for run in runs])[0]
    return {"beta": "β", "gamma": "γ"}.get(key, key.replace("_", " "))


def nats(value: float) -> str:
    """A number of nats, or of other such units, to the hundredth where that is not next to nothing.

    >>> nats(23.9706), nats(0.0003)
    ('23.97', '0.0003')
    """
    return f"{value:,.2f}".replace("-", "−") if abs(value) >= 0.01 or not value else number(value)
