"""Codes kept apart from an attribute: HSIC and MMD measure it, and the VFAE's hierarchy adds up."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence

from metaprior.core import Batch, Classifies, Counter, DataSpec, Infers, MetapriorError, Step, generator
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
from metaprior.methods.prior import prior_codes
from metaprior.objectives import enumerated_bound, hsic, mmd, normal_width, rbf, squared_distances
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
    assert method.classifier.weight.grad.eq(0).all()
    assert {module for player in method.players() for module in player.modules} == {
        "nets", "upward", "downward", "classifier",
    }  # fmt: skip


@pytest.mark.parametrize("unknown", [0, 2, 4])
def test_the_hierarchy_s_bound_is_the_likelihood_of_linear_nets(unknown):
    """Nets between the codes that give the prior N(0, 1) whatever they are told leave the CVAE's likelihood.

    It is the same where the target is missing, of which these inputs say nothing.
    """
    method = vfae()
    with torch.no_grad():
        for net in (method.upward, method.downward):
            net[-1].weight.zero_()
            net[-1].bias.zero_()
        for parameter in method.nets.encoder.parameters():
            parameter.mul_(0.1)
    weight, bias = method.nets.decoder[0].weight.detach(), method.nets.decoder[0].bias.detach()
    covariance = weight[:, :2] @ weight[:, :2].T + torch.eye(5)
    few = without_target(BATCH, 60 - unknown).map(lambda column: column[-4:])
    means = bias + weight[:, 2:].T[few.factors[:, 0]]
    expected = torch.distributions.MultivariateNormal(means, covariance).log_prob(few.values)
    found = method.explain(few, STEP, samples=50_000)
    assert found.log_ratio is not None
    estimate = (-found.distortion - found.log_ratio).logsumexp(dim=1) - math.log(50_000)
    assert torch.allclose(estimate, expected, atol=0.05)


def without_target(batch, start):
    """The batch, from one row on without the second factor."""
    factors = batch.factors.clone()
    factors[start:, 1] = -1
    return Batch(batch.columns | {"factors": factors})


def bounds_by_value(method, batch, step):
    """L(y) of each value of the target, B×K, one value after the other."""
    (mean, logvar), codes = method.infer(batch, step)
    noise, bounds = step.randn("above", *codes.shape), []
    for value in range(4):
        told = F.one_hot(torch.full((batch.size,), value), 4).to(codes.dtype)
        top_mean, top_logvar = method.upward(torch.cat([codes, told], dim=1)).chunk(2, dim=1)
        top = top_mean + (top_logvar / 2).exp() * noise
        prior_mean, prior_logvar = method.downward(torch.cat([top, told], dim=1)).chunk(2, dim=1)
        ratio = Normal(mean, (logvar / 2).exp()).log_prob(codes)
        ratio = ratio - Normal(prior_mean, (prior_logvar / 2).exp()).log_prob(codes)
        above = kl_divergence(Normal(top_mean, (top_logvar / 2).exp()), Normal(torch.zeros_like(top), 1.0))
        bounds.append((ratio + above).sum(dim=1) + math.log(4))
    return torch.stack(bounds, dim=1), codes


def hierarchy(terms):
    return sum(terms[name].value for name in ("kl", "kl_above", "kl_target")).item()


@pytest.mark.parametrize("known", [60, 25, 0])
def test_an_example_without_its_target_has_the_bound_by_all_values(known):
    method, batch = vfae(), without_target(BATCH, known)
    terms = method("vae", {"unlabelled": batch}, STEP)
    bounds, codes = bounds_by_value(method, batch, STEP)
    own = bounds.gather(1, BATCH.factors[:, 1:])[:, 0]
    every = enumerated_bound(bounds, method.classifier(codes))
    expected = torch.where(torch.arange(60) < known, own, every)
    assert hierarchy(terms) == pytest.approx(expected.mean().item(), abs=1e-10)
    if known == 60:  # of known targets it is a constant beside what explains the examples
        assert terms["kl_target"].value.item() == pytest.approx(math.log(4), abs=1e-12)
    nll = F.cross_entropy(method.classifier(codes), BATCH.factors[:, 1], reduction="none")
    assert terms["label"].value.item() == pytest.approx(nll[:known].sum().item() / 60, abs=1e-12)


def test_the_bound_without_a_target_is_the_tightest_where_the_classifier_is_exact():
    """It is then -log sum_y p(y) exp(-L(y)), and more by the classifier's KL where it is not."""
    method, batch = vfae(), without_target(BATCH, 0)
    bounds, _ = bounds_by_value(method, batch, STEP)
    method.logits = lambda codes: -bounds
    terms = method("vae", {"unlabelled": batch}, STEP)
    assert hierarchy(terms) == pytest.approx(-bounds.negative().logsumexp(dim=1).mean().item(), abs=1e-10)


