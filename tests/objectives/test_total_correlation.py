"""Total correlation: normal distributions, of which it is known."""

import math

import pytest
import torch

from metaprior.metrics import gaussian_total_correlation
from metaprior.objectives import (
    aggregate,
    kl_between_normals,
    kl_normal,
    minibatch_total_correlation,
    ratio_total_correlation,
)
from tests.conftest import random
from tests.judge.linear import with_covariance


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


def equicorrelated(size: int, rho: float) -> float:
    """Of a normal law of unit variances, any two of its codes correlated alike."""
    return -0.5 * ((size - 1) * math.log(1 - rho) + math.log(1 + (size - 1) * rho))


EQUALLY = (1 + torch.eye(3, dtype=torch.float64)) / 2
"""Three codes, any two of which are correlated by a half."""


def test_a_normal_law_of_equally_correlated_codes_has_the_closed_form():
    assert equicorrelated(3, 0.5) == pytest.approx(0.3465736, abs=1e-7)
    for size, rho in ((3, 0.5), (3, -0.4), (7, 0.9)):
        matrix = (1 - rho) * torch.eye(size, dtype=torch.float64) + rho
        assert gaussian_total_correlation(matrix.numpy()) == pytest.approx(equicorrelated(size, rho), abs=1e-12)


def test_codes_of_just_these_correlations_have_it_by_the_best_critic():
    """The log-ratio is quadratic, so that codes whose moments are exact give it exactly."""
    codes = with_covariance(EQUALLY).columns["values"]
    joint = torch.distributions.MultivariateNormal(torch.zeros(3, dtype=torch.float64), EQUALLY).log_prob(codes)
    product = torch.distributions.Normal(0.0, 1.0).log_prob(codes).sum(dim=1)
    found = ratio_total_correlation(torch.stack([joint, product], dim=1))
    assert found.item() == pytest.approx(0.3465736, abs=1e-7)


def test_posteriors_whose_aggregate_has_these_correlations_have_it():
    count, noise = 1000, 0.4
    mean = with_covariance(EQUALLY - noise * torch.eye(3), count).columns["values"]
    logvar = torch.full_like(mean, math.log(noise))
    codes = mean + math.sqrt(noise) * random(9, count, 3)
    assert aggregate(codes, mean, logvar).total_correlation.item() == pytest.approx(0.3465736, abs=0.05)
    estimate = minibatch_total_correlation(codes, mean, logvar) + 2 * math.log(count)
    assert estimate.item() == pytest.approx(0.3465736, abs=0.05)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_best_critic_s_estimate_is_the_total_correlation(rho):
    codes = correlated(200_000, rho, seed=3).double()
    covariance = torch.tensor([[1.0, rho], [rho, 1.0]]).double()
    joint = torch.distributions.MultivariateNormal(torch.zeros(2).double(), covariance).log_prob(codes)
    product = torch.distributions.Normal(0.0, 1.0).log_prob(codes).sum(dim=1)
    found = ratio_total_correlation(torch.stack([joint, product], dim=1))
    assert found.item() == pytest.approx(gaussian_total_correlation(covariance.numpy()), abs=0.01)
