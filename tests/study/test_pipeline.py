"""The two pipelines of the few-labels study, end to end, and what is refused before anything is trained."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaprior.core import MetapriorError
from metaprior.data import few_labels
from metaprior.data import load as load_data
from metaprior.judge import Settings, judge
from metaprior.methods import S2BetaVAERecipe, find_recipe
from metaprior.study import Labels, finish, load, members, pipeline
from metaprior.study.experiment import build_method, labelled_sets
from metaprior.study.pipeline import with_choice
from metaprior.training import Run
from tests.study.cohorts import experiment

SCORED = Settings(train=200, test=100)


def test_unsupervised_pipeline_trains_without_labels_and_selects_by_them(tmp_path: Path) -> None:
    plan = experiment("beta-vae", labels=50, label_seed=2)
    told: list[str] = []
    outcome = pipeline(
        plan, tmp_path / "us", vary={"beta": [1, 8]}, seeds=(0, 1), by="mig", metrics=["mig"], settings=SCORED,
        progress=told.append,
    )  # fmt: skip
    folders = sorted(path.name for path in (tmp_path / "us").iterdir() if path.is_dir())
    assert folders == ["beta-vae-beta=1-0", "beta-vae-beta=1-1", "beta-vae-beta=8-0", "beta-vae-beta=8-1"]
    assert all(Run(tmp_path / "us" / name).config["labels"] is None for name in folders)
    assert outcome.selection.candidates[0].value == max(each.value for each in outcome.selection.candidates)  # type: ignore
    assert outcome.selection.labels == Labels(50, 2)
    assert not outcome.scores.seen
    assert json.loads((tmp_path / "us" / "selection.json").read_text()) == outcome.selection.to_json()
    assert (outcome.selection.best / "scores" / "disentanglement.json").exists()
    changed = {path: path.stat().st_mtime_ns for path in (tmp_path / "us").glob("*/model.safetensors")}
    again = pipeline(
        plan, tmp_path / "us", vary={"beta": [1, 8]}, seeds=(0, 1), by="mig", metrics=["mig"], settings=SCORED
    )
    assert again.to_json() == outcome.to_json()
    assert all(path.stat().st_mtime_ns == time for path, time in changed.items())
    assert sum(line.startswith("run ") for line in told) == 4


def test_supervised_pipeline_trains_on_nine_tenths_and_selects_by_the_rest(tmp_path: Path) -> None:
    plan = experiment("s2-beta-vae", labels=40, labeller="noisy")
    outcome = pipeline(plan, tmp_path / "s2s", vary={"gamma_sup": [0.1, 10.0]}, metrics=["mig"], settings=SCORED)
    assert outcome.selection.by == "supervised"
    config = Run(outcome.selection.best).config
    assert (config["label_share"], config["labeller"]) == (0.9, "noisy")
    assert outcome.selection.labels == Labels(40, 0, "noisy", 0.9)
    assert outcome.selection.to_json()["labels"]["shown"] == 4
    assert outcome.selection.best.name == "s2-beta-vae-gamma_sup=10.0-0"  # it has seen more of the labels


def test_a_metric_selects_models_that_learned_from_labels_by_the_others_alone(tmp_path: Path) -> None:
    plan = experiment("s2-beta-vae", labels=60, label_seed=2, label_share=0.5)
    outcome = pipeline(plan, tmp_path / "s2", by="sap", metrics=["mig"], settings=SCORED)
    held = labelled_sets(plan, load_data(plan.data))[1]
    model: Any = load(outcome.selection.best)
    expected = judge(model, held, metrics=["sap"], settings=Settings(train=30, test=30, train_share=0.9))  # type: ignore[arg-type]
    assert outcome.selection.candidates[0].value == expected["sap"].value
    assert outcome.selection.to_json()["labels"] == {"count": 60, "seed": 2, "labeller": "perfect", "shown": 30}


def test_a_model_that_trained_on_all_that_it_is_judged_on_is_marked(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    rows = ["file,shade,side"]
    for i in range(12):
        Image.new("L", (16, 16), 20 * i).save(tmp_path / "pictures" / f"{i}.png")
        rows.append(f"{i}.png,{i % 3},{i % 2}")
    rows[-1] = "11.png,0,1"  # one combination is there thrice, so that the set is no world
    (tmp_path / "pictures" / "factors.csv").write_text("\n".join(rows))
    plan = replace(experiment("vae", steps=2, labels=10), data=f"folder:path={tmp_path}/pictures")
    outcome = pipeline(plan, tmp_path / "us", by="mig", metrics=["mig"], settings=SCORED)
    assert outcome.scores.seen
    assert json.loads((outcome.selection.best / "scores" / "disentanglement.json").read_text())["seen"]


def test_criteria_without_labels_need_none_where_none_train(tmp_path: Path) -> None:
    outcome = pipeline(
        experiment("vae", steps=2), tmp_path / "us", by="udr", seeds=(0, 1), metrics=["mig"], settings=SCORED
    )
    assert outcome.selection.labels is None
    assert outcome.selection.to_json()["labels"] is None


def test_members_are_every_combination_with_every_seed() -> None:
    cohort = members(experiment("s2-beta-vae"), {"beta": [1, 2], "loss": ["xent", "l2"]}, (3, 4))
    assert len(cohort) == 8
    one = cohort["s2-beta-vae-beta=2-loss=l2-4"]
    assert isinstance(one.method, S2BetaVAERecipe)
    assert (one.method.beta, one.method.supervision.loss, one.loop.seed) == (2.0, "l2", 4)
    with pytest.raises(MetapriorError, match="unknown choice of the method 'bta'; did you mean 'beta'"):
        with_choice(find_recipe("beta-vae"), "bta", 3)


MISTAKES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "no labels": ("beta-vae", {}, {}, "say how many"),
    "no labels to learn from": ("s2-beta-vae", {}, {"by": "udr"}, "say how many"),
    "no factors": ("beta-vae", {"data": "digits:size=16", "labels": 20}, {}, "judges by factors of variation"),
    "labels of none": ("beta-vae", {"labels": 0}, {}, "a labelled set has at least 1 example, not 0"),
    "criterion": ("beta-vae", {"labels": 20}, {"by": "migg"}, "did you mean 'mig'"),
    "supervised without a loss": ("beta-vae", {"labels": 20}, {"by": "supervised"}, "has no supervised loss"),
    "losses": ("s2-beta-vae", {"labels": 20}, {"vary": {"loss": ["xent", "l2"]}}, "different supervised losses"),
    "none held out": ("s2-beta-vae", {"labels": 5}, {}, r"a share of 0\.9 of 5 labels holds none out"),
    "one held out for a metric": ("s2-beta-vae", {"labels": 10}, {"by": "mig"}, "only 1 did not train; take more"),
    "udr of one": ("beta-vae", {}, {"by": "udr"}, "at least two --seeds"),
    "udr of choices": ("beta-vae", {}, {"by": "udr", "vary": {"beta": [1, 2]}}, "at least two --seeds"),
    "choice": ("s2-beta-vae", {"labels": 20}, {"vary": {"latent_dim": [6, 3]}}, "5 factors cannot be tied to 3 codes"),
    "no such choice": ("beta-vae", {"labels": 20}, {"vary": {"bta": [1]}}, "did you mean 'beta'"),
    "no seed": ("vae", {"labels": 20}, {"seeds": ()}, "at least one seed"),
    "no value": ("beta-vae", {"labels": 20}, {"vary": {"beta": []}}, "one value of each choice"),
    "seed twice": ("vae", {"labels": 20}, {"seeds": (0, 1, 0)}, "vae-0 would be trained twice, also as vae-0"),
    "value twice": ("beta-vae", {"labels": 20}, {"vary": {"beta": [1, 1.0]}}, r"beta=1\.0-0 .* twice, also as .*=1-0"),
    "a share of none": ("vae", {"labels": 20, "label_share": 0.9}, {}, "all of them select; leave --label-share out"),
    "labels for nobody": ("vae", {"labels": 20}, {"by": "kl"}, "'kl' looks at none; leave --labels out"),
    "a labeller of none": ("vae", {"labeller": "noisy"}, {"by": "kl"}, "--labeller says which labels"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_before_anything_is_trained(mistake: str, tmp_path: Path) -> None:
    recipe, choices, options, said = MISTAKES[mistake]
    with pytest.raises(MetapriorError, match=said):
        pipeline(replace(experiment(recipe), **choices), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_labels_are_drawn_and_choices_tried_once_for_all_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def counted(name: str, function: Any) -> Any:
        return lambda *given: called.append(name) or function(*given)

    def stopped(*_: object) -> None:
        raise ZeroDivisionError

    room = sys.modules["metaprior.study.pipeline"]  # the room's attribute of that name is the function
    monkeypatch.setattr(room, "labelled_sets", counted("labels", labelled_sets))
    monkeypatch.setattr("metaprior.study.selection.few_labels", counted("held out", few_labels))
    monkeypatch.setattr(room, "build_method", counted("build", build_method))
    monkeypatch.setattr(room, "finish", stopped)
    with pytest.raises(ZeroDivisionError):
        pipeline(experiment("s2-beta-vae", labels=40), tmp_path, vary={"beta": [1, 2]}, seeds=range(4))
    assert sorted(called) == ["build", "build", "held out", "labels"]


def test_a_finished_run_is_taken_trained_further_or_refused_by_the_name_of_what_differs(tmp_path: Path) -> None:
    plan, run = experiment("vae", steps=20), Run(tmp_path / "vae")
    finish(plan, run)
    weights = run.folder / "model.safetensors"
    before = weights.stat().st_mtime_ns
    finish(replace(plan, loop=replace(plan.loop, checkpoint_every=5, log_every=2, keep=1)), run)
    assert weights.stat().st_mtime_ns == before
    for change, said in (
        ({"steps": 10}, "has already done 20 steps, more than 10"),
        ({"seed": 3}, r"begun with loop\.seed = 0, not 3"),
        ({"clip": 1.0}, r"begun with loop\.clip = None, not 1\.0"),
    ):
        with pytest.raises(MetapriorError, match=said):
            finish(replace(plan, loop=replace(plan.loop, **change)), run)  # type: ignore[arg-type]
    with pytest.raises(MetapriorError, match=r"begun with method\.lr = 0\.001, not 0\.01"):
        finish(replace(plan, method=replace(plan.method, lr=0.01)), run)  # type: ignore[type-var]
    finish(replace(plan, loop=replace(plan.loop, steps=30)), run)
    assert json.loads((run.folder / "metrics.jsonl").read_text().splitlines()[-1])["step"] == 30
