"""The claims of the few-labels paper: verdicts follow from the numbers by the written rules, on any machine."""

import json
import math
import re

import pytest

from metaprior.cli import main
from metaprior.papers import PAPERS
from metaprior.papers.disentangle import CLAIMS, rank_correlation
from metaprior.study import experiment


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


def test_rank_correlation_knows_order_only_and_refuses_constants():
    assert rank_correlation([1, 2, 3, 4], [0.1, 0.2, 30, 31]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3, 4], [4, 3, 2, -9]) == pytest.approx(-1)
    assert rank_correlation([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)  # 1 - 6 (0 + 1 + 1) / (3 * 8)
    assert math.isnan(rank_correlation([1, 2, 3], [5, 5, 5]))


def test_pairs_differ_in_labels_alone():
    runs = CLAIMS["few-labels-beat-none"].scales["smoke"].runs
    for seed in (0, 1):
        with_labels, without = runs[f"s2-beta-vae-beta1-{seed}"], runs[f"beta-vae-beta1-{seed}"]
        assert (with_labels.data, with_labels.loop) == (without.data, without.loop)
        assert (with_labels.labels, without.labels) == (100, None)
        shared = vars(without.method)
        assert {name: value for name, value in vars(with_labels.method).items() if name in shared} == shared
        assert with_labels.loop.seed == seed


def told(capsys, *arguments):
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["reproduce", "disentangle", *map(str, arguments)])
    printed = capsys.readouterr()
    return stop.value.code, printed.out, printed.err


MISTAKES = {
    "claim": (["--claim", "few-label-beat-none"], "unknown claim 'few-label-beat-none'; did you mean 'few-labels-beat"),
    "scale": (["--scale", "smok"], "smoke"),
    "scale not written": (["--scale", "desk"], "no claim of disentangle is written at the scale 'desk'"),
    "scale of a claim": (
        ["--scale", "gpu", "--claim", "few-labels-beat-none"],
        "the claim few-labels-beat-none is not written at the scale 'gpu'; there is smoke",
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


def test_the_smoke_claims(capsys, tmp_path, monkeypatch):
    """All three claims as a person runs them: ten models, under a minute of one core."""
    code, out, err = told(capsys, "--out", tmp_path, "--json")
    results = {result["id"]: result for result in json.loads(out)["claims"]}
    assert code == 0
    assert results.keys() == PAPERS["disentangle"].keys()
    shape = {"id", "statement", "published", "measured", "rule", "verdict", "reason", "seeds", "scale"}
    assert all(result.keys() == shape for result in results.values())
    assert all((result["seeds"], result["scale"]) == ([0, 1], "smoke") for result in results.values())
    begun = dict.fromkeys(line.split(",")[0] for line in err.splitlines() if line.startswith("run"))
    assert list(begun) == [f"run {place} of 10" for place in range(1, 11)]  # a slow run tells of itself twice

    gain, ranks, codes = (result["measured"] for result in results.values())
    found = [result["verdict"] for result in results.values()]
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

    monkeypatch.setattr(experiment, "carry_out", refuse)
    _, out, err = told(capsys, "--claim", "sampled-codes-decorrelate", "--out", tmp_path, "--json", "--quiet")
    assert json.loads(out)["claims"] == [results["sampled-codes-decorrelate"]]
    assert err == ""
