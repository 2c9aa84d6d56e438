"""The models of a study with their scores, as analyses and claims read them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError, unknown
from metaprior.study.results import results

Key: TypeAlias = tuple[Any, ...]
"""(kind, score, representation, labels, labeller, label_seed) of a column of scores."""


@dataclass(frozen=True, eq=False)
class Models:
    """Models in the order of their fields, each with its scores."""

    fields: tuple[Mapping[str, Any], ...]
    """Of each model: id, recipe, data, labels, label_seed, labeller, label_share, seed, steps, and the method's choices
    by their own names (``beta``, ``gamma_sup``)."""
    columns: Mapping[Key, Mapping[str, float]]
    """Scores by the models' ids."""

    def __len__(self) -> int:
        return len(self.fields)

    def where(self, **wanted: Any) -> "Models":
        """The models whose fields have these values, or one of several where a tuple is given.

        >>> both = Models(({"id": "a", "beta": 1.0}, {"id": "b", "beta": 4.0}), {})
        >>> len(both.where(beta=4.0)), len(both.where(beta=(1.0, 4.0)))
        (1, 2)
        """
        for name in wanted:
            if self.fields and not any(name in each for each in self.fields):
                raise unknown("field of a model", name, sorted({key for each in self.fields for key in each}))
        sets = {name: value if isinstance(value, tuple) else (value,) for name, value in wanted.items()}
        kept = [each for each in self.fields if all(each.get(name) in values for name, values in sets.items())]
        return Models(tuple(kept), self.columns)

    def of(self, ids: Iterable[str]) -> "Models":
        """The models of these ids that there are, in that order."""
        by_id = {each["id"]: each for each in self.fields}
        return Models(tuple(by_id[run] for run in ids if run in by_id), self.columns)

    def field(self, name: str) -> list[Any]:
        """A field of every model; None for a model whose method has no such choice."""
        return [each.get(name) for each in self.fields]

    def groups(self, *names: str) -> dict[tuple[Any, ...], "Models"]:
        """Models that agree in these fields, together."""
        found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
        for each in self.fields:
            found.setdefault(tuple(each.get(name) for name in names), []).append(each)
        return {key: Models(tuple(group), self.columns) for key, group in found.items()}

    def test(self, score: str, representation: str = "mean") -> Float[np.ndarray, " models"]:
        """A score on the world, NaN where a model has none."""
        return self._column("test", score, representation, None, None, None)

    def criterion(self, score: str) -> Float[np.ndarray, " models"]:
        """The negative ELBO or one of its terms, or R_sup on the labels that a model held out."""
        return self._column("criterion", score, None, None, None, None)

    def validation(
        self, score: str, labels: int, label_seed: int = 0, labeller: str = "perfect"
    ) -> Float[np.ndarray, " models"]:
        """A score on few labels that the models have not learned from."""
        return self._column("validation", score, None, labels, labeller, label_seed)

    def _column(self, *key: Any) -> Float[np.ndarray, " models"]:
        if key not in self.columns:
            raise MetapriorError(f"no model was asked for {' '.join(str(part) for part in key if part is not None)}")
        values = self.columns[key]
        return np.array([values.get(each["id"], np.nan) for each in self.fields], dtype=np.float64)


def read_models(folder: str | Path) -> Models:
    """The finished models of a study's folder, in the order of their ids."""
    with results(folder) as base:
        found = base.execute("SELECT * EXCLUDE (asked, seconds_training, seconds_judging) FROM runs ORDER BY id")
        names = [column[0] for column in found.description or []]
        fields = tuple(fields_of(dict(zip(names, line, strict=True))) for line in found.fetchall())
        columns: dict[Key, dict[str, float]] = {}
        query = "SELECT id, value, kind, score, representation, labels, labeller, label_seed FROM scores"
        for run, value, *key in base.execute(query).fetchall():
            columns.setdefault(tuple(key), {})[run] = np.nan if value is None else value
    return Models(fields, columns)


def fields_of(line: dict[str, Any]) -> dict[str, Any]:
    """The fields of a model, with its method's choices beside them."""
    method = json.loads(line.pop("method"))
    return line | flat(method)


def flat(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Choices by their own names, nested ones too.

    >>> flat({"beta": 4.0, "supervision": {"gamma_sup": 8.0}})
    {'beta': 4.0, 'gamma_sup': 8.0}
    """
    found: dict[str, Any] = {}
    for name, value in choices.items():
        found |= flat(value) if isinstance(value, Mapping) else {name: value}
    return found
