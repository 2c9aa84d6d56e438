"""Selection: known rankings, and the two pipelines end to end."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from metaprior.core import MetapriorError, Step
from metaprior.data import World, few_labels
from metaprior.data import load as load_data
from metaprior.judge import Settings, judge
from metaprior.methods import S2BetaVAERecipe, find_recipe
from metaprior.study import Experiment, Labels, finish, load, members, pipeline, select, train
from metaprior.study.experiment import labelled_sets
from metaprior.study.pipeline import with_choice
from metaprior.study.selection import bound, criteria_by_name
from metaprior.training import Loop, Run

WORLD = "dsprites:size=16,shape=2,scale=2,orientation=2,position_x=4,position_y=4"
SMALL = {"batch": 16, "latent_dim": 6, "lr": 1e-3}
SCORED = Settings(train=200, test=100)


def experiment(recipe: str, **choices: object) -> Experiment:
    method = replace(find_recipe(recipe), **SMALL)  # type: ignore[type-var]
    return Experiment(recipe=recipe, method=method, data=WORLD, loop=Loop(steps=30, threads=1), **choices)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three runs with labels, of which the last has hardly learned."""
    folder = tmp_path_factory.mktemp("cohort")
    trained = []
    for name, steps in (("a", 150), ("b", 60), ("c", 1)):
        run = train(
            "s2-beta-vae", data=WORLD, labels=40, label_share=0.75, method=SMALL | {"beta": 1.0}, steps=steps,
            out=folder / name, progress=False,
        )  # fmt: skip
        trained.append(run.folder)
    return trained


def test_held_out_labels_rank_runs_by_what_they_have_learned(runs: list[Path]) -> None:
    selection = select(runs, "supervised")
    assert selection.candidates[-1].run == runs[2]
    assert selection.best in runs[:2]
    assert not selection.larger_is_better
    values = [each.value for each in selection.candidates]
    assert values == sorted(values)  # type: ignore[type-var]


def test_the_held_out_loss_is_r_sup_on_the_labels_that_did_not_train(runs: list[Path]) -> None:
    run = Experiment.from_plain(Run(runs[0]).config)
    training, held = labelled_sets(run, load_data(WORLD))
    assert held is not None
    assert (len(training), len(held)) == (30, 10)
    model = load(runs[0])
    batch = held.gather(torch.arange(10))
    with torch.no_grad():
        expected = model.supervision(model.encode(batch.images), batch.factors, Step()).item() / 10  # type: ignore
    assert select(runs[:1], "supervised").candidates[0].value == pytest.approx(expected)


def test_the_negative_elbo_is_the_sum_of_its_parts(runs: list[Path]) -> None:
    elbo, reconstruction, kl = (select(runs[:1], by).candidates[0].value for by in ("elbo", "reconstruction", "kl"))
    assert elbo == pytest.approx(reconstruction + kl)  # type: ignore[operator]


def test_a_validation_metric_s_predictors_learn_from_nine_tenths_of_the_labels(runs: list[Path]) -> None:
    found = select(runs[:1], "dci_informativeness", labels=Labels(60, seed=4)).candidates[0].value
    shown = few_labels(load_data(WORLD), 60, 4)
    expected = judge(
        load(runs[0]),
        shown,
        metrics=["dci"],
        settings=Settings(train=60, test=60, train_share=0.9),  # type: ignore
    )["dci_informativeness"]
    assert expected.n == 6
    assert found == expected.value


@pytest.mark.parametrize("by", ["elbo", "reconstruction"])
def test_terms_without_labels_rank_by_fit(runs: list[Path], by: str) -> None:
    assert select(runs, by).best == runs[0]


def test_the_bound_is_the_mean_of_the_training_terms(runs: list[Path]) -> None:
    world = load_data(WORLD)
    model = load(runs[0])
    found = bound(model, world, images=2000)  # type: ignore[arg-type]
    logged = json.loads((runs[0] / "metrics.jsonl").read_text().splitlines()[-1])["terms"]
    assert found["kl"] == pytest.approx(logged["vae/kl"], rel=0.3)
    assert found["reconstruction"] == pytest.approx(logged["vae/reconstruction"], rel=0.3)


