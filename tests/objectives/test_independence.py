"""HSIC: the closed form of correlated normals, and what V- and U-statistics promise."""

import math

import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.objectives import hsic, rbf, squared_distances, unbiased_hsic
from tests.conftest import random


def likeness(codes):
    return rbf(squared_distances(codes, codes), width=1.0)


def correlated(seed, count, rho):
    first, second = random(2 * seed, count, 1), random(2 * seed + 1, count, 1)
    return likeness(first), likeness(rho * first + math.sqrt(1 - rho**2) * second)


def expected(rho):
    """HSIC of two standard normal codes of correlation rho, by Gaussian kernels of width 1."""
    both = torch.tensor([[1.0, rho], [rho, 1.0]], dtype=torch.float64)
    one = torch.eye(2, dtype=torch.float64)
    pairs = torch.linalg.det(one + 2 * both) ** -0.5
    apart = torch.tensor(1 / 3.0, dtype=torch.float64)
    rows = torch.linalg.det(one + both / 2) ** -0.5 / 2
    return (pairs + apart - 2 * rows).item()


def test_the_closed_form_is_that_of_the_card():
    assert expected(0.8) == pytest.approx(0.0356741, abs=1e-7)
    assert expected(0.5) == pytest.approx(0.0107633, abs=1e-7)
    assert expected(0.0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_dependence_of_correlated_normals(rho):
    found = torch.stack([unbiased_hsic(*correlated(seed, 100, rho)) for seed in range(300)])
    error = (found.std() / len(found) ** 0.5).item()
    assert error < 1e-3
    assert found.mean().item() == pytest.approx(expected(rho), abs=4 * error)
    many = hsic(*correlated(0, 3000, rho))
    assert many.item() == pytest.approx(expected(rho), abs=0.004)


def test_the_formula_is_that_of_centred_kernels():
    first, second = correlated(3, 40, 0.4)
    centre = torch.eye(40) - 1 / 40
    assert torch.allclose(hsic(first, second), (centre @ first @ centre * second).sum() / 40**2, rtol=1e-4)


def test_of_several_groups_it_is_zero_only_where_all_are_independent():
    alone = [likeness(random(seed, 800, 1)) for seed in range(3)]
    assert hsic(*alone).item() < 0.01
    assert hsic(alone[0], alone[1], alone[1]).item() > 0.03  # the last two are one
    assert hsic(*alone, torch.ones(800, 800)).item() == pytest.approx(hsic(*alone).item(), abs=1e-6)


def test_too_few_draws_or_groups_are_refused():
    with pytest.raises(MetapriorError, match="at least 4 draws, not 3"):
        unbiased_hsic(torch.eye(3), torch.eye(3))
    with pytest.raises(MetapriorError, match="at least 2 groups of codes, not 1"):
        hsic(torch.eye(4))
