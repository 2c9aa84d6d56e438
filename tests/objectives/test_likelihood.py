"""Likelihoods and bounds on them: a linear model of one code, whose likelihood and whose gaps are known."""

import math

import pytest
import torch

from metaprior.objectives import importance_weighted_bound, log_normal, normal_nll
from tests.conftest import random

WEIGHT, NOISE, X = 1.5, 0.5, 1.0
"""x = WEIGHT z + noise of variance NOISE, observed at X; z is standard normal."""
MEAN = WEIGHT * X / (WEIGHT**2 + NOISE)
VARIANCE = NOISE / (WEIGHT**2 + NOISE)
LOG_LIKELIHOOD = -0.5 * (X**2 / (WEIGHT**2 + NOISE) + math.log(2 * math.pi * (WEIGHT**2 + NOISE)))


def bounds(samples: int, rows: int, shift: float = 0.0, wider: float = 1.0) -> torch.Tensor:
    """The bound by so many samples of N(MEAN + shift, wider * VARIANCE), so many times."""
    mean, logvar = torch.tensor([MEAN + shift]), torch.tensor([wider * VARIANCE]).log()
    codes = mean + (0.5 * logvar).exp() * random(samples, rows * samples, 1)
    given = -normal_nll(WEIGHT * codes, torch.full_like(codes, X), NOISE)
    densities = log_normal(codes, torch.zeros(1), torch.zeros(1)) - log_normal(codes, mean, logvar)
    return importance_weighted_bound((given + densities[:, 0]).reshape(rows, samples))


def test_the_normal_likelihood_is_pytorch_s():
    mean, values = random(0, 4, 3, 5), random(1, 4, 3, 5)
    expected = -torch.distributions.Normal(mean, 0.3**0.5).log_prob(values).sum(dim=(1, 2))
    assert torch.allclose(normal_nll(mean, values, 0.3), expected, rtol=1e-5)


def test_the_closed_forms_are_those_of_the_card():
    assert pytest.approx((0.5454545, 0.1818182), abs=1e-7) == (MEAN, VARIANCE)
    assert pytest.approx(-1.6065572, abs=1e-7) == LOG_LIKELIHOOD


@pytest.mark.parametrize("samples", [1, 5, 50])
def test_by_the_exact_posterior_every_bound_is_the_likelihood(samples):
    found = bounds(samples, 100)
    assert torch.allclose(found, torch.tensor(LOG_LIKELIHOOD), atol=1e-5)


def test_by_another_posterior_the_bound_grows_with_the_samples():
    gaps = []
    for samples, rows in ((1, 200_000), (5, 40_000), (50, 20_000)):
        found = bounds(samples, rows, shift=0.3, wider=2.0)
        gaps.append((LOG_LIKELIHOOD - found.mean().item(), 4 * found.std().item() / rows**0.5))
    assert gaps[0][0] == pytest.approx(0.4009264, abs=gaps[0][1])  # KL(q || posterior)
    assert gaps[1][0] == pytest.approx(1.6493 - 1.6065572, abs=gaps[1][1] + 1e-3)
    assert gaps[2][0] == pytest.approx(0.3595 / 100, abs=gaps[2][1] + 1e-3)  # chi² / 2K
    assert gaps[0][0] > gaps[1][0] > gaps[2][0] > 0
