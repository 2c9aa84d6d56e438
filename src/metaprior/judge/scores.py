"""Scores: what a judge hands back, and the file they are kept in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from metaprior.files import whole


@dataclass(frozen=True)
class Score:
    """One number, and how it came about; ``value`` is None, with the ``reason``, where it cannot be computed."""

    value: float | None
    n: int
    """How many examples (or votes) the value is a mean over."""
    seed: int
    protocol: str
    rows: int | None = None
    """Distinct examples behind the value, whatever it is a mean over; of draws from a world, at most so many."""
    chance: float | None = None
    """On few rows: the same metric of the same codes when the factors' rows are permuted."""
    se: float | None = None
    """Standard error, where the value is a mean of independent parts."""
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else a reader must know: the ceiling, the backend, the strength chosen."""

    def to_json(self) -> dict[str, Any]:
        """The score as plain values: ``value n seed protocol``, then what applies."""
        required = {"value": self.value, "n": self.n, "seed": self.seed, "protocol": self.protocol}
        optional = {"rows": self.rows, "chance": self.chance, "se": self.se, "reason": self.reason, **self.details}
        return required | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, eq=False)
class Table:
    """A matrix behind a score, with what its rows and columns are: for plots."""

    values: np.ndarray
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    unit: str = ""

    def to_json(self) -> dict[str, Any]:
        """The matrix as nested lists, with its names."""
        values = np.asarray(self.values).tolist()
        return {"values": values, "rows": list(self.rows), "columns": list(self.columns), "unit": self.unit}


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of one model on one data set under one protocol.

    >>> scores = Scores("disentanglement", {"mig": Score(0.41, 10_000, 0, "world")}, model="mine", data="dsprites")
    >>> scores["mig"].value
    0.41
    >>> scores.to_json()["scores"]
    {'mig': {'value': 0.41, 'n': 10000, 'seed': 0, 'protocol': 'world'}}
    >>> scores
    <Scores of mine on dsprites, disentanglement: mig 0.410>
    """

    protocol: str
    scores: Mapping[str, Score]
    model: str
    data: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    seen: bool = False
    """Whether the model was trained on these very examples, so that the scores say nothing of new ones."""

    def __repr__(self) -> str:
        values = {name: "none" if score.value is None else f"{score.value:.3f}" for name, score in self.scores.items()}
        told = ", ".join(f"{name} {value}" for name, value in values.items())
        return f"<Scores of {self.model} on {self.data}, {self.protocol}: {told}>"

    def __getitem__(self, name: str) -> Score:
        return self.scores[name]

    def to_json(self) -> dict[str, Any]:
        """What ``metaprior judge --json`` prints."""
        return {
            "protocol": self.protocol,
            "model": self.model,
            "data": self.data,
            "scores": {name: score.to_json() for name, score in self.scores.items()},
            "tables": {name: table.to_json() for name, table in self.tables.items()},
        } | ({"seen": True} if self.seen else {})


def write_scores(scores: Scores, run: Path) -> Path:
    """Keep scores in the run's folder as ``scores/<protocol>.json``; a reader never sees half a file.

    Other scores that are there already stay beside them, if they are of the same data and of the same weights.
    """
    target = run / "scores" / f"{scores.protocol}.json"
    told = scores.to_json()
    before = _still_true(target, told, run / "model.safetensors")
    for part in ("scores", "tables"):
        told[part] = before.get(part, {}) | told[part]
    text = json.dumps(told, indent=1, allow_nan=False)
    with whole(target) as temporary:
        temporary.write_text(text + "\n")
    return target


def _still_true(file: Path, told: Mapping[str, Any], weights: Path) -> dict[str, Any]:
    """The scores in a file, or nothing where they are of other data or older than the weights."""
    try:
        before = json.loads(file.read_text())
        fresh = not weights.exists() or file.stat().st_mtime >= weights.stat().st_mtime
        return before if fresh and before["data"] == told["data"] else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
