"""The covariance of DIP-VAE: against PyTorch's, and the values that the reference's tests assert."""

import math

import pytest
import torch

from metaprior.objectives import covariance, off_diagonal_penalty, sample_normal, unit_variance_penalty
from tests.conftest import random


def test_covariance_is_the_biased_one_of_the_columns():
    rows = random(0, 50, 4)
    assert torch.allclose(covariance(rows), torch.cov(rows.T, correction=0))


@pytest.mark.parametrize(
    ("matrix", "off_diagonal", "diagonal"),
    [(torch.ones(10, 10), 90, 0), (torch.zeros(10, 10), 0, 10), (torch.eye(10), 0, 0), (2 * torch.eye(10), 0, 10)],
    ids=["ones", "zeros", "identity", "twice the identity"],
)
def test_penalties_have_the_values_the_reference_asserts(matrix, off_diagonal, diagonal):
    assert off_diagonal_penalty(matrix).item() == off_diagonal
    assert unit_variance_penalty(matrix).item() == diagonal


def test_a_normal_of_known_covariance_is_recovered():
    root = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    rows = random(1, 200_000, 2).double() @ root.T
    assert torch.allclose(covariance(rows), root @ root.T, atol=0.02)


def test_covariance_of_codes_is_that_of_means_and_the_mean_variance():
    """The law of total covariance, on which DIP-VAE II rests."""
    means = random(2, 200_000, 3) @ random(3, 3, 3)
    logvar = random(4, 200_000, 3) - math.log(2)
    codes = sample_normal(means, logvar, random(5, 200_000, 3))
    expected = covariance(means) + torch.diag_embed(logvar.exp().mean(dim=0))
    assert torch.allclose(covariance(codes), expected, atol=0.05)
