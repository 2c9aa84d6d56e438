"""What the page of a study shows: its runs, every score of each of them, what failed."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import duckdb
import numpy as np
from jaxtyping import Float

from metaprior.core import MetapriorError
from metaprior.data import LabellerName
from metaprior.metrics import METRICS, less_is_better
from metaprior.report.scores import HEADLINES
from metaprior.report.words import differing_choices, flat, metric_name
from metaprior.study.criteria import find_criterion
from metaprior.study.results import results
from metaprior.study.running import read_failure

KINDS = ("test", "criterion", "validation")
CRITERIA = {
    "supervised": "supervised loss", "negative_elbo": "negative ELBO", "reconstruction": "reconstruction", "kl": "KL",
}  # fmt: skip
MOST_COHORTS = 80
"""Where recipes and their choices make more cohorts than this, a cohort is a recipe."""


@dataclass(frozen=True, eq=False)
class Column:
    """One score of all runs, NaN where a run has none."""

    kind: str
    score: str
    representation: str | None
    labels: int | None
    labeller: str | None
    label_seed: int | None
    values: Float[np.ndarray, " runs"]

    @property
    def name(self) -> str:
        """The score as words.

        >>> Column("validation", "mig", None, 100, "noisy", 3, np.ones(1)).name
        'MIG on 100 noisy labels, set 3'
        """
        if self.kind == "criterion":
            return CRITERIA.get(self.score, metric_name(self.score))
        sampled = ", sampled codes" * (self.representation == "sampled")
        return f"{metric_name(self.score)}{sampled}{self.shown}" + f", set {self.label_seed}" * bool(self.shown)

    @property
    def shown(self) -> str:
        """The labels that the score looks at."""
        return "" if self.kind != "validation" else f" on {self.labels:,} {self.labeller} labels"

    @property
    def group(self) -> str:
        """What kind of score it is, as words."""
        if self.kind == "validation":
            return self.shown.strip()
        sampled = " of sampled codes" * (self.representation == "sampled")
        return f"test scores{sampled}" if self.kind == "test" else "criteria without test factors"

    @property
    def less(self) -> bool:
        """Whether less is better."""
        if self.kind == "criterion":
            return not find_criterion(self.score).larger_is_better
        return less_is_better(self.score)


@dataclass(frozen=True, eq=False)
class StudyView:
    """A study as its page shows it; ``runs`` are the lines of the table of runs, with all columns by name."""

    folder: Path
    runs: Sequence[Mapping[str, Any]]
    columns: Sequence[Column]
    failures: Mapping[str, str]
    """Why runs failed, by their ids."""
    without_value: Mapping[tuple[str, str], int]
    """How often a score had no value, by (its name, the reason)."""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    @property
    def tested(self) -> list[int]:
        """The columns of test scores: of mean codes, where those were judged."""
        test = [i for i, column in enumerate(self.columns) if column.kind == "test"]
        return [i for i in test if self.columns[i].representation != "sampled"] or test

    @property
    def headline(self) -> list[int]:
        """The columns to begin with: well-known test scores, otherwise the first ones."""
        by_name = {self.columns[i].score: i for i in self.tested}
        known = [by_name[name] for name in HEADLINES if name in by_name]
        return (known or self.tested or list(range(len(self.columns))))[:4]

    @cached_property
    def cohorts(self) -> list[tuple[str, str]]:
        """Each run's recipe, and those of its choices in which runs of that recipe differ, as words."""
        parsed = {text: flat(json.loads(text)) for text in {run["method"] for run in self.runs}}
        choices = [parsed[run["method"]] | {"steps": run["steps"]} for run in self.runs]
        recipes = [run["recipe"] for run in self.runs]
        told = list(zip(recipes, differing_choices(recipes, choices), strict=True))
        return told if len(set(told)) <= MOST_COHORTS else [(recipe, "") for recipe, _ in told]

    @property
    def seconds(self) -> float:
        """How long all of it took, on one worker."""
        return sum((run["seconds_training"] or 0) + (run["seconds_judging"] or 0) for run in self.runs)


def view_study(folder: Path) -> StudyView:
    """A study read from its folder; an error where it has neither results nor failures."""
    folder = Path(folder)
    with results(folder) as base:
        found = base.execute("SELECT * EXCLUDE (asked) FROM runs ORDER BY recipe, id")
        names = [column[0] for column in found.description or []]
        runs = [dict(zip(names, line, strict=True)) for line in found.fetchall()]
        columns = read_columns(base, len(runs))
        without = base.execute("SELECT score, reason FROM scores WHERE value IS NULL ORDER BY score, reason").fetchall()
    failed = failures_of(folder)
    if not runs and not failed:
        raise MetapriorError(
            f"{folder} holds no results of a study: carry it out first, with metaprior study, or name run folders"
        )
    counted = Counter((metric_name(score), reason or "no value") for score, reason in without)
    return StudyView(folder, runs, columns, failed, counted)


def read_columns(base: duckdb.DuckDBPyConnection, runs: int) -> list[Column]:
    """Every score as a column over the runs in the page's order: test scores, then criteria, then validation scores."""
    key = ("kind", "score", "representation", "labels", "labeller", "label_seed")
    same = " AND ".join(f"named.{part} IS NOT DISTINCT FROM scores.{part}" for part in key)
    base.execute(
        f"CREATE TEMP TABLE named AS SELECT {', '.join(key)}, row_number() OVER () - 1 AS place "
        "FROM scores GROUP BY ALL"
    )
    names = base.execute(f"SELECT {', '.join(key)} FROM named ORDER BY place").fetchall()
    found = base.execute(f"""
        WITH placed AS (SELECT id, row_number() OVER (ORDER BY recipe, id) - 1 AS run FROM runs)
        SELECT place, run, value FROM scores JOIN placed USING (id) JOIN named ON {same}
    """).fetchnumpy()
    values = np.full((len(names), runs), np.nan)
    values[found["place"], found["run"]] = np.ma.filled(found["value"].astype(float), np.nan)
    return sorted((Column(*name, values=row) for name, row in zip(names, values, strict=True)), key=_position)


def _position(column: Column) -> tuple[Any, ...]:
    scores = [*CRITERIA, *(score for metric in METRICS.values() for score in metric.scores)]
    places = [
        (KINDS, column.kind), (("mean",), column.representation), (get_args(LabellerName), column.labeller),
        (scores, column.score),
    ]  # fmt: skip
    kind, representation, labeller, score = (_index(order, of) for order, of in places)
    return kind, representation, column.labels or 0, labeller, column.label_seed or 0, score, column.score


def _index(order: Sequence[str], name: str | None) -> int:
    return order.index(name) if name in order else len(order)


def failures_of(folder: Path) -> dict[str, str]:
    """Why runs of a study failed, by their ids."""
    found = {path.parent.name: read_failure(path.parent) for path in sorted((folder / "runs").glob("*/failure.json"))}
    return {run: reason for run, reason in found.items() if reason}