def test_a_metric_on_labels_is_the_judge_s_and_the_same_labels_are_shown_to_all(runs: list[Path]) -> None:
    first = select(runs, "mig", labels=Labels(60, seed=4))
    again = select(list(reversed(runs)), "mig", labels=Labels(60, seed=4))
    other = select(runs, "mig", labels=Labels(60, seed=5))
    assert {each.run: each.value for each in first.candidates} == {each.run: each.value for each in again.candidates}
    assert {each.run: each.value for each in first.candidates} != {each.run: each.value for each in other.candidates}
    assert first.to_json()["labels"] == {"count": 60, "seed": 4, "labeller": "perfect"}


@pytest.mark.parametrize("by", [n for n, c in criteria_by_name().items() if c.looks_at_labels and "dci" not in n])
def test_every_criterion_on_labels_has_a_value_or_a_reason(runs: list[Path], by: str) -> None:
    for each in select(runs, by, labels=Labels(60, labeller="partial")).candidates:
        assert (each.value is None) == (each.reason is not None)
        assert each.value is None or math.isfinite(each.value)


def test_udr_ranks_runs_by_each_other(runs: list[Path]) -> None:
    assert len(select(runs, "udr").candidates) == 3


def test_a_run_that_held_out_nothing_has_no_value_and_comes_last(runs: list[Path], tmp_path: Path) -> None:
    whole = train("s2-beta-vae", data=WORLD, labels=10, method=SMALL, steps=1, out=tmp_path / "w", progress=False)
    selection = select([whole.folder, *runs], "supervised")
    assert selection.candidates[-1].run == whole.folder
    assert "label-share" in (selection.candidates[-1].reason or "")
    with pytest.raises(MetapriorError, match="no run has a value of 'supervised'"):
        _ = select([whole.folder], "supervised").best


MISTAKES = {
    "none": ({"runs": []}, "no runs to select from"),
    "twice": ({"runs": ["x", "x"]}, "given twice"),
    "criterion": ({"by": "migg"}, "unknown criterion 'migg'; did you mean 'mig'"),
    "labels that no one looks at": ({"by": "elbo", "labels": Labels(3)}, "looks at no labelled set"),
    "labeller": (
        {"by": "mig", "labels": Labels(30, labeller="niosy")},
        "unknown labeller 'niosy'; did you mean 'noisy'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake: str, runs: list[Path]) -> None:
    options, said = MISTAKES[mistake]
    with pytest.raises(MetapriorError, match=said):
        select(**{"runs": runs, "by": "mig"} | options)  # type: ignore[arg-type]


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
    assert outcome.selection.best.name == "s2-beta-vae-gamma_sup=10.0-0"  # it has seen more of the labels


def test_members_are_every_combination_with_every_seed() -> None:
    cohort = members(experiment("s2-beta-vae"), {"beta": [1, 2], "loss": ["xent", "l2"]}, (3, 4))
    assert len(cohort) == 8
    one = cohort["s2-beta-vae-beta=2-loss=l2-4"]
    assert isinstance(one.method, S2BetaVAERecipe)
    assert (one.method.beta, one.method.supervision.loss, one.loop.seed) == (2.0, "l2", 4)
    with pytest.raises(MetapriorError, match="at least one seed"):
        members(experiment("vae"), {}, ())
    with pytest.raises(MetapriorError, match="unknown choice of the method 'bta'; did you mean 'beta'"):
        with_choice(find_recipe("beta-vae"), "bta", 3)


def test_a_pipeline_needs_labels(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match="say how many"):
        pipeline(experiment("beta-vae"), tmp_path)


def test_a_finished_run_of_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    finish(experiment("vae"), Run(tmp_path / "vae"))
    other = replace(experiment("vae"), loop=Loop(steps=31, threads=1))
    with pytest.raises(MetapriorError, match="other settings"):
        finish(other, Run(tmp_path / "vae"))
    assert isinstance(load_data(WORLD), World)
