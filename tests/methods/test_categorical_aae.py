"""AAE with categories: the codes' two parts, a critic each, labels, and clusters."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from metaprior.core import Batch, Classifies, DataSpec, MetapriorError
from metaprior.methods import AAERecipe, ClusteringAAERecipe, SemiSupervisedAAERecipe
from metaprior.objectives import discrimination_loss, non_saturating_loss
from metaprior.training import Loop, fit
from tests.conftest import Columns, random, spec_of_squares, squares
from tests.methods.adversaries import gradients, step_of

DATA = spec_of_squares()
BATCH = squares(8).gather(torch.arange(8)).map(lambda column: column.double() if column.is_floating_point() else column)
BATCHES = {"unlabelled": BATCH, "labelled": BATCH}
SMALL = {"latent_dim": 3, "batch": 8, "critic_width": 8}
RECIPES = {
    "clusters": ClusteringAAERecipe(**SMALL, categories=4),
    "labels": SemiSupervisedAAERecipe(**SMALL, labelled_batch=8),
}


def build(recipe, data=DATA):
    torch.manual_seed(0)
    return recipe.build(data).double()


@pytest.mark.parametrize("name", RECIPES)
def test_codes_end_in_probabilities_and_the_decoder_is_told_both(name):
    method = build(RECIPES[name])
    for codes in (method.encode(BATCH.images), method.infer(BATCH, step_of(method))[1]):
        assert codes.shape == (8, 3 + 4)
        assert (codes[:, 3:] > 0).all()
        assert torch.allclose(codes[:, 3:].sum(dim=1), torch.ones(8, dtype=torch.float64))
    other = codes.clone()
    other[:, 3:] = codes[:, 3:].roll(1, dims=1)
    assert not torch.allclose(method.decode(codes), method.decode(other))


@pytest.mark.parametrize("name", RECIPES)
def test_each_critic_sees_its_own_part_and_the_prior_of_it(name):
    method = build(RECIPES[name])
    step, codes = step_of(method), random(0, 8, 7, dtype=torch.float64)
    continuous, categories = codes[:, :3], codes[:, 3:]
    terms = method.regularisers(codes, codes, step)
    assert terms["adversarial"].value == non_saturating_loss(method.critic(continuous))
    assert terms["category_adversarial"].value == non_saturating_loss(method.category_critic(categories))
    shown = []
    method.category_critic.register_forward_pre_hook(lambda module, given: shown.append(given[0]))
    terms = method("critic", {}, step)
    mine, prior = shown
    assert torch.equal(mine, categories)
    assert sorted(prior.unique().tolist()) == [0, 1]
    assert (prior.sum(dim=1) == 1).all()
    expected = discrimination_loss(method.category_critic(categories), method.category_critic(prior))
    assert terms["category_discrimination"].value == expected
    expected = discrimination_loss(method.critic(continuous), method.critic(step.randn("prior", 8, 3)))
    assert terms["discrimination"].value == expected


def test_the_prior_s_categories_are_uniform():
    method = build(replace(RECIPES["clusters"], categories=5))
    shown = []
    method.category_critic.register_forward_pre_hook(lambda module, given: shown.append(given[0]))
    shared = {"codes": torch.zeros(50_000, 3).double(), "categories": torch.zeros(50_000, 5).double()}
    method("critic", {}, step_of(method, shared=shared))
    assert shown[1].mean(dim=0).tolist() == pytest.approx([0.2] * 5, abs=4 * (0.16 / 50_000) ** 0.5)


@pytest.mark.parametrize("name", RECIPES)
def test_no_player_s_loss_moves_what_is_the_other_s_alone(name):
    method = build(RECIPES[name])
    step = step_of(method)
    assert any(each.startswith("nets.encoder") for each in gradients(method, "autoencoder", BATCHES, step))
    moved = gradients(method, "critic", BATCHES, step)
    assert moved == {each for each, _ in method.named_parameters() if "critic" in each}
    assert {each.split(".")[0] for each in moved} == {"critic", "category_critic"}


def test_labels_are_the_cross_entropy_of_the_category():
    method = build(replace(RECIPES["labels"], attribute="column"))
    step = step_of(method)
    term = method("autoencoder", BATCHES, step)["supervised"]
    logits = method.classify(BATCH.images)
    assert term.value.item() == pytest.approx(F.cross_entropy(logits, BATCH.factors[:, 1]).item(), abs=1e-12)
    assert term.weight == 1
    assert torch.allclose(method.encode(BATCH.images)[:, 3:], logits.softmax(dim=1))


def test_a_missing_label_adds_nothing():
    method = build(RECIPES["labels"])
    factors = BATCH.factors.clone()
    factors[4:] = -1
    value = method("autoencoder", BATCHES | {"labelled": Batch(BATCH.columns | {"factors": factors})}, step_of(method))
    known = F.cross_entropy(method.classify(BATCH.images[:4]), BATCH.factors[:4, 0], reduction="sum")
    assert value["supervised"].value.item() == pytest.approx(known.item() / 8, abs=1e-12)


def test_classes_are_an_attribute_where_there_are_no_factors():
    data = DataSpec(image_shape=(1, 16, 16), classes=7, labelled_factors=("class",), labelled_factor_sizes=(7,))
    method = build(RECIPES["labels"], data)
    assert isinstance(method, Classifies)
    assert method.classify(BATCH.images).shape == (8, 7)
    labelled = Batch({"images": BATCH.images, "labels": torch.arange(7).repeat(2)[:8]})
    assert method("autoencoder", BATCHES | {"labelled": labelled}, step_of(method))["supervised"].value > 0
    assert not isinstance(build(RECIPES["clusters"]), Classifies)


@pytest.mark.parametrize("name", RECIPES)
def test_samples_are_of_normal_codes_and_whole_categories(name, monkeypatch):
    method, drawn = build(RECIPES[name]), []
    monkeypatch.setattr(method, "decode", lambda codes: drawn.append(codes) or codes)
    method.sample(400, seed=1)
    (codes,) = drawn
    assert codes[:, :3].mean().abs() < 0.15
    assert sorted(codes[:, 3:].unique().tolist()) == [0, 1]
    assert (codes[:, 3:].sum(dim=0) > 60).all()  # 100 each


def test_logits_of_clusters_are_standardised_over_the_batch():
    """However far the encoder stretches a logit, clusters stay as they are; there is no bias to move it by."""
    method = build(RECIPES["clusters"])
    before = method.infer(BATCH, step_of(method))[1]
    with torch.no_grad():
        method.nets.encoder.logits.weight.mul_(1 + 50 * random(0, 4, 1).square())
    assert method.nets.encoder.logits.bias is None
    after = method.infer(BATCH, step_of(method))[1]
    assert torch.allclose(before, after, atol=0.05)


def test_clusters_of_four_pictures_are_the_pictures():
    """Four pictures and noise: each becomes a cluster of its own, and no cluster is empty."""
    kinds = torch.eye(4).repeat_interleave(16, dim=0)
    points = Columns(values=kinds @ (2 * random(0, 4, 8)) + 0.1 * random(1, 64, 8))
    torch.manual_seed(0)
    recipe = ClusteringAAERecipe(categories=4, latent_dim=2, nets="mlp", hidden=32, critic_width=32)
    method = recipe.build(DataSpec(value_shape=(8,)))
    fit(method, {"train": points}, Loop(steps=600, threads=1))
    found = method.encode(points.columns["values"])[:, 2:].argmax(dim=1).view(4, 16)
    assert (found == found[:, :1]).all()
    assert len(found.unique()) == 4


@pytest.mark.parametrize(
    ("recipe", "data", "said"),
    [
        (ClusteringAAERecipe(categories=1), DATA, "categories must be at least 2, not 1"),
        (ClusteringAAERecipe(batch=1), DATA, "batch must be at least 2, not 1: one example has no variance"),
        (ClusteringAAERecipe(strength=-1.0), DATA, "strength must be at least 0"),
        (SemiSupervisedAAERecipe(labelled_batch=0), DATA, "labelled_batch must be at least 1"),
        (SemiSupervisedAAERecipe(attribute="colour"), DATA, "unknown attribute 'colour'"),
        (SemiSupervisedAAERecipe(), DataSpec(image_shape=(1, 16, 16), classes=3), "learns from a few labels"),
    ],
)
def test_choices_that_make_no_sense_are_refused(recipe, data, said):
    with pytest.raises(MetapriorError, match=said):
        recipe.build(data)


def test_critics_of_all_kinds_share_their_choices():
    assert isinstance(RECIPES["labels"], AAERecipe)
    method = build(replace(RECIPES["labels"], critic_lr=3e-4))
    assert [player.optimizer.lr for player in method.players()] == [1e-3, 3e-4]