def test_examples_without_a_target_train_the_classifier_and_by_no_cross_entropy():
    method = vfae()
    terms = method("vae", {"unlabelled": without_target(BATCH, 0)}, STEP)
    assert terms["label"].value == 0
    for name in ("kl", "kl_above", "kl_target"):
        (gradient,) = torch.autograd.grad(terms[name].value, method.classifier.weight, retain_graph=True)
        assert gradient.abs().sum() > 0, name


def test_what_explains_an_example_without_its_target_is_on_average_its_bound():
    method, batch = vfae(), without_target(BATCH, 0)
    found, each = method.explain(batch, STEP, samples=4000), []
    for seed in range(200):
        with torch.no_grad():
            step = Step(hyper=STEP.hyper, draws=Counter(seed, dtype=torch.float64))
            each.append(hierarchy(method("vae", {"unlabelled": batch}, step)))
    bounds = torch.tensor(each)
    error = bounds.std().item() / len(bounds) ** 0.5
    assert found.log_ratio.mean().item() == pytest.approx(bounds.mean().item(), abs=5 * error)


def test_unlabelled_examples_teach_the_classifier():
    """Two clusters, of which 8 of 1,000 inputs are known; the best rule is right of 0.955."""
    kinds = torch.arange(1000) % 2
    values = random(0, 1000, 5) + 1.2 * (2 * kinds[:, None] - 1) * torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0])
    factors = torch.stack([torch.arange(1000) // 2 % 2, kinds.where(torch.arange(1000) < 8, -1)], dim=1)
    data = DataSpec(value_shape=(5,), factor_names=("site", "kind"), factor_sizes=(2, 2))
    right = {}
    for rows in (8, 1000):
        torch.manual_seed(0)
        recipe = VFAERecipe(**SMALL, attribute="site", target="kind", strength=0.0, alpha=rows / 100, lr=1e-2)
        method = recipe.build(data)
        fit(method, {"train": Columns(values=values[:rows], factors=factors[:rows])}, Loop(steps=400))
        with torch.no_grad():
            right[rows] = (method.classify(values).argmax(dim=1) == kinds).float().mean().item()
    assert right[8] < 0.91 < 0.93 < right[1000]


def test_only_a_model_with_a_target_classifies():
    assert isinstance(vfae(), Classifies)
    assert not isinstance(build(VFAERecipe(**SMALL)), Classifies)
    assert isinstance(vfae(), Infers)
    assert vfae().sample(3, seed=1).shape == (3, 5)
    assert vfae().classify(BATCH.values).shape == (60, 4)


def test_samples_come_down_from_z2_and_the_target():
    """p(z1 | z2, y) by hand: its mean is z2 and one code is raised by y; it hardly varies."""
    method = vfae()
    method.downward = torch.nn.Linear(2 + 4, 2 * 2).double()
    with torch.no_grad():
        method.downward.weight.zero_()
        method.downward.weight[:2, :2] = torch.eye(2)
        method.downward.weight[1, 2:] = 100 * torch.arange(4)
        method.downward.bias.copy_(torch.tensor([0.0, 0.0, -60.0, -60.0]))
    told = torch.arange(30) % 3
    values = torch.randint(4, (30,), generator=generator(1, "target"))
    codes = prior_codes(method.nets, 30, seed=1) + torch.stack([torch.zeros(30), 100 * values], dim=1)
    assert len(values.unique()) == 4
    assert torch.allclose(method.sample(30, seed=1, told=told), method.decode(codes, told), atol=1e-8)


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
