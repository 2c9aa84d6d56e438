"""Categorical laws against torch.distributions, frequencies, and brute force."""

import math

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from metaprior.objectives import (
    categorical_nll,
    categorical_nll_of_others,
    enumerated_bound,
    kl_categorical,
    sample_categorical,
    sample_concrete,
)
from tests.conftest import random

LOGITS = 2 * random(0, 6, 5, dtype=torch.float64)


def test_the_kl_is_that_from_the_uniform_law():
    expected = kl_divergence(Categorical(logits=LOGITS), Categorical(logits=torch.zeros_like(LOGITS)))
    assert torch.allclose(kl_categorical(LOGITS), expected, atol=1e-12)
    sure = torch.tensor([[1e4, 0, 0, 0]])
    assert kl_categorical(sure).item() == pytest.approx(math.log(4))


def test_a_missing_value_adds_nothing():
    values = torch.tensor([0, 4, -1, 2, -1, 1])
    expected = torch.where(values < 0, 0.0, -Categorical(logits=LOGITS).log_prob(values.clamp(min=0)))
    assert torch.allclose(categorical_nll(LOGITS, values), expected, atol=1e-12)


def test_the_surprise_at_the_others_is_that_at_their_joint_probability():
    values = torch.tensor([0, 4, 3, 2, 2, 1])
    expected = -(1 - Categorical(logits=LOGITS).log_prob(values).exp()).log()
    assert torch.allclose(categorical_nll_of_others(LOGITS, values), expected, atol=1e-12)
    two = LOGITS[:, :2]
    values = values % 2
    assert torch.allclose(categorical_nll_of_others(two, values), categorical_nll(two, 1 - values), atol=1e-12)


@pytest.mark.parametrize(("sure", "loss", "slope"), [(1e4, 1e4, 1.0), (-1e4, 0.0, 0.0)])
def test_a_sure_law_costs_the_surprise_no_precision(sure, loss, slope):
    logits = torch.tensor([[sure, 0.0, -1e4]], requires_grad=True)
    found = categorical_nll_of_others(logits, torch.tensor([0]))
    assert found.item() == pytest.approx(loss)
    found.sum().backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == [[slope, -slope, 0.0]]


@pytest.mark.parametrize("temperature", [0.1, 0.67, 5.0])
def test_the_greatest_entry_of_a_concrete_draw_is_a_draw_of_the_categorical_law(temperature):
    logits = torch.tensor([[0.0, 1.0, -1.0]]).expand(100_000, 3)
    drawn = sample_concrete(logits, torch.rand(logits.shape, generator=torch.Generator().manual_seed(0)), temperature)
    assert torch.allclose(drawn.sum(dim=1), torch.ones(len(drawn)))
    frequencies = drawn.argmax(dim=1).bincount() / len(drawn)
    assert torch.allclose(frequencies, logits[0].softmax(dim=0), atol=4 * 0.5 / len(drawn) ** 0.5)


def test_a_concrete_draw_bears_a_uniform_number_of_0():
    uniform = torch.tensor([[0.0, 0.5, 0.5]], requires_grad=True)
    logits = torch.zeros(1, 3, requires_grad=True)
    sample_concrete(logits, uniform, 0.5)[0, 1].backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_enumerated_values_give_the_evidence_where_the_law_of_the_value_is_exact_and_more_elsewhere():
    losses = 10 * random(1, 6, 5, dtype=torch.float64)
    evidence = -torch.stack([(-loss).exp() for loss in losses.unbind(dim=1)]).sum(dim=0).log()
    assert torch.allclose(enumerated_bound(losses, 3 - losses), evidence, atol=1e-12)
    gap = kl_divergence(Categorical(logits=LOGITS), Categorical(logits=-losses))
    assert torch.allclose(enumerated_bound(losses, LOGITS) - evidence, gap, atol=1e-10)


def test_values_are_drawn_as_often_as_the_law_says():
    uniform = torch.linspace(0, 1, 100_001, dtype=torch.float64)[:-1, None]  # of all uniform numbers one in each cell
    drawn = sample_categorical(LOGITS, uniform)
    often = torch.stack([(drawn == value).double().mean(dim=0) for value in range(5)], dim=1)
    assert torch.allclose(often, LOGITS.softmax(dim=1), atol=2e-5)


def test_a_value_of_no_probability_is_never_drawn():
    logits = torch.tensor([-torch.inf, 0.0, -torch.inf])
    assert sample_categorical(logits, torch.tensor([0.0, 0.5, 1 - 2**-24])).tolist() == [1, 1, 1]
