"""Multiplicative noise: its KL in closed form, and the two tasks it is put to."""

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import LogNormal, kl_divergence

from metaprior.core import Batch, Classifies, Counter, DataSpec, Decodes, Infers, MetapriorError, Samples, Step
from metaprior.methods import (
    InformationDropout,
    InformationDropoutAutoencoder,
    InformationDropoutRecipe,
    MultiplicativeNoise,
)
from metaprior.nets import Posterior
from tests.conftest import random

DATA = DataSpec(value_shape=(5,), classes=3)
BATCH = Batch({"values": random(0, 6, 5, dtype=torch.float64), "labels": torch.arange(6) % 3})
STEP = Step(hyper={"beta": torch.tensor(0.5)}, draws=Counter(0, dtype=torch.float64))


def build(**choices):
    torch.manual_seed(0)
    return InformationDropoutRecipe(**{"nets": "linear", "latent_dim": 4} | choices).build(DATA).double()


def noise_with(mean, variance):
    noise = MultiplicativeNoise().double()
    with torch.no_grad():
        noise.mean.fill_(mean)
        noise.logvar.fill_(math.log(variance))
    return noise


@pytest.mark.parametrize(("f", "alpha", "mean", "variance"), product((0.1, 3.0), (0.05, 0.7), (-0.5,), (1.0, 4.0)))
def test_the_kl_is_that_of_log_normal_laws(f, alpha, mean, variance):
    """By the card's form, by torch.distributions, and by a million draws."""
    law = Posterior(*(torch.tensor([[math.log(value)]], dtype=torch.float64) for value in (f, alpha**2)))
    found = noise_with(mean, variance).kl(law).item()
    sigma = variance**0.5
    form = (alpha**2 + (math.log(f) - mean) ** 2) / (2 * variance) - math.log(alpha / sigma) - 0.5
    assert found == pytest.approx(form, abs=1e-10)
    one, other = (LogNormal(*torch.tensor(law, dtype=torch.float64)) for law in ((math.log(f), alpha), (mean, sigma)))
    assert found == pytest.approx(kl_divergence(one, other).item(), abs=1e-10)
    codes = f * (alpha * random(0, 1_000_000, dtype=torch.float64)).exp()
    ratio = one.log_prob(codes) - other.log_prob(codes)
    assert found == pytest.approx(ratio.mean().item(), abs=5 * ratio.std().item() / 1000)


def test_codes_are_positive_and_their_mean_is_what_is_encoded():
    method = build(target="input")
    codes = torch.stack([
        method.infer(BATCH, Step(draws=Counter(seed, dtype=torch.float64)))[1].detach() for seed in range(3000)
    ])  # fmt: skip
    assert (codes > 0).all()
    error = codes.std(dim=0) / 3000**0.5
    assert ((codes.mean(dim=0) - method.encode(BATCH.values)).abs() < 5 * error).all()


def test_noise_is_bounded_and_never_none():
    noise = MultiplicativeNoise(most=0.7)
    for scale, least, most in ((-100.0, 1e-3, 1e-3), (0.0, 0.35, 0.352), (100.0, 0.7, 0.702)):
        alpha = (noise.law(torch.zeros(1, 1), torch.tensor([[scale]])).logvar / 2).exp().item()
        assert least - 1e-6 <= alpha <= most
    assert noise.law(torch.tensor([[-1e4]]), torch.zeros(1, 1)).mean.isfinite().all()


def test_the_label_s_loss_is_its_cross_entropy_on_noisy_codes_and_beta_times_the_kl():
    method = build()
    assert isinstance(method, InformationDropout)
    law = method.law(BATCH.values)
    codes = law.mean.exp() * ((law.logvar / 2).exp() * STEP.randn("posterior", 6, 4)).exp()
    terms = method("bottleneck", {"unlabelled": BATCH}, STEP)
    expected = F.cross_entropy(method.classifier(codes), BATCH.labels)
    assert terms["label"].value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert terms["kl"].value.item() == pytest.approx(method.noise.kl(law).sum(dim=1).mean().item(), abs=1e-12)
    assert float(terms["kl"].weight) == 0.5


def test_the_input_s_loss_is_the_bound_on_its_likelihood():
    method = build(target="input")
    assert isinstance(method, InformationDropoutAutoencoder)
    terms = method("vae", {"unlabelled": BATCH}, STEP)
    found = method.explain(BATCH, STEP)
    assert terms["reconstruction"].value.item() == pytest.approx(found.distortion.mean().item(), abs=1e-12)
    many = method.explain(BATCH, STEP, samples=20_000)
    assert many.log_ratio is not None
    assert many.rate is not None
    assert terms["kl"].value.item() == pytest.approx(many.rate.sum(dim=1).mean().item(), abs=1e-12)
    error = many.log_ratio.std(dim=1) / 20_000**0.5
    assert ((many.log_ratio.mean(dim=1) - many.rate.sum(dim=1)).abs() < 5 * error).all()


@pytest.mark.parametrize("target", ["label", "input"])
def test_the_prior_is_learned(target):
    method = build(target=target)
    (player,) = method.players()
    assert "noise" in player.modules
    terms = method(player.name, {"unlabelled": BATCH}, STEP)
    terms["kl"].value.backward()
    assert method.noise.mean.grad is not None
    assert method.noise.mean.grad.abs() > 0


def test_samples_follow_the_learned_prior():
    method = build(target="input")
    with torch.no_grad():
        method.noise.mean.fill_(0.3)
        method.noise.logvar.fill_(-80.0)
    codes = torch.full((2, 4), math.exp(0.3)).double()
    assert torch.allclose(method.sample(2, seed=3), method.decode(codes))


def test_what_each_target_can_do():
    label, inputs = build(), build(target="input")
    for capability, has in ((Classifies, (True, False)), (Decodes, (False, True)), (Samples, (False, True))):
        assert (isinstance(label, capability), isinstance(inputs, capability)) == has
    assert not isinstance(label, Infers)
    assert not isinstance(inputs, Infers)  # its codes are not normal
    assert label.classify(BATCH.values).shape == (6, 3)


@pytest.mark.parametrize(
    ("choices", "said"),
    [({"beta": -1.0}, "beta must be at least 0"), ({"max_alpha": 0.0}, "max_alpha must be above 0")],
)
def test_bad_choices_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        build(**choices)
