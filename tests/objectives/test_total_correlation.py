"""Total correlation: normal distributions, of which it is known."""

import math

import pytest
import torch

from metaprior.metrics import gaussian_total_correlation
from metaprior.objectives import (
    kl_between_normals,
    kl_normal,
    minibatch_total_correlation,
    ratio_total_correlation,
)
from tests.conftest import random


def correlated(count: int, rho: float, seed: int = 0) -> torch.Tensor:
    root = torch.tensor([[1.0, 0.0], [rho, math.sqrt(1 - rho**2)]])
    return random(seed, count, 2) @ root.T


def test_kl_between_normals_is_pytorch_s():
    mean, logvar, other, other_logvar = (random(k, 6, 3) for k in range(4))
    first, second = (torch.distributions.Normal(m, (v / 2).exp()) for m, v in ((mean, logvar), (other, other_logvar)))
    expected = torch.distributions.kl_divergence(first, second)
    assert torch.allclose(kl_between_normals(mean, logvar, other, other_logvar), expected, rtol=1e-4, atol=1e-6)
    prior = torch.zeros(6, 3)
    assert torch.allclose(kl_between_normals(mean, logvar, prior, prior), kl_normal(mean, logvar), atol=1e-6)


@pytest.mark.parametrize(("mean", "logvar", "expected"), [(0.0, 0.0, 0.0), (1.0, 0.0, 5.0), (1.0, 1.0, 8.5914)])
def test_kl_has_the_values_the_reference_asserts(mean, logvar, expected):
    found = kl_normal(torch.full((10, 10), mean), torch.full((10, 10), logvar)).sum(dim=1).mean()
    assert found.item() == pytest.approx(expected, abs=1e-3)


def test_one_posterior_for_all_gives_the_constant_that_the_reference_asserts():
    same = torch.zeros(1000, 10)
    found = minibatch_total_correlation(random(0, 1000, 10), same, same)
    assert found.item() == pytest.approx(-9 * math.log(1000), rel=1e-4)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_minibatch_s_estimate_plus_its_constant_is_that_of_the_aggregate_normal(rho):
    count, noise = 3000, 0.3
    means = correlated(count, rho)
    logvar = torch.full_like(means, math.log(noise))
    codes = means + math.sqrt(noise) * random(9, count, 2)
    aggregate = torch.tensor([[1 + noise, rho], [rho, 1 + noise]], dtype=torch.float64)
    estimate = minibatch_total_correlation(codes, means, logvar) + math.log(count)
    assert estimate.item() == pytest.approx(gaussian_total_correlation(aggregate.numpy()), abs=0.03)


def test_the_codes_of_a_part_meet_the_posteriors_of_the_whole():
    codes, mean, logvar = random(0, 8, 3), random(1, 8, 3), random(2, 8, 3)
    halves = [minibatch_total_correlation(codes[rows], mean, logvar) for rows in (slice(4), slice(4, 8))]
    assert torch.allclose(sum(halves) / 2, minibatch_total_correlation(codes, mean, logvar), rtol=1e-5)


def test_far_codes_do_not_underflow():
    codes = torch.full((4, 10), 60.0)
    assert minibatch_total_correlation(codes, torch.zeros(4, 10), torch.zeros(4, 10)).isfinite()


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_best_critic_s_estimate_is_the_total_correlation(rho):
    codes = correlated(200_000, rho, seed=3).double()
    covariance = torch.tensor([[1.0, rho], [rho, 1.0]]).double()
    joint = torch.distributions.MultivariateNormal(torch.zeros(2).double(), covariance).log_prob(codes)
    product = torch.distributions.Normal(0.0, 1.0).log_prob(codes).sum(dim=1)
    found = ratio_total_correlation(torch.stack([joint, product], dim=1))
    assert found.item() == pytest.approx(gaussian_total_correlation(covariance.numpy()), abs=0.01)
