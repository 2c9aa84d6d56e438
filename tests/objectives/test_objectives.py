"""Objectives against closed forms and the values that the study's reference code asserts."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal, kl_divergence

from metaprior.objectives import (
    bernoulli_nll,
    kl_normal,
    ratio_loss,
    sample_normal,
    supervised_xent,
)
from tests.conftest import random


@given(st.floats(-5, 5), st.floats(-6, 3))
def test_kl_is_the_kl_of_normals(mean, logvar):
    mean, logvar = torch.tensor([[mean]]).double(), torch.tensor([[logvar]]).double()
    expected = kl_divergence(Normal(mean, (logvar / 2).exp()), Normal(torch.zeros_like(mean), torch.ones_like(mean)))
    assert torch.allclose(kl_normal(mean, logvar), expected, atol=1e-10)


def test_samples_have_the_posterior_mean_and_variance():
    mean, logvar = torch.full((20_000, 1), 1.5), torch.full((20_000, 1), math.log(0.25))
    codes = sample_normal(mean, logvar, random(0, 20_000, 1))
    assert codes.mean().item() == pytest.approx(1.5, abs=0.02)
    assert codes.var().item() == pytest.approx(0.25, rel=0.03)


def test_bernoulli_nll_is_minus_the_log_likelihood_of_a_picture():
    logits, images = random(0, 3, 2, 4, 4), (random(1, 3, 2, 4, 4) > 0).float()
    expected = -Bernoulli(logits=logits).log_prob(images).sum(dim=(1, 2, 3))
    assert torch.allclose(bernoulli_nll(logits, images), expected, atol=1e-4)


def test_grey_pixels_cost_at_least_their_entropy():
    image = torch.full((1, 1, 1, 1), 0.3)
    best = bernoulli_nll(torch.full((1, 1, 1, 1), math.log(0.3 / 0.7)), image).item()
    assert best == pytest.approx(-(0.3 * math.log(0.3) + 0.7 * math.log(0.7)), abs=1e-6)


def test_an_ignorant_critic_loses_ln_2():
    assert ratio_loss(torch.zeros(5, 2), torch.zeros(5, 2)).item() == pytest.approx(math.log(2), abs=1e-6)


def test_a_certain_critic_is_clipped_as_in_the_study():
    wrong = ratio_loss(torch.tensor([[-50.0, 50.0]]), torch.tensor([[50.0, -50.0]])).item()
    assert wrong == pytest.approx(-math.log(1e-6), rel=1e-6)


def test_ratio_loss_is_cross_entropy():
    joint, product = random(0, 6, 2), random(1, 6, 2)
    classes = torch.tensor([0] * 6 + [1] * 6)
    expected = torch.nn.functional.cross_entropy(torch.cat([joint, product]), classes)
    assert torch.allclose(ratio_loss(joint, product), expected)


@pytest.mark.parametrize(
    ("mean", "factors", "expected"),
    [(0.0, 5, 221.807), (1.0, 10, 840.48)],
    ids=["zeros 64x10 against zeros 64x5", "ones 64x10 against zeros 64x10"],
)
def test_supervised_xent_has_the_values_the_reference_asserts(mean, factors, expected):
    loss = supervised_xent(torch.full((64, 10), mean), torch.zeros(64, factors)).sum().item()
    assert loss == pytest.approx(expected, abs=1e-2)
    assert loss == pytest.approx(64 * factors * math.log1p(math.exp(mean)), rel=1e-6)


def test_a_missing_factor_adds_nothing_and_pulls_nowhere():
    means = random(0, 4, 3).requires_grad_()
    targets = torch.tensor([[0.5, -1 / 3]] * 4)
    expected = supervised_xent(means, targets[:, :1])
    found = supervised_xent(means, targets)
    assert torch.equal(found, expected)
    found.sum().backward()
    assert torch.equal(means.grad[:, 1:], torch.zeros(4, 2))
