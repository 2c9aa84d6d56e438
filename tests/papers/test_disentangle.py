"""The claims of the few-labels paper: verdicts follow from the numbers by the written rules, on any machine."""

import json
import re

import pytest

from metaprior.cli import main
from metaprior.papers import PAPERS
from metaprior.papers.disentangle import CLAIMS
from metaprior.study import task
from metaprior.study.models import Models


def verdict(name, **measured):
    return CLAIMS[name].scales["smoke"].verdict(measured)[0]


@pytest.mark.parametrize(
    ("least", "mean", "expected"),
    [(0.3, 0.3, "pass"), (1e-9, 0.1, "pass"), (0.0, 0.3, "fail"), (-0.1, 0.5, "fail"), (0.05, 0.099, "fail")],
)
def test_the_gain_must_be_positive_for_each_seed_and_a_tenth_on_average(least, mean, expected):
    assert verdict("few-labels-beat-none", gain_min=least, gain_mean=mean, gain_max=1.0) == expected


@pytest.mark.parametrize(
    ("rho", "expected"), [(1, "pass"), (0.6, "pass"), (0.599, "inconclusive"), (1e-9, "inconclusive"), (0, "fail")]
)
def test_between_agreement_and_none_the_ranks_are_inconclusive(rho, expected):
    assert verdict("labels-suffice-for-selection", spearman_dci=rho, models=8) == expected


def test_an_inconclusive_verdict_says_why():
    rule = CLAIMS["labels-suffice-for-selection"].scales["smoke"].verdict
    assert rule({"spearman_dci": 0.3, "models": 8}) == ("inconclusive", "8 models are too few to tell 0.30 from 0.6")


@pytest.mark.parametrize(
    ("rho", "ratio", "expected"),
    [(-1, 1, "pass"), (-0.8, 0.5, "pass"), (-0.79, 2, "fail"), (-1, 0.49, "fail"), (1, 1, "fail")],
)
def test_samples_must_decorrelate_and_means_must_not(rho, ratio, expected):
    numbers = {"spearman_sampled": rho, "mean_tc_last_over_first": ratio}
    assert verdict("sampled-codes-decorrelate", **numbers) == expected


def test_pairs_differ_in_labels_alone():
    tasks = CLAIMS["few-labels-beat-none"].scales["smoke"].study.tasks.values()
    by_recipe = {(task.experiment.recipe, task.experiment.loop.seed): task.experiment for task in tasks}
    assert len(by_recipe) == 4
    for seed in (0, 1):
        with_labels, without = by_recipe["s2-beta-vae", seed], by_recipe["beta-vae", seed]
        assert (with_labels.data, with_labels.loop) == (without.data, without.loop)
        assert (with_labels.labels, with_labels.label_share, without.labels) == (100, 1.0, None)
        shared = vars(without.method)
        assert {name: value for name, value in vars(with_labels.method).items() if name in shared} == shared


FIELDS = [
    {"id": f"{recipe}{seed}", "recipe": recipe, "beta": 1.0}
    for recipe in ("s2-beta-vae", "beta-vae")
    for seed in (0, 1)
]


def test_the_gain_is_of_pairs():
    dci = {"s2-beta-vae0": 0.5, "s2-beta-vae1": 0.4, "beta-vae0": 0.1, "beta-vae1": 0.3}
    models = Models(tuple(FIELDS), {("test", "dci_disentanglement", "mean", None, None, None): dci})
    measured = CLAIMS["few-labels-beat-none"].scales["smoke"].measure(models)
    assert measured == pytest.approx({"gain_mean": 0.25, "gain_min": 0.1, "gain_max": 0.4})


