"""The page of a study: one HTML file with every score of every run, to be filtered and drawn by whoever reads it."""

import base64
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from metaprior.report.markup import filled, template_file, written
from metaprior.report.page import CRISP
from metaprior.report.study_pictures import by_data_set, drawings
from metaprior.report.study_view import StudyView
from metaprior.report.tables import LEAST_SHARE
from metaprior.report.words import duration, method_name, number

SCRIPT = ("runs", "canvas", "plots", "agreement", "best", "begin")
"""The parts of the page's script, in the order in which they build on each other."""


def write_study_report(study: StudyView, path: Path) -> Path:
    """Write the page of a study and return its path; it is one file, whole or not there."""
    return written(render_study(study), path)


def render_study(study: StudyView) -> str:
    """The page as text."""
    drawn = list(drawings(study))
    strips = [strip for each in drawn if each.gallery for strip in each.gallery.traversals]
    return filled(
        "study/page.html",
        style=template_file("page.css") + template_file("study/page.css"),
        script="\n".join(template_file(f"study/{part}.js") for part in SCRIPT),
        study=study,
        summary=summary(study),
        facts=facts(study),
        recipes=[method_name(recipe) for recipe in dict.fromkeys(run["recipe"] for run in study.runs)],
        content=as_script(packed(study)),
        drawings=drawn,
        drawn_of=by_data_set(study, drawn),
        several_data=len({run["data"] for run in study.runs}) > 1,
        told_most=max((sum(nats for _, nats in strip.shares) for strip in strips), default=1.0) or 1.0,
        reasons=by_reason(study),
        crisp=CRISP,
        share_told=LEAST_SHARE,
    )


def summary(study: StudyView) -> str:
    """The page in one sentence."""
    counted = f"{len(study.runs):,} model{'s' * (len(study.runs) != 1)}"
    failed = f"; {len(study.failures):,} failed" if study.failures else ""
    best = []
    for place in study.headline[:2]:
        column = study.columns[place]
        if np.isfinite(column.values).any():
            run = int(np.nanargmin(column.values) if column.less else np.nanargmax(column.values))
            recipe, choices = study.cohorts[run]
            chosen = f" ({choices})" if choices else ""
            best.append(
                f"the best {column.name}, {number(float(column.values[run]), 2)}, is of {method_name(recipe)}{chosen}"
            )
    told = "; ".join(best)
    return f"{counted}{failed}.{' ' + told[0].upper() + told[1:] + '.' if told else ''}"


def facts(study: StudyView) -> list[tuple[str, str]]:
    """What the study is made of, in a line of short facts."""
    runs = study.runs

    def several(name: str) -> str:
        values = sorted(
            {run[name] for run in runs if run[name] is not None}, key=lambda value: (str(type(value)), value)
        )
        return (
            ", ".join(number(v) if name == "labels" else str(v) for v in values)
            if len(values) <= 5
            else f"{len(values):,}"
        )

    known = [
        ("models", f"{len(runs):,}"),
        ("recipes", str(len({run["recipe"] for run in runs}))),
        ("data", several("data")),
        ("labels", several("labels")),
        ("steps", ", ".join(f"{steps:,}" for steps in sorted({run["steps"] for run in runs}))),
        ("seeds", several("seed")),
        ("time of one worker", duration(study.seconds)),
    ]
    return [(name, told) for name, told in known if told and runs]


def packed(study: StudyView) -> dict[str, Any]:
    """All that the page's script draws from; columns that the same runs have are kept as float32 of those runs."""
    runs = study.runs
    recipes = list(dict.fromkeys(run["recipe"] for run in runs))
    families = list(dict.fromkeys(recipe.removeprefix("s2-") for recipe in recipes))
    cohorts = sorted(set(study.cohorts), key=lambda cohort: (recipes.index(cohort[0]), _natural(cohort[1])))
    fields = {
        "recipe": _coded([run["recipe"] for run in runs], recipes),
        "data": _coded([run["data"] for run in runs]),
        "labels": _coded([f"{run['labels']:,}" if run["labels"] else "none" for run in runs]),
        "labeller": _coded([run["labeller"] or "none" for run in runs]),
        "cohort": {"names": [words for _, words in cohorts], "of": _places(study.cohorts, cohorts)},
    }
    blocks: dict[bytes, list[int]] = defaultdict(list)
    for place, column in enumerate(study.columns):
        blocks[np.isfinite(column.values).tobytes()].append(place)
    where = {place: (block, at) for block, places in enumerate(blocks.values()) for at, place in enumerate(places)}
    return {
        "ids": [run["id"] for run in runs],
        "seeds": [run["seed"] for run in runs],
        "label_seeds": [run["label_seed"] for run in runs],
        "fields": fields,
        "recipes": [
            {"name": method_name(recipe), "hue": families.index(recipe.removeprefix("s2-")) % 8,
             "ring": recipe.startswith("s2-")}
            for recipe in recipes
        ],
        "columns": [
            {"name": column.name, "group": column.group, "kind": column.kind, "score": column.score,
             "shown": column.shown, "less": column.less, "block": where[place][0], "at": where[place][1]}
            for place, column in enumerate(study.columns)
        ],
        "blocks": [
            {"runs": _base64(np.flatnonzero(np.frombuffer(mask, bool)), "<u4"),
             "values": [_base64(study.columns[i].values[np.frombuffer(mask, bool)], "<f4") for i in places]}
            for mask, places in blocks.items()
        ],
        "headline": study.headline,
        "tested": study.tested,
    }  # fmt: skip


def as_script(content: Any) -> str:
    """JSON that may stand in a script element, whatever names are in it.

    >>> as_script({"name": "</script>"})
    '{"name":"\\\\u003c/script>"}'
    """
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def by_reason(study: StudyView) -> list[tuple[str, list[str]]]:
    """Why runs failed, the commonest reason first, with the runs."""
    found: dict[str, list[str]] = defaultdict(list)
    for run, reason in study.failures.items():
        found[reason].append(run)
    return sorted(found.items(), key=lambda each: -len(each[1]))


def _coded(values: Sequence[str], names: Sequence[str] | None = None) -> dict[str, Any]:
    names = sorted(set(values), key=_natural) if names is None else names
    return {"names": list(names), "of": _places(values, names)}


def _places(values: Sequence[Any], names: Sequence[Any]) -> list[int]:
    place = {name: i for i, name in enumerate(names)}
    return [place[value] for value in values]


def _natural(text: str) -> list[tuple[int, float, str]]:
    """Words in an order in which ``beta 4`` comes before ``beta 16``, and what is not a number last.

    >>> sorted(["none", "1,000", "100", "beta 16", "beta 4"], key=_natural)
    ['100', '1,000', 'beta 4', 'beta 16', 'none']
    """
    words = [word.rstrip(",").replace(",", "") for word in text.split()]
    return [(0, float(word), "") if _is_number(word) else (1, 0.0, word) for word in words]


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


def _base64(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode()
