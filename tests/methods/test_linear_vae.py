"""A linear VAE on normal data is probabilistic PCA: its optimum, its rate and its distortion are known exactly.

Expectations are exact too: the loss is quadratic in data and noise, so a few points with the right first two moments
stand for the whole of both. Source: Lucas et al. 2019; Tipping & Bishop 1999; reverse water-filling for beta.
"""

import functools
import math

import pytest
import torch

from metaprior.core import Batch, DataSpec, Step
from metaprior.methods import DIPVAE, BetaVAERecipe, Normal
from tests.judge.linear import linear_vae, with_covariance
from tests.methods.adversaries import step_of

EIGENVALUES = torch.tensor([4.0, 2.0, 1.0, 0.5, 0.25, 0.1], dtype=torch.float64)


def moments(variances):
    """2n points whose mean is 0 and whose covariance is diagonal, with these variances."""
    axes = (len(variances) * variances).sqrt().diag()
    return torch.cat([axes, -axes])


def points(codes):
    """Each data point with each point of noise: expectations of both at once."""
    data, noise = moments(EIGENVALUES), moments(torch.ones(codes, dtype=torch.float64))
    return data.repeat_interleave(len(noise), dim=0), noise.repeat(len(data), 1)


@functools.cache
def optimum(codes, variance, beta):
    """Rate and distortion of the trained linear beta-VAE, and the model."""
    torch.manual_seed(0)
    recipe = BetaVAERecipe(latent_dim=codes, nets="linear", likelihood="normal", variance=variance, beta=beta)
    method = recipe.build(DataSpec(value_shape=(6,))).double()
    data, noise = points(codes)
    step = Step(hyper={"beta": torch.tensor(beta)}, draws=lambda kind, name, shape: noise.reshape(shape))
    solver = torch.optim.LBFGS(
        method.parameters(), max_iter=3000, tolerance_grad=1e-10, tolerance_change=1e-16, line_search_fn="strong_wolfe"
    )

    def terms():
        return method("vae", {"unlabelled": Batch({"values": data})}, step)

    def loss():
        solver.zero_grad()
        total = sum(term.value * term.weight for term in terms().values())
        total.backward()
        return total

    solver.step(loss)
    found = terms()
    return found["kl"].value.item(), found["reconstruction"].value.item(), method


@pytest.mark.parametrize(
    ("beta", "rate", "distortion"),
    [
        (0.5, 4.48739, 3.48505),
        (1, 3.10109, 4.48505),
        (2, 1.80596, 6.31838),
        (4, 0.85740, 8.98505),
        (8, 0.25541, 12.31838),
    ],
)
def test_rate_and_distortion_follow_reverse_water_filling(beta, rate, distortion):
    found_rate, found_distortion, _ = optimum(4, 0.3, float(beta))
    assert found_rate == pytest.approx(rate, abs=2e-5)
    assert found_distortion == pytest.approx(distortion, abs=2e-5)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 4.0, 8.0])
def test_a_code_collapses_once_beta_passes_its_eigenvalue_over_the_variance(beta):
    """Code i is active iff lambda_i > beta sigma^2: the sharpest test of how the KL is scaled."""
    _, _, method = optimum(4, 0.3, beta)
    axes = moments(EIGENVALUES)
    with torch.no_grad():
        means = method.encode(axes)
    spread = torch.linalg.eigvalsh(means.T @ means / len(axes))
    assert int((spread > 1e-3).sum()) == int((EIGENVALUES[:4] > beta * 0.3).sum())


def test_at_beta_one_the_elbo_is_the_likelihood_of_probabilistic_pca():
    """With the variance of the discarded directions: ELBO = log p, codes N(0, 1) as a whole, R = I."""
    variance = EIGENVALUES[2:].mean().item()
    rate, distortion, method = optimum(2, variance, 1.0)
    assert variance == pytest.approx(0.4625)
    assert (rate, distortion) == (pytest.approx(1.8108295, abs=1e-6), pytest.approx(6.2003050, abs=1e-6))
    assert -(rate + distortion) == pytest.approx(-8.0111345, abs=1e-6)
    assert distortion == pytest.approx(3 * (1 + math.log(2 * math.pi * variance)), abs=1e-6)
    axes = moments(EIGENVALUES)
    with torch.no_grad():
        mean, logvar = method.posterior(axes)
    aggregate = mean.T @ mean / len(axes) + logvar.exp().mean(dim=0).diag()
    assert torch.allclose(aggregate, torch.eye(2, dtype=torch.float64), atol=1e-5)


def test_another_variance_of_the_decoder_is_another_beta():
    """beta KL + D with sigma^2 is, times a constant, beta / s KL + D with s sigma^2: rates are the same."""
    assert optimum(4, 0.3, 2.0)[0] == pytest.approx(optimum(4, 0.6, 1.0)[0], abs=1e-5)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_dip_vae_measures_the_covariance_of_means_or_of_codes(kind):
    """C = V S V^T of data of covariance S, and for kind ii with the posterior's variances on its diagonal."""
    data = torch.tensor([[2.0, 0.8, 0.0], [0.8, 1.0, 0.3], [0.0, 0.3, 0.5]], dtype=torch.float64)
    encoder = torch.tensor([[0.9, 0.2, -0.1], [0.3, -0.5, 0.8]], dtype=torch.float64)
    variances = torch.tensor([0.3, 0.2], dtype=torch.float64)
    nets = linear_vae(encoder, variances, torch.zeros(3, 2, dtype=torch.float64), 1.0).nets
    method = DIPVAE(nets, lambda_od=2.0, kind=kind, likelihood=Normal())
    batch = Batch(with_covariance(data, 64).columns)
    terms = method("vae", {"unlabelled": batch}, step_of(method))
    (first, covariance), (_, second) = (encoder @ data @ encoder.T + (kind == "ii") * variances.diag()).tolist()
    assert terms["off_diagonal"].value.item() == pytest.approx(2 * covariance**2, abs=1e-12)
    assert terms["unit_variance"].value.item() == pytest.approx((first - 1) ** 2 + (second - 1) ** 2, abs=1e-12)
    assert terms["kl"].value.item() == pytest.approx(1.7622054, abs=1e-7)
    if kind == "ii":  # C is the covariance of the aggregate, whose total correlation is known
        correlation = terms["off_diagonal"].value.item() / 2 / (first * second)
        assert -0.5 * math.log(1 - correlation) == pytest.approx(0.0109428, abs=1e-7)