def test_the_total_correlation_is_compared_at_the_ends_of_beta():
    fields = tuple({"id": f"{beta}{seed}", "beta": beta} for beta in (8.0, 1.0, 4.0, 2.0) for seed in (0, 1))
    columns = {
        ("test", "gaussian_total_correlation", codes, None, None, None): {
            each["id"]: power(each["beta"]) for each in fields
        }
        for codes, power in (("mean", lambda beta: 4.0 / beta**0.5), ("sampled", lambda beta: 2.0 / beta))
    }
    measured = CLAIMS["sampled-codes-decorrelate"].scales["smoke"].measure(Models(fields, columns))
    assert measured == pytest.approx(
        {
            "spearman_sampled": -1.0, "mean_tc_last_over_first": 8**-0.5, "sampled_tc_first": 2.0,
            "sampled_tc_last": 0.25,
        }
    )  # fmt: skip


def told(capsys, *arguments):
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["reproduce", "disentangle", *map(str, arguments)])
    printed = capsys.readouterr()
    return stop.value.code, printed.out, printed.err


MISTAKES = {
    "claim": (["--claim", "few-label-beat-none"], "unknown claim 'few-label-beat-none'; did you mean 'few-labels-beat"),
    "scale": (["--scale", "smok"], "no claim of disentangle is written at the scale 'smok'; there is smoke, desk, gpu"),
    "number": (["--claim", "99"], "unknown claim '99'"),
    "scale of a claim": (
        ["--scale", "desks", "--claim", "few-labels-beat-none"],
        "the claim few-labels-beat-none is not written at the scale 'desks'; there is smoke, desk, gpu, paper",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_trains_nothing(mistake, capsys, tmp_path):
    arguments, expected = MISTAKES[mistake]
    code, out, err = told(capsys, *arguments, "--out", tmp_path)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"metaprior: error: [^\n]+\n", err)
    assert expected in err
    assert list(tmp_path.iterdir()) == []


SMOKE = ("few-labels-beat-none", "labels-suffice-for-selection", "sampled-codes-decorrelate")


def test_the_smoke_claims(capsys, tmp_path, monkeypatch):
    """All claims as a person runs them: ten models that are judged, 36 of rehearsals."""
    code, out, err = told(capsys, "--out", tmp_path, "--json")
    results = {result["id"]: result for result in json.loads(out)["claims"]}
    assert code == 0
    assert results.keys() == PAPERS["disentangle"].keys()
    shape = {"id", "statement", "published", "measured", "rule", "verdict", "reason", "seeds", "scale"}
    assert all(result.keys() == shape for result in results.values())
    assert all(result["scale"] == "smoke" and result["seeds"] in ([0], [0, 1]) for result in results.values())
    assert "disentangle, smoke: 46/46" in err
    for name, result in results.items():
        assert None not in result["measured"].values()
        if name not in SMOKE:
            assert (result["verdict"], result["reason"][:11]) == ("inconclusive", "a rehearsal")

    gain, ranks, codes = (results[name]["measured"] for name in SMOKE)
    found = [results[name]["verdict"] for name in SMOKE]
    assert found[0] == ("pass" if gain["gain_min"] > 0 and gain["gain_mean"] >= 0.1 else "fail")
    assert gain["gain_min"] <= gain["gain_mean"] <= gain["gain_max"]
    rho = ranks["spearman_dci"]
    assert found[1] == ("pass" if rho >= 0.6 else "fail" if rho <= 0 else "inconclusive")
    assert (results["labels-suffice-for-selection"]["reason"] is None) == (found[1] != "inconclusive")
    held = codes["spearman_sampled"] <= -0.8 and codes["mean_tc_last_over_first"] >= 0.5
    assert found[2] == ("pass" if held else "fail")

    # measured 0.30 and 0.34 where 0.1 passes: wide of what rounding could change
    assert found[0] == "pass"

    def refuse(*_, **__):
        raise AssertionError("a finished run was trained again")

    monkeypatch.setattr(task, "finish", refuse)
    _, out, err = told(capsys, "--claim", "12", "--out", tmp_path, "--json", "--quiet")
    assert json.loads(out)["claims"] == [results["sampled-codes-decorrelate"]]
    assert err == ""
