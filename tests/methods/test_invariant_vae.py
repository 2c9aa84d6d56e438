"""Codes kept apart from an attribute: HSIC and MMD measure it, and the VFAE's hierarchy adds up."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from metaprior.core import Batch, Classifies, Counter, DataSpec, Infers, MetapriorError, Step
from metaprior.data import Dataset
from metaprior.methods import (
    CVAE,
    FourierMMDOfGroups,
    HSICOfGroups,
    HSICVAERecipe,
    InvariantVAE,
    MMDOfGroups,
    TargetVFAE,
    VFAERecipe,
)
from metaprior.objectives import hsic, mmd, normal_width, rbf, squared_distances
from metaprior.training import Loop, fit
from tests.conftest import Columns, random

DATA = DataSpec(value_shape=(5,), classes=2, factor_names=("site", "kind"), factor_sizes=(3, 4))
STEP = Step(
    hyper={"strength": torch.tensor(9.0), "alpha": torch.tensor(2.0)}, draws=Counter(0, dtype=torch.float64)
)  # fmt: skip
VALUES = torch.arange(60) % 2
BATCH = Batch({
    "values": random(0, 60, 5, dtype=torch.float64),
    "labels": VALUES,
    "factors": torch.stack([torch.arange(60) % 3, torch.arange(60) % 4], dim=1),
})  # fmt: skip
SMALL = {"nets": "linear", "latent_dim": 2}


def build(recipe):
    torch.manual_seed(0)
    return recipe.build(DATA).double()


def mmd_of_two(codes):
    return mmd(codes[VALUES == 0], codes[VALUES == 1], partial(rbf, width=normal_width(2)))


def hsic_with_labels(codes):
    likeness = rbf(squared_distances(codes, codes), normal_width(2))
    return hsic(likeness, (VALUES[:, None] == VALUES).double())


RECIPES = {
    "hsic": (HSICVAERecipe(**SMALL, attribute="label"), HSICOfGroups, hsic_with_labels),
    "exact": (VFAERecipe(**SMALL, estimator="exact"), MMDOfGroups, mmd_of_two),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_loss_is_the_cvae_s_and_strength_times_what_codes_tell(name):
    recipe, kind, measure = RECIPES[name]
    method = build(recipe)
    assert isinstance(method, InvariantVAE)
    assert isinstance(method.dependence, kind)
    terms = method("vae", {"unlabelled": BATCH}, STEP)
    _, codes = method.infer(BATCH, STEP)
    assert terms["dependence"].value.item() == pytest.approx(measure(codes).item(), abs=1e-12)
    assert float(terms["dependence"].weight) == 9
    plain = CVAE.forward(method, "vae", {"unlabelled": BATCH}, STEP)
    for term, expected in plain.items():
        assert terms[term].value.item() == pytest.approx(expected.value.item(), abs=1e-12)
        assert terms[term].weight == 1


def test_fourier_features_come_near_to_the_exact_measure_where_codes_are_many():
    codes = random(1, 4000, 2)
    groups = F.one_hot(torch.arange(4000) % 2, 2).float()
    codes = codes + groups[:, :1]
    torch.manual_seed(0)
    found, exact = FourierMMDOfGroups(2, 20_000)(codes, groups), MMDOfGroups()(codes, groups)
    assert found.item() == pytest.approx(exact.item(), rel=0.05)


@pytest.mark.parametrize("dependence", [HSICOfGroups(), MMDOfGroups(), FourierMMDOfGroups(2)])
def test_codes_that_follow_the_attribute_tell_more(dependence):
    groups, codes = F.one_hot(VALUES, 2).double(), BATCH.values[:, :2]
    dependence = dependence.double()
    told = [dependence(codes + apart * groups, groups).item() for apart in (0.0, 1.0, 3.0)]
    assert told[0] < 0.1
    assert told[0] < told[1] < told[2]


def test_training_takes_the_attribute_out_of_the_codes():
    """Inputs are the attribute in two values and noise in others; without the term codes keep it, where not told."""
    labels = torch.arange(512) % 2
    vectors = 0.5 * random(0, 512, 5)
    vectors[:, :2] += 2 * (2 * labels[:, None] - 1)
    source = {"train": Columns(values=vectors, labels=labels)}
    data = DataSpec(value_shape=(5,), classes=2)
    gaps = {}
    for strength in (0.0, 300.0):
        torch.manual_seed(0)
        method = VFAERecipe(**SMALL, strength=strength, estimator="exact", lr=3e-3, variance=0.1).build(data)
        with torch.no_grad():  # a decoder that is told nothing yet, so that codes are of use for the attribute
            method.nets.decoder[0].weight[:, 2:] = 0
        fit(method, source, Loop(steps=400))
        with torch.no_grad():
            codes = method.posterior_of(Batch(source["train"].columns)).mean
        gaps[strength] = ((codes[labels == 0].mean(0) - codes[labels == 1].mean(0)) / codes.std(0)).abs().max().item()
    assert gaps[300.0] < 0.3 < gaps[0.0]


def vfae():
    return build(VFAERecipe(**SMALL, attribute="site", target="kind", likelihood="normal"))


def test_the_hierarchy_s_loss_is_the_mean_of_what_explains_an_example():
    method = vfae()
    assert isinstance(method, TargetVFAE)
    terms = method("vae", {"unlabelled": BATCH}, STEP)
    found = method.explain(BATCH, STEP)
    assert found.log_ratio is not None
    assert terms["reconstruction"].value.item() == pytest.approx(found.distortion.mean().item(), abs=1e-12)
    many, each = method.explain(BATCH, STEP, samples=2000), []
    assert many.log_ratio is not None
    for seed in range(200):
        step = Step(hyper=STEP.hyper, draws=Counter(seed, dtype=torch.float64))
        with torch.no_grad():
            drawn = method("vae", {"unlabelled": BATCH}, step)
        each.append(drawn["kl"].value + drawn["kl_above"].value)
    sums = torch.stack(each)
    error = sums.std().item() / len(sums) ** 0.5
    assert sums.mean().item() == pytest.approx(many.log_ratio.mean().item(), abs=5 * error)


def test_the_target_s_cross_entropy_weighs_alpha_and_only_it_trains_the_classifier():
    method = vfae()
    terms = method("vae", {"unlabelled": BATCH}, STEP)
    _, codes = method.infer(BATCH, STEP)
    expected = F.cross_entropy(method.classifier(codes), BATCH.factors[:, 1])
    assert terms["label"].value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert float(terms["label"].weight) == 2
    sum(term.value for name, term in terms.items() if name != "label").backward()
    assert method.classifier.weight.grad is None
    assert {module for player in method.players() for module in player.modules} == {
        "nets", "upward", "downward", "classifier",
    }  # fmt: skip


def test_the_hierarchy_s_bound_is_the_likelihood_of_linear_nets():
    """Nets between the codes that give the prior N(0, 1) whatever they are told leave the CVAE's likelihood."""
    method = vfae()
    with torch.no_grad():
        for net in (method.upward, method.downward):
            net[-1].weight.zero_()
            net[-1].bias.zero_()
        for parameter in method.nets.encoder.parameters():
            parameter.mul_(0.1)
    weight, bias = method.nets.decoder[0].weight.detach(), method.nets.decoder[0].bias.detach()
    covariance = weight[:, :2] @ weight[:, :2].T + torch.eye(5)
    few = BATCH.map(lambda column: column[:4])
    means = bias + weight[:, 2:].T[few.factors[:, 0]]
    expected = torch.distributions.MultivariateNormal(means, covariance).log_prob(few.values)
    found = method.explain(few, STEP, samples=50_000)
    assert found.log_ratio is not None
    estimate = (-found.distortion - found.log_ratio).logsumexp(dim=1) - math.log(50_000)
    assert torch.allclose(estimate, expected, atol=0.05)


