"""Losses stay float32: under bf16 autocast an objective of float32 tensors has the value it has without."""

import pytest
import torch

from metaprior.core import Step
from metaprior.methods import LOSSES
from metaprior.objectives import (
    average_of_posteriors,
    bernoulli_nll,
    covariance,
    embedding_xent,
    kl_between_normals,
    kl_normal,
    log_normal,
    minibatch_total_correlation,
    off_diagonal_penalty,
    product_of_posteriors,
    ratio_loss,
    ratio_total_correlation,
    sample_normal,
    supervised_covariance,
    supervised_l2,
    supervised_l2_every_pair,
    supervised_xent,
    unit_variance_penalty,
)
from tests.conftest import random

LABELS = torch.randint(4, (64, 3), generator=torch.Generator().manual_seed(0))
OTHER, LOGVAR, NOISE = (random(seed, 64, 6) for seed in (1, 2, 3))

OBJECTIVES = {
    "bernoulli_nll": lambda x: bernoulli_nll(x.view(4, 1, 8, 12), OTHER.sigmoid().view(4, 1, 8, 12)),
    "kl_normal": lambda x: kl_normal(x, LOGVAR),
    "log_normal": lambda x: log_normal(NOISE, x, LOGVAR),
    "sample_normal": lambda x: sample_normal(x, LOGVAR, NOISE),
    "kl_between_normals": lambda x: kl_between_normals(x, LOGVAR, OTHER, NOISE),
    "minibatch_total_correlation": lambda x: minibatch_total_correlation(NOISE, x, LOGVAR),
    "ratio_total_correlation": lambda x: ratio_total_correlation(x[:, :2]),
    "ratio_loss": lambda x: ratio_loss(x[:, :2], OTHER[:, :2]),
    "covariance": covariance,
    "off_diagonal_penalty": lambda x: off_diagonal_penalty(covariance(x)),
    "unit_variance_penalty": lambda x: unit_variance_penalty(covariance(x)),
    "average_of_posteriors": lambda x: torch.stack(average_of_posteriors(x.view(32, 2, 6), LOGVAR.view(32, 2, 6))),
    "product_of_posteriors": lambda x: torch.stack(product_of_posteriors(x.view(32, 2, 6), LOGVAR.view(32, 2, 6))),
    "supervised_xent": lambda x: supervised_xent(x, LABELS / 4),
    "supervised_l2": lambda x: supervised_l2(x[:, :3], LABELS / 4),
    "supervised_l2_every_pair": lambda x: supervised_l2_every_pair(x[:, :3], LABELS / 4),
    "supervised_covariance": lambda x: supervised_covariance(x, LABELS.float()),
    "embedding_xent": lambda x: embedding_xent(x[:, 0], torch.arange(4.0), torch.tensor(1.5), LABELS[:, 0]),
}


def value_and_gradient(objective, mixed):
    inputs = random(0, 64, 6).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        value = objective(inputs)
    return value.detach(), *torch.autograd.grad(value.sum(), inputs)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_objective_has_its_value_and_its_gradient_under_autocast(name):
    for found, expected in zip(*(value_and_gradient(OBJECTIVES[name], mixed) for mixed in (True, False)), strict=True):
        assert found.dtype == torch.float32
        assert torch.equal(found, expected)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_supervised_loss_has_its_value_and_its_gradient_under_autocast(kind):
    loss = LOSSES[kind]((4, 4, 4))
    mixed, plain = (value_and_gradient(lambda x: loss(x, LABELS, Step()), mixed) for mixed in (True, False))
    for found, expected in zip(mixed, plain, strict=True):
        assert found.dtype == torch.float32
        assert torch.equal(found, expected)
