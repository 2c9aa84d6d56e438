"""Criteria: what they say of a run is what the loss, the judge and UDR say of its model."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from metaprior.core import MetapriorError, Method, Step
from metaprior.data import Dataset, World, few_labels
from metaprior.data import load as load_data
from metaprior.judge import Settings, judge, rank
from metaprior.methods import VAERecipe, find_recipe
from metaprior.study import Experiment, Labels, finish, load, select
from metaprior.study.criteria import criteria_by_name, elbo_terms, groups_of_choices, r_sup
from metaprior.study.experiment import build_method, labelled_sets
from metaprior.training import Run
from tests.study.cohorts import WORLD, experiment


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


def of_loss(loss: str, data: World | Dataset) -> Method:
    recipe: Any = find_recipe("s2-beta-vae")
    return build_method(replace(recipe, supervision=replace(recipe.supervision, loss=loss)), data.spec, 0)


@pytest.mark.parametrize("loss", ["xent", "l2", "cov", "embed"])
def test_r_sup_does_not_grow_with_the_labels_that_are_held_out(loss: str) -> None:
    world = load_data(WORLD)
    model, held = of_loss(loss, world), Labels(40).draw(world)
    once, twice = (r_sup(model, held.take(torch.arange(40).repeat(n))).value for n in (1, 2))
    assert once is not None
    assert twice == pytest.approx(once, rel=0.06)  # a covariance divides by one less than the number of examples


def test_a_covariance_of_one_held_out_label_is_none() -> None:
    world = load_data(WORLD)
    score = r_sup(of_loss("cov", world), Labels(1).draw(world))
    assert score.value is None
    assert score.reason == "its loss needs at least 2 examples, and 1 did not train"


def test_a_validation_metric_s_predictors_learn_from_nine_tenths_of_the_labels(runs: list[Path]) -> None:
    found = select(runs[:1], "dci_informativeness", labels=Labels(60, seed=4)).candidates[0]
    model: Any = load(runs[0])
    shown = few_labels(load_data(WORLD), 60, 4)
    expected = judge(model, shown, metrics=["dci"], settings=Settings(train=60, test=60, train_share=0.9))
    assert expected["dci_informativeness"].n == 6
    assert (found.value, found.chance) == tuple(
        getattr(expected["dci_informativeness"], name) for name in ("value", "chance")
    )
    assert found.chance is not None


@pytest.mark.parametrize("by", [n for n, c in criteria_by_name().items() if c.looks_at == "labels" and "dci" not in n])
def test_every_criterion_on_labels_has_a_value_or_a_reason(runs: list[Path], by: str) -> None:
    for each in select(runs[:2], by, labels=Labels(60, seed=4, labeller="partial")).candidates:
        assert (each.value is None) == (each.reason is not None)
        assert each.value is None or math.isfinite(each.value)


@pytest.mark.parametrize("by", ["negative_elbo", "reconstruction"])
def test_terms_without_labels_rank_by_fit(runs: list[Path], by: str) -> None:
    assert select(runs, by).best == runs[0]


def test_the_negative_elbo_is_the_sum_of_its_parts_which_are_the_means_of_the_training_terms(runs: list[Path]) -> None:
    model: Any = load(runs[0])
    found = elbo_terms(model, load_data(WORLD), images=2000)
    assert found["negative_elbo"] == pytest.approx(found["reconstruction"] + found["kl"])
    logged = json.loads((runs[0] / "metrics.jsonl").read_text().splitlines()[-1])["terms"]
    assert found["kl"] == pytest.approx(logged["vae/kl"], rel=0.3)
    assert found["reconstruction"] == pytest.approx(logged["vae/reconstruction"], rel=0.3)


@pytest.mark.parametrize("images", [250, 251, 260, 499])
def test_each_image_counts_once_where_they_do_not_fill_their_batches(images: int) -> None:
    """A decoder without weights says 1/2 of each pixel, ln 2; six codes at 1, of variance 1, are 1/2 from the prior."""
    data = load_data(WORLD)
    model: Any = VAERecipe(latent_dim=6).build(data.spec)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(name == "nets.encoder.mean.bias")
    found = elbo_terms(model, data, images=images)
    assert found["reconstruction"] == pytest.approx(16 * 16 * math.log(2))
    assert found["kl"] == pytest.approx(6 / 2)


def cohort(*members: tuple[float, int, int]) -> dict[Path, Experiment]:
    """Experiments by beta, seed and steps."""
    found = {}
    for beta, seed, steps in members:
        plan = experiment("beta-vae", steps)
        method = replace(plan.method, beta=beta)  # type: ignore[type-var]
        found[Path(f"{beta}-{seed}-{steps}")] = replace(plan, method=method, loop=replace(plan.loop, seed=seed))
    return found


def test_udr_compares_runs_that_differ_in_their_seed_alone() -> None:
    groups = groups_of_choices(cohort((1, 0, 9), (4, 0, 9), (1, 1, 9), (4, 2, 9), (1, 2, 9), (1, 3, 8)))
    names = [[str(folder) for folder in group] for group in groups]
    assert names == [["1-0-9", "1-1-9", "1-2-9"], ["4-0-9", "4-2-9"], ["1-3-8"]]
    same = cohort((1, 0, 9))
    (plan,) = same.values()
    other_threads = replace(plan, loop=replace(plan.loop, seed=1, threads=2))
    assert len(groups_of_choices(same | {Path("other"): other_threads})) == 1
    with pytest.raises(MetapriorError, match=r"1-0-9 and again have the same choices and seed 0; leave one out"):
        groups_of_choices(same | {Path("again"): plan})


def test_udr_ranks_within_choices_and_gives_a_run_without_its_like_a_reason(tmp_path: Path) -> None:
    plans = cohort((1, 0, 20), (1, 1, 20), (4, 0, 20), (4, 1, 20), (8, 0, 20))
    folders = [tmp_path / name for name in plans]
    for folder, plan in zip(folders, plans.values(), strict=True):
        finish(plan, Run(folder))
    selection = select(folders, "udr")
    values = {each.run: each.value for each in selection.candidates}
    ranked = [each.value for each in selection.candidates[:-1] if each.value is not None]
    assert len(ranked) == 4
    assert ranked == sorted(ranked, reverse=True)  # to be like the others is better
    for pair in (folders[:2], folders[2:4]):
        models: dict[str, Any] = {str(folder): load(folder) for folder in pair}
        alone = rank(models, load_data(WORLD))
        assert {folder: values[folder] for folder in pair} == {
            folder: alone[str(folder)]["udr"].value for folder in pair
        }
    assert selection.candidates[-1].run == folders[4]
    assert "no other has these choices" in (selection.candidates[-1].reason or "")
