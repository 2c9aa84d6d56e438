"""The results page of the visual task adaptation benchmark: one HTML file, a table by group that is a plot too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metaprior.core import MetapriorError
from metaprior.judge.scores import Score
from metaprior.judge.vtab import Mean, SuiteScores
from metaprior.papers.vtab.published import Published
from metaprior.report.markup import filled, template_file, written
from metaprior.report.vtab_terminal import caveats, cell, cell_of_mean, comparison, missing_notes, peers, verdict


@dataclass(frozen=True)
class Lane:
    """A row of the table: its numbers in words, and where they stand on an axis from 0 to 1, None without a value."""

    name: str
    cells: Sequence[str]
    values: Sequence[float | None]
    errors: Sequence[float | None]
    test: int | None = None
    guess: float | None = None
    """What always naming the commonest class scores."""
    others: Sequence[tuple[str, float]] = ()
    """Published models of the same protocol, and what they score."""
    told: Sequence[str] = ()
    """What was chosen for each model, and what else is known of its score."""


@dataclass(frozen=True)
class Section:
    """A group of tasks: its mean, then its tasks."""

    mean: Lane
    tasks: Sequence[Lane]


def write_vtab_page(judged: Sequence[SuiteScores], path: Path, compare: bool = False) -> Path:
    """Write the page of models judged by one suite, and return its path; with published models where that is right."""
    return written(render_vtab(judged, compare), path)


def render_vtab(judged: Sequence[SuiteScores], compare: bool = False) -> str:
    """The page as text."""
    if not judged:
        raise MetapriorError("a page needs at least one model")
    first = judged[0]
    compared = [comparison(each) for each in judged] if compare else []
    published = published_beside(judged) if compare else ()
    return filled(
        "vtab.html",
        style=template_file("page.css") + template_file("vtab.css"),
        script="",
        models=[each.model for each in judged],
        suite=first.suite,
        verdicts=[verdict(each) for each in judged],
        genuine=all(each.is_vtab for each in judged),
        facts=facts(judged),
        sections=[section(judged, group, published) for group in first.groups],
        means=[
            mean_lane("mean of the tasks", [each.mean_tasks for each in judged], published, "mean_tasks"),
            mean_lane("mean of the groups", [each.mean_groups for each in judged], published, "mean_groups"),
        ],
        published=bool(published),
        standings=[lines for lines, _ in compared if lines],
        apart=[f"{each.model}: {why}" for each, (_, why) in zip(judged, compared, strict=False) if why],
        notes=[*missing_notes(judged), *caveats(judged)],
    )


def published_beside(judged: Sequence[SuiteScores]) -> Sequence[Published]:
    """The published lines that all models may be seen among; none if one of them may not."""
    first, *others = (peers(each)[0] for each in judged)
    return first if all(each == first for each in others) else ()


def section(judged: Sequence[SuiteScores], group: str, published: Sequence[Published]) -> Section:
    """A group's mean and its tasks that any model has a score on."""
    first = judged[0]
    place = first.groups.index(group)
    others = [(line.model, line.groups[place] / 100) for line in published if line.groups]
    mean = mean_lane(group, [each.group(group) for each in judged], (), "", others)
    tasks = []
    for name, task in first.tasks.items():
        there = [each.scores.get(name) for each in judged]
        if task.group == group and any(score is not None for score in there):
            beside = [(line.model, found / 100) for line in published if (found := line.task(name)) is not None]
            tasks.append(task_lane(name.removeprefix("standin/"), there, beside))
    return Section(mean, tasks)


def task_lane(name: str, there: Sequence[Score | None], others: Sequence[tuple[str, float]]) -> Lane:
    """The row of a task."""
    one = next(score for score in there if score is not None)
    values, errors = [s.value if s else None for s in there], [s.se if s else None for s in there]
    told = [words_of(score) if score is not None else "" for score in there]
    return Lane(name, [cell(s) for s in there], values, errors, one.n, one.details.get("majority"), others, told)


def mean_lane(
    name: str,
    means: Sequence[Mean],
    published: Sequence[Published],
    which: str,
    others: Sequence[tuple[str, float]] = (),
) -> Lane:
    """The row of a mean."""
    found = [(line.model, value / 100) for line in published if (value := getattr(line, which)) is not None]
    cells = [cell_of_mean(mean) for mean in means]
    return Lane(name, cells, [m.value for m in means], [m.se for m in means], others=[*others, *found])


def words_of(score: Score) -> str:
    """What was chosen on the validation examples, in a line.

    >>> words_of(Score(0.5, 100, 0, "ridge", details={"chosen": {"strength": 10.0}, "val": 0.55}))
    'strength 10; 55.0 on val'
    """
    chosen = [f"{name.replace('_', ' ')} {_short(value)}" for name, value in score.details.get("chosen", {}).items()]
    val = score.details.get("val")
    return "; ".join([*chosen, *([f"{100 * val:.1f} on val"] if val is not None else [])])


def facts(judged: Sequence[SuiteScores]) -> list[tuple[str, str]]:
    """How the models were judged."""
    ways = [each.encoder.get("way", {}) for each in judged]

    def several(values: Sequence[Any]) -> str:
        return ", ".join(dict.fromkeys(str(value) for value in values))

    return [
        ("suite", judged[0].suite),
        ("protocol", several([way.get("protocol", "") for way in ways])),
        ("setting", several([way.get("setting", "") for way in ways])),
        ("preset", several([way.get("preset", {}).get("name", "") for way in ways])),
        ("pictures", several([f"{each.encoder.get('input', {}).get('size', '')} px" for each in judged])),
        ("features", several([each.encoder.get("feature", "") for each in judged])),
        ("seeds", several([" ".join(map(str, way.get("seeds", []))) for way in ways])),
        ("precision", several([way.get("precision", "") for way in ways])),
    ]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
