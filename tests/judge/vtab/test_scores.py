"""Means of tasks and of groups; a score that is withheld where tasks are missing."""

import json
from dataclasses import replace

import pytest

from metaprior.data.vtab.tasks import VTAB
from metaprior.judge.scores import Score
from metaprior.judge.vtab.scores import SuiteScores
from metaprior.papers.vtab.published import ORDER, PUBLISHED

BEST = next(line for line in PUBLISHED if line.model == "Sup-Rotation-100%" and line.setting == "1k")
SCORES = {name: Score(BEST.task(name) / 100, VTAB[name].sizes[2], 0, "p", se=0.01) for name in ORDER}


def test_a_complete_run_has_both_published_means():
    found = SuiteScores("m", "vtab", "p", VTAB, SCORES).to_json()
    assert found["complete"]
    assert found["k"] == 19
    assert 100 * found["mean_tasks"] == pytest.approx(68.0, abs=0.1)
    assert 100 * found["mean_groups"] == pytest.approx(70.7, abs=0.1)


def test_nothing_is_a_vtab_score_while_a_task_is_missing():
    for gone in ORDER:
        scores = {name: score for name, score in SCORES.items() if name != gone}
        found = SuiteScores("m", "vtab", "p", VTAB, scores, {gone: "no data"}).to_json()
        assert (found["mean_tasks"], found["mean_groups"], found["complete"], found["k"]) == (None, None, False, 18)
        assert found["missing"] == {gone: "no data"}
        assert found["partial"]["mean_tasks"]["k"] == 18


@pytest.mark.parametrize("name", ORDER)
def test_nothing_is_a_vtab_score_that_was_tested_on_a_part(name):
    scores = SCORES | {name: replace(SCORES[name], n=SCORES[name].n - 1)}
    found = SuiteScores("m", "vtab", "p", VTAB, scores)
    assert found.cut == (name,)
    assert (found.to_json()["mean_tasks"], found.to_json()["complete"], found.to_json()["k"]) == (None, False, 19)


def test_nothing_else_is_a_vtab_score_whatever_its_suite_is_called():
    tasks = {name: task for name, task in VTAB.items() if name != "pets"}
    scores = {name: SCORES[name] for name in tasks}
    assert not SuiteScores("m", "vtab", "p", tasks, scores).is_vtab
    assert not SuiteScores("m", "own", "p", VTAB, SCORES).is_vtab


def test_stand_ins_are_never_a_vtab_score():
    tasks = {f"standin/{name}": task for name, task in VTAB.items()}
    scores = {f"standin/{name}": score for name, score in SCORES.items()}
    found = SuiteScores("m", "vtab-desk", "p", tasks, scores).to_json()
    assert (found["mean_tasks"], found["mean_groups"], found["complete"], found["k"]) == (None, None, False, 0)
    assert found["partial"]["suite"] == "vtab-desk"


def test_a_task_without_a_value_is_missing_from_the_means():
    scores = SCORES | {"pets": Score(None, 10, 0, "p", reason="too few")}
    found = SuiteScores("m", "vtab", "p", VTAB, scores)
    assert (found.mean_tasks.k, found.is_vtab) == (18, False)


def test_errors_of_means_are_those_of_independent_tasks():
    found = SuiteScores("m", "vtab", "p", VTAB, SCORES)
    assert found.mean_tasks.se == pytest.approx(0.01 / 19**0.5)
    natural, specialized, structured = (0.01 / n**0.5 for n in (7, 4, 8))
    assert found.mean_groups.se == pytest.approx((natural**2 + specialized**2 + structured**2) ** 0.5 / 3)


def test_what_is_printed_is_json():
    assert json.loads(json.dumps(SuiteScores("m", "vtab", "p", VTAB, {}).to_json(), allow_nan=False))["k"] == 0
