"""The density-ratio trick: two normal laws, whose best critic is known."""

import math

import pytest
import torch
from scipy.integrate import quad
from torch.distributions import Normal, kl_divergence

from metaprior.objectives import (
    discrimination_loss,
    jensen_shannon_bound,
    kl_between_normals,
    kl_by_ratio,
    non_saturating_loss,
)
from tests.conftest import random

COUNT = 400_000
LAWS = {"moved": (1.0, 1.0), "wider": (0.0, 2.0), "narrower and moved": (-0.5, 0.4), "equal": (0.0, 1.0)}


def laws(name: str) -> tuple[Normal, Normal]:
    """The law q of that name, and the prior p."""
    zero = torch.zeros((), dtype=torch.float64)
    mean, deviation = LAWS[name]
    return Normal(zero + mean, zero + deviation), Normal(zero, zero + 1)


def best_logits(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """log q / p at draws of q and at draws of p."""
    q, p = laws(name)
    draws = [law.mean + law.stddev * random(seed, COUNT, dtype=torch.float64) for seed, law in enumerate((q, p))]
    of_q, of_p = (q.log_prob(z) - p.log_prob(z) for z in draws)
    return of_q, of_p


def jensen_shannon(name: str) -> float:
    """The divergence of the two laws, by quadrature."""
    q, p = laws(name)

    def density(z: float) -> float:
        ratio, own = (law.log_prob(torch.tensor(z, dtype=torch.float64)).exp().item() for law in (q, p))
        middle = (ratio + own) / 2
        return sum(0.5 * x * math.log(x / middle) for x in (ratio, own) if x > 0)

    return quad(density, -12, 12, limit=200)[0]


@pytest.mark.parametrize("name", LAWS)
def test_the_best_critic_s_mean_logit_is_the_kl(name):
    of_q, _ = best_logits(name)
    q, p = laws(name)
    expected = kl_divergence(q, p).item()
    closed = kl_between_normals(*(part.reshape(1, 1) for part in (q.mean, q.variance.log(), p.mean, p.variance.log())))
    assert expected == pytest.approx(closed.item(), abs=1e-12)
    assert kl_by_ratio(of_q).item() == pytest.approx(expected, abs=4 * of_q.std().item() / COUNT**0.5 + 1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_the_best_critic_s_bound_is_the_jensen_shannon_divergence(name):
    of_q, of_p = best_logits(name)
    found = jensen_shannon_bound(of_q, of_p).item()
    error = 0.5 * (of_q.exp().add(1).log().var() / COUNT + of_p.exp().add(1).log().var() / COUNT).sqrt().item()
    assert found == pytest.approx(jensen_shannon(name), abs=4 * error + 1e-8)
    assert found < math.log(2)


@pytest.mark.parametrize("worse", [lambda logits: 0.5 * logits, lambda logits: logits + 0.3, lambda logits: -logits])
def test_every_other_critic_s_bound_is_lower(worse):
    of_q, of_p = best_logits("moved")
    assert jensen_shannon_bound(worse(of_q), worse(of_p)) < jensen_shannon_bound(of_q, of_p)


def test_the_bound_is_0_of_equal_laws_and_ln_2_of_laws_apart():
    nothing, sure = torch.zeros(5, dtype=torch.float64), torch.full((5,), 50.0, dtype=torch.float64)
    assert jensen_shannon_bound(nothing, nothing).item() == pytest.approx(0, abs=1e-15)
    assert jensen_shannon_bound(sure, -sure).item() == pytest.approx(math.log(2), abs=1e-15)


def test_the_critic_s_loss_is_the_binary_cross_entropy_of_as_many_draws_of_each():
    of_q, of_p = random(0, 6).double(), random(1, 6).double()
    targets = torch.cat([torch.ones(6), torch.zeros(6)]).double()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(torch.cat([of_q, of_p]), targets)
    assert discrimination_loss(of_q, of_p).item() == pytest.approx(expected.item(), abs=1e-15)


def test_the_encoder_s_loss_pulls_hardest_where_the_critic_is_sure():
    logits = torch.tensor([-30.0, 0.0, 30.0], dtype=torch.float64, requires_grad=True)
    non_saturating_loss(logits).backward()
    assert (logits.grad * 3).tolist() == pytest.approx([0.0, 0.5, 1.0], abs=1e-12)
    assert non_saturating_loss(torch.zeros(2)).item() == pytest.approx(math.log(2))
    assert non_saturating_loss(torch.full((2,), 1e4)).item() == 1e4  # no overflow
