"""``metaprior pipeline`` as a person meets it."""

import json

import pytest

from metaprior.commands.pipeline import varied
from metaprior.core import MetapriorError
from tests.test_cli import TINY, call


def test_a_cohort_is_trained_selected_from_and_judged(capsys, tmp_path) -> None:
    words = ["pipeline", "s2-beta-vae", *TINY, "--labels", "20", "--vary", "gamma_sup=1,4", "--seeds", "0", "1"]
    judging = ["--metrics", "mig", "--train", "90", "--test", "30", "--representation", "sampled"]
    code, out, err = call(capsys, *words, *judging, "--steps", "2", "--out", tmp_path / "s2s", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert len(told["selection"]["candidates"]) == 4
    assert told["selection"]["by"] == "supervised"
    assert told["selection"]["labels"] == {"count": 20, "seed": 0, "labeller": "perfect", "shown": 2}
    assert told["scores"]["model"] == told["selection"]["best"]
    assert list(told["scores"]["scores"]) == ["mig"]
    assert told["scores"]["scores"]["mig"]["n"] == 90
    assert told["scores"]["protocol"] == "disentanglement-sampled"


def test_the_seed_of_a_training_is_that_of_a_cohort(capsys, tmp_path) -> None:
    words = [
        "pipeline",
        "vae",
        *TINY,
        "--labels",
        "20",
        "--by",
        "mig",
        "--metrics",
        "mig",
        "--seed",
        "3",
        "--steps",
        "2",
    ]
    assert call(capsys, *words, "--out", tmp_path / "us")[0] == 0
    assert [path.name for path in (tmp_path / "us").iterdir() if path.is_dir()] == ["vae-3"]


LABELS = ["beta-vae", *TINY, "--steps", "1", "--labels", "20"]
MISTAKES = {
    "no labels": (["beta-vae", *TINY, "--out", "x"], "say how many"),
    "no folder": (LABELS, "say where the cohort lies"),
    "no method": ([], "say what to train: metaprior pipeline METHOD"),
    "values": ([*LABELS, "--vary", "beta", "--out", "x"], "NAME=VALUE,VALUE"),
    "choice": ([*LABELS, "--vary", "bta=1", "--out", "x"], "did you mean 'beta'"),
    "choice twice": ([*LABELS, "--vary", "beta=1", "beta=2", "--out", "x"], "varied twice"),
    "value twice": ([*LABELS, "--vary", "beta=1,1", "--out", "x"], "gives a value twice"),
    "value twice as numbers": ([*LABELS, "--vary", "beta=1,1.0", "--out", "x"], "give each seed and value once"),
    "seed twice": ([*LABELS, "--seeds", "0", "0", "--out", "x"], "give each seed and value once"),
    "seed and seeds": ([*LABELS, "--seed", "4", "--seeds", "0", "1", "--out", "x"], "--seed 4 is none of --seeds"),
    "criterion": ([*LABELS, "--by", "migg", "--out", "x"], "did you mean 'mig'"),
    "test metric": ([*LABELS, "--metrics", "migg", "--out", "x"], "did you mean 'mig'"),
    "test examples": ([*LABELS, "--test", "0", "--out", "x"], "test must be at least 1"),
    "share of none": ([*LABELS, "--label-share", "0.9", "--out", "x"], "leave --label-share out"),
    "labeller of none": (
        ["vae", *TINY, "--steps", "1", "--by", "kl", "--labeller", "noisy", "--out", "x"],
        "leave it out",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_before_anything_is_trained(mistake, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words, said = MISTAKES[mistake]
    code, out, err = call(capsys, "pipeline", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_a_cohort_that_was_trained_otherwise_is_refused_by_the_name_of_what_differs(capsys, tmp_path) -> None:
    words = ["pipeline", *LABELS, "--by", "mig", "--metrics", "mig", "--out", tmp_path / "us", "--quiet"]
    assert call(capsys, *words, "--steps", "4")[0] == 0
    assert call(capsys, *words, "--steps", "4", "--checkpoint-every", "2")[0] == 0
    assert "has already done 4 steps, more than 2" in call(capsys, *words, "--steps", "2")[2]
    assert "begun with loop.clip = None, not 2.0" in call(capsys, *words, "--steps", "4", "--clip", "2")[2]


def test_values_are_numbers_where_they_can_be() -> None:
    assert varied(["lambda-d-factor=1,2.5,1e3", "known=true"]) == {
        "lambda_d_factor": [1, 2.5, 1000.0], "known": [True]
    }  # fmt: skip


@pytest.mark.parametrize("word", ["beta", "beta=", "beta= ", "beta=,", "beta=1,,2", "beta=1,2, ", "beta=,1"])
def test_a_value_that_is_not_there_is_refused(word: str) -> None:
    with pytest.raises(MetapriorError, match="write --vary NAME=VALUE,VALUE such as beta=1,4,16"):
        varied([word])


@pytest.mark.parametrize("word", ["beta=1),2", "beta=a(1,2", "beta=1,2)", "beta=f(1))((,2", "beta=)1("])
def test_a_bracket_without_its_other_is_refused(word: str) -> None:
    with pytest.raises(MetapriorError, match="has a bracket without its other; write schedules as in linear"):
        varied([word])
