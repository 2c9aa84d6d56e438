"""Supervised terms: closed forms, the reference's own values, and its mistake kept apart."""

import math

import pytest
import torch

from metaprior.objectives import (
    embedding_xent,
    supervised_covariance,
    supervised_l2,
    supervised_l2_every_pair,
)
from tests.conftest import random


def test_l2_compares_each_example_with_its_own_labels():
    predictions, targets = random(0, 6, 3), random(1, 6, 3).abs()
    assert torch.allclose(supervised_l2(predictions, targets).sum(), (predictions - targets).square().sum())


def test_the_reference_s_l2_compares_each_example_with_every_label():
    """T2: its (B, 1, F) minus (B, F) broadcasts; the two agree on one example only."""
    predictions, targets = random(0, 6, 3), random(1, 6, 3).abs()
    expected = (predictions.unsqueeze(1) - targets).square().sum()
    assert torch.allclose(supervised_l2_every_pair(predictions, targets).sum(), expected)
    assert not torch.allclose(supervised_l2(predictions, targets).sum(), expected)
    one = slice(0, 1)
    assert torch.allclose(
        supervised_l2_every_pair(predictions[one], targets[one]), supervised_l2(predictions[one], targets[one])
    )


def test_the_reference_s_l2_is_least_where_every_code_says_the_mean_label():
    targets = random(1, 50, 2).abs()
    at_mean = supervised_l2_every_pair(targets.mean(dim=0).repeat(50, 1), targets).sum()
    at_truth = supervised_l2_every_pair(targets, targets).sum()
    assert at_mean < at_truth
    assert supervised_l2(targets, targets).sum() == 0


def test_covariance_has_the_values_the_reference_asserts():
    assert supervised_covariance(torch.eye(2), torch.eye(2).flip(0)).item() == pytest.approx(0.125)
    assert supervised_covariance(torch.zeros(64, 10), torch.zeros(64, 5)).item() == 0
    independent = random(0, 100_000, 10).abs()
    assert supervised_covariance(independent, independent).item() < 0.01


def test_covariance_is_that_of_every_code_with_the_labels_of_the_other_factors():
    means, labels = random(0, 40, 4), torch.randint(5, (40, 3), generator=torch.Generator().manual_seed(0)).float()
    matrix = torch.cov(torch.cat([means, labels], dim=1).T, correction=0)[:4, 4:]
    matrix[range(3), range(3)] = 0
    assert torch.allclose(supervised_covariance(means, labels), matrix.square().sum(), rtol=1e-5)


def test_missing_labels_take_part_in_nothing():
    means, labels = random(0, 40, 4), torch.randint(5, (40, 3), generator=torch.Generator().manual_seed(0)).float()
    labels[::2, 1] = -1
    known = labels[:, 1] >= 0
    errors = (means[:, :3] - labels).square()
    assert torch.allclose(supervised_l2(means[:, :3], labels)[~known], errors[~known][:, ::2].sum(dim=1))
    others = torch.cov(torch.cat([means, labels], dim=1).T, correction=0)[:4, 4:]
    column = torch.cov(torch.cat([means[known], labels[known]], dim=1).T, correction=0)[:4, 5]
    expected = sum(others[r, c] ** 2 for r in range(4) for c in (0, 2) if r != c)
    expected += column.square().sum() - column[1] ** 2
    assert torch.allclose(supervised_covariance(means, labels), expected, rtol=1e-4)
    loss = embedding_xent(means[:, 0], torch.arange(5.0), torch.tensor(1.0), torch.tensor([-1, 2] * 20))
    assert (loss[::2] == 0).all()
    assert (loss[1::2] > 0).all()


def test_embedding_is_the_softmax_of_squared_distances():
    code, embedding, values = random(0, 6), torch.tensor([-1.0, 0.5, 2.0]), torch.tensor([0, 1, 2, 2, 1, 0])
    weights = (-((code[:, None] - embedding) * 1.5).square()).exp()
    expected = -(weights[range(6), values] / weights.sum(dim=1)).log()
    assert torch.allclose(embedding_xent(code, embedding, torch.tensor(1.5), values), expected, rtol=1e-5)


def test_a_code_at_a_value_s_place_tells_it_the_surer_the_smaller_the_unit():
    embedding, values = torch.tensor([0.0, 1.0]), torch.tensor([1])
    losses = [embedding_xent(torch.ones(1), embedding, torch.tensor(s), values).item() for s in (0.0, 1.0, 5.0)]
    assert losses[0] == pytest.approx(math.log(2))
    assert losses[0] > losses[1] > losses[2]
