from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.report import view_study
from metaprior.report.study_view import MOST_COHORTS
from metaprior.study.results import compact
from tests.study.synthetic import CRITERIA, LABELLERS, TEST, VALIDATION, write_failure, write_result, write_study


def test_every_score_of_every_run_is_in_its_column(tmp_path: Path) -> None:
    told = {each["id"]: each for each in write_study(tmp_path, 24)}
    study = view_study(tmp_path)
    key = ("kind", "score", "representation", "labels", "labeller", "label_seed")
    columns = {tuple(getattr(column, part) for part in key): column.values for column in study.columns}
    for i, run in enumerate(study.runs):
        scores = {tuple(score.get(part) for part in key): score["value"] for score in told[run["id"]]["scores"]}
        known = {name: values[i] for name, values in columns.items() if np.isfinite(values[i])}
        assert known == scores


def test_columns_stand_in_one_order_compacted_or_not(tmp_path: Path) -> None:
    write_study(tmp_path, 16)
    names = [column.name for column in view_study(tmp_path).columns]
    tests, criteria = 2 * len(TEST), len(CRITERIA) + 1
    assert names[:2] == ["MIG", "DCI disentanglement"]
    assert names[len(TEST)] == "MIG, sampled codes"
    assert names[tests : tests + criteria] == ["supervised loss", "negative ELBO", "reconstruction", "KL"]
    assert names[tests + criteria] == "MIG on 100 perfect labels, set 0"
    assert len(names) == tests + criteria + 2 * len(LABELLERS) * 2 * len(VALIDATION)
    compact(tmp_path)
    assert [column.name for column in view_study(tmp_path).columns] == names


def test_less_is_better_for_losses_and_not_for_scores(tmp_path: Path) -> None:
    write_study(tmp_path, 16)
    less = {column.score for column in view_study(tmp_path).columns if column.less}
    assert less == {"supervised", "negative_elbo", "reconstruction", "kl", "gaussian_total_correlation"}


def test_a_cohort_names_the_choices_that_differ_within_its_recipe(tmp_path: Path) -> None:
    write_study(tmp_path, 200)
    study = view_study(tmp_path)
    words = {recipe: {said for of, said in study.cohorts if of == recipe} for recipe, _ in study.cohorts}
    assert words["beta-vae"] == {f"beta {beta}" for beta in (1, 2, 4, 6, 8, 16)}
    assert "gamma 10, gamma_sup 4" in words["s2-factor-vae"]


def test_where_there_are_too_many_choices_a_cohort_is_a_recipe(tmp_path: Path) -> None:
    [told] = write_study(tmp_path, 1)
    for i in range(MOST_COHORTS + 1):
        experiment = told["experiment"] | {"method": {"beta": i / 7}}
        write_result(tmp_path, told | {"id": f"{i:012x}", "experiment": experiment})
    assert set(view_study(tmp_path).cohorts) == {("beta-vae", "")}


def test_failures_and_missing_values_are_told(tmp_path: Path) -> None:
    first, second = write_study(tmp_path, 2)
    for each in (first, second):
        each["scores"][0] |= {"value": None, "reason": "every code is constant"}
        write_result(tmp_path, each)
    write_failure(tmp_path, "f" * 12, "the loss is not a number")
    study = view_study(tmp_path)
    assert study.failures == {"f" * 12: "the loss is not a number"}
    assert study.without_value == {("MIG", "every code is constant"): 2}
    assert "MIG" in [column.name for column in study.columns]


def test_a_study_without_results_is_an_error_and_one_with_failures_is_none(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with pytest.raises(MetapriorError, match="holds no results of a study"):
        view_study(tmp_path)
    write_failure(tmp_path, "f" * 12, "no data")
    study = view_study(tmp_path)
    assert (list(study.runs), study.columns, study.headline) == ([], [], [])
