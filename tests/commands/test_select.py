"""``metaprior select``, and ``metaprior judge udr``, as a person meets them."""

import json
import re
from pathlib import Path

import pytest

from tests.test_cli import TINY, WORLD, call


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs that differ in their seed."""
    import metaprior

    folder = tmp_path_factory.mktemp("runs")
    return [
        metaprior.train(
            "beta-vae", data=WORLD, steps=5, seed=seed, method={"batch": 8}, out=folder / f"{seed}", progress=False
        ).folder
        for seed in (0, 1)
    ]


def test_runs_are_ranked_by_few_labels_beside_chance_and_told_as_json(capsys, cohort, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    by_mig = ["select", *cohort, "--by", "mig", "--labels", "40"]
    code, out, _ = call(capsys, *by_mig, "--json", "--out", tmp_path / "s.json")
    told = json.loads(out)
    assert code == 0
    assert told["best"] in map(str, cohort)
    assert told["labels"] == {"count": 40, "seed": 0, "labeller": "perfect", "shown": 40}
    assert json.loads((tmp_path / "s.json").read_text()) == told
    what, head, best, *_ = call(capsys, *by_mig)[1].splitlines()
    assert what == "by mig, larger is better, on 40 perfect labels of seed 0"
    assert re.fullmatch(r" +run +value +by chance *", head)
    chance = next(each["chance"] for each in told["candidates"] if each["run"] == told["best"])
    assert best.split()[-1] == f"{chance:.4f}"
    what = call(capsys, *by_mig, "--label-share", "0.75", "--label-seed", "2")[1].splitlines()[0]
    assert what == "by mig, larger is better, on 10 held out of 40 perfect labels of seed 2"


def test_runs_are_ranked_without_labels(capsys, cohort) -> None:
    code, out, _ = call(capsys, "select", *cohort, "--by", "negative_elbo")
    assert code == 0
    assert out.startswith("by negative_elbo, smaller is better\n")
    assert "by chance" not in out
    assert json.loads(call(capsys, "select", *cohort, "--by", "udr", "--json")[1])["labels"] is None


def test_runs_are_judged_by_each_other(capsys, cohort) -> None:
    code, out, _ = call(capsys, "judge", "udr", *cohort, "--json")
    assert code == 0
    assert [judged["model"] for judged in json.loads(out)["judged"]] == list(map(str, cohort))
    assert (cohort[0] / "scores" / "udr.json").exists()


def test_what_does_not_compare_is_refused_in_one_line(capsys, cohort, tmp_path) -> None:
    other = {"beta": ["beta-vae", "--beta", "9"], "recipe": ["vae"], "data": ["beta-vae", "--data", f"{WORLD},shape=2"]}
    for name, options in other.items():
        call(capsys, "train", *options[:1], *TINY, *options[1:], "--steps", "2", "--out", tmp_path / name)
    same = f"UDR judges runs of one recipe with the same choices; {cohort[0]} and"
    for words, said in (
        (["judge", "udr", cohort[0]], "at least 2"),
        (["judge", "udr", cohort[0], tmp_path / "beta"], f"{same} {tmp_path / 'beta'} differ"),
        (["judge", "udr", cohort[0], tmp_path / "recipe"], f"{same} {tmp_path / 'recipe'} differ"),
        (["judge", "udr", cohort[0], tmp_path / "data"], "say with --data what to compare them on"),
        (["select", cohort[0], tmp_path / "data", "--by", "kl"], "say with --data what to compare them on"),
        (["select", *cohort, "--by", "kl", "--labels", "3"], "looks at no labelled set"),
        (["select", *cohort, "--by", "kl", "--label-share", "0.5"], "looks at no labelled set"),
        (["select", *cohort, "--label-share", "1"], "holds none out"),
        (["select", cohort[0], f"{cohort[0].parent}/../{cohort[0].parent.name}/0"], "is given twice"),
        (["select", *cohort, "--by", "negative_elb"], "did you mean 'negative_elbo'"),
    ):
        code, out, err = call(capsys, *words)
        assert (code, out) == (2, "")
        assert said in err
        assert len(err.strip().splitlines()) == 1
