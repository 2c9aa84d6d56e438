"""Models judged by the benchmark, or by stand-ins, by hand."""

from collections.abc import Mapping
from typing import Any

from metaprior.data.vtab import SUITES, VTAB
from metaprior.judge.scores import Score
from metaprior.judge.vtab import SuiteScores
from metaprior.papers.vtab.published import ORDER, PUBLISHED, Published

BEST = next(line for line in PUBLISHED if (line.model, line.setting) == ("Sup-Rotation-100%", "1k"))
DETAILS = {"chosen": {"lr": 0.01, "batch": 512}, "val": 0.625, "majority": 0.1, "source": "made"}


def way(protocol: str = "lightweight", setting: str = "1k", preset: str = "vtab-2019") -> dict[str, Any]:
    return {
        "protocol": protocol, "setting": setting, "preset": {"name": preset}, "seeds": [0], "precision": "float32",
    }  # fmt: skip


def scored(value: float | None, n: int = 1000, **details: Any) -> Score:
    return Score(value, n, 0, "made by hand", se=0.0123, details=DETAILS | details)


def complete(model: str = "mine", line: Published = BEST, **options: Any) -> SuiteScores:
    """All of VTAB, with the scores of a published model."""
    scores = {name: scored(line.tasks[place] / 100, VTAB[name].sizes[2]) for place, name in enumerate(ORDER)}
    return of_vtab(model, scores, **options)


def of_vtab(
    model: str, scores: Mapping[str, Score], missing: Mapping[str, str] | None = None, **options: Any
) -> SuiteScores:
    found = way(**options)
    told = f"{found['setting']}, {found['protocol']}, {found['preset']['name']}"
    about = {"way": found, "feature": "pre-logits", "input": {"size": 224}}
    return SuiteScores(model, "vtab", told, SUITES["vtab"], scores, missing or {}, about)


def partial(model: str = "mine", *names: str) -> SuiteScores:
    """Some tasks of VTAB, all of them at 40 %; the data of two others are said to be missing."""
    return of_vtab(
        model, {name: scored(0.4, VTAB[name].sizes[2]) for name in names}, {"dmlab": "fetch it", "sun397": "fetch it"}
    )


def desk(model: str = "mine", **options: Any) -> SuiteScores:
    """All stand-ins, as good as they can be."""
    found = way(**options)
    tasks = SUITES["vtab-desk"]
    scores = dict.fromkeys(tasks, scored(1.0))
    return SuiteScores(model, "vtab-desk", "1k, ridge, native", tasks, scores, {}, {"way": found})