def test_only_a_model_with_a_target_classifies():
    assert isinstance(vfae(), Classifies)
    assert not isinstance(build(VFAERecipe(**SMALL)), Classifies)
    assert isinstance(vfae(), Infers)
    assert vfae().sample(3, seed=1).shape == (3, 5)
    assert vfae().classify(BATCH.values).shape == (60, 4)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (VFAERecipe(strength=-1.0), "strength must be at least 0"),
        (VFAERecipe(alpha=-1.0, target="site"), "alpha must be at least 0"),
        (VFAERecipe(features=0), "features must be at least 1"),
        (VFAERecipe(batch=1), "batch must be at least 2"),
        (VFAERecipe(target="label"), "codes cannot both tell 'label' and not"),
        (VFAERecipe(target="sight"), "unknown attribute 'sight'; did you mean 'site'"),
        (HSICVAERecipe(attribute="sight"), "unknown attribute 'sight'; did you mean 'site'"),
    ],
)
def test_bad_choices_are_refused(recipe, said):
    with pytest.raises(MetapriorError, match=said):
        build(recipe)


def test_data_without_an_attribute_are_refused():
    bare = Dataset("bare", values=torch.zeros(4, 5)).spec
    with pytest.raises(MetapriorError, match="neither classes nor factors that vary"):
        VFAERecipe().build(bare)
