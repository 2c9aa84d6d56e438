"""The importance-weighted bound where the likelihood is known: x = 1.5 z + noise of variance 1/2, at x = 1."""

import math

import pytest
import torch

from metaprior.core import Batch, Counter, DataSpec, MetapriorError, Step
from metaprior.methods import IWAE, IWAERecipe, Normal
from metaprior.nets import linear_nets
from tests.conftest import random

LOG_LIKELIHOOD, VARIANCE = -1.6065572, 0.5 / (0.5 + 1.5**2)
BATCH = 20_000
STEP = Step(draws=Counter(0, dtype=torch.float64))


def bound(samples, shift=0.0, scale=1.0):
    """The bound at x = 1 by a posterior whose mean is that much too great, and whose variance as many times too large.

    Its mean over the batch, and the standard error of that mean.
    """
    method = IWAE(linear_nets((1,), 1), samples, likelihood=Normal(0.5)).double()
    encoder, decoder = method.nets.encoder, method.nets.decoder
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.zero_()
        decoder[0].weight.fill_(1.5)
        encoder.mean.weight.fill_(1.5 / (0.5 + 1.5**2))
        encoder.mean.bias.fill_(shift)
        encoder.logvar.bias.fill_(math.log(scale * VARIANCE))
    batch = Batch({"values": torch.ones(BATCH if shift else 4, 1, dtype=torch.float64)})
    terms = method("vae", {"unlabelled": batch}, STEP)
    assert [terms[name].weight for name in ("bound", "reconstruction", "kl")] == [1, 0, 0]
    return -terms["bound"].value.item()


@pytest.mark.parametrize("samples", [1, 5, 50])
def test_by_the_exact_posterior_it_is_the_likelihood_without_variance(samples):
    assert bound(samples) == pytest.approx(LOG_LIKELIHOOD, abs=1e-7)


@pytest.mark.parametrize(("samples", "expected", "tolerance"), [(1, -1.6065572 - 0.4009264, 0.03), (5, -1.6493, 0.01)])
def test_by_another_it_is_lower_by_a_gap_that_shrinks_with_samples(samples, expected, tolerance):
    """The gap of one sample is a KL; those of more are simulated."""
    assert bound(samples, 0.3, 2.0) == pytest.approx(expected, abs=tolerance)


def test_many_samples_leave_a_gap_of_chi_squared_over_twice_their_number():
    assert LOG_LIKELIHOOD - bound(50, 0.3, 2.0) == pytest.approx(0.3595 / 100, abs=0.002)


def test_the_loss_is_the_bound_and_its_gradient_weighs_samples_by_their_weights():
    """A peer logs the weighted sum of log-weights, which is lower by their divergence from the uniform."""
    torch.manual_seed(0)
    method = IWAE(linear_nets((3,), 2), 7, likelihood=Normal()).double()
    batch = Batch({"values": random(0, 5, 3, dtype=torch.float64)})
    found = method.explain(batch, STEP, 7)
    assert found.log_ratio is not None
    log_weights = -found.distortion - found.log_ratio
    shares = log_weights.detach().softmax(dim=1)
    weighted = -(shares * log_weights).sum(dim=1).mean()
    loss = method("vae", {"unlabelled": batch}, STEP)["bound"].value
    divergence = (shares * (shares * 7).log()).sum(dim=1).mean()
    assert loss.item() == pytest.approx((weighted + divergence).item(), abs=1e-10)
    parameters = list(method.parameters())
    for own, other in zip(
        torch.autograd.grad(loss, parameters), torch.autograd.grad(weighted, parameters), strict=True
    ):
        assert torch.allclose(own, other, atol=1e-10)


def test_one_sample_is_the_vae_whose_kl_is_estimated_by_it():
    torch.manual_seed(0)
    method = IWAERecipe(samples=1, latent_dim=2, nets="linear").build(DataSpec(value_shape=(3,))).double()
    batch = Batch({"values": random(0, 5, 3, dtype=torch.float64)})
    terms = method("vae", {"unlabelled": batch}, STEP)
    posterior, codes = method.infer(batch, STEP)
    assert terms["reconstruction"].value.item() == pytest.approx(
        method.reconstruction(batch, codes)["reconstruction"].value.item(), abs=1e-12
    )
    sampled = method.explain(batch, STEP).log_ratio.mean()
    assert terms["bound"].value.item() == pytest.approx((terms["reconstruction"].value + sampled).item(), abs=1e-12)
    assert terms["kl"].value.item() == pytest.approx(
        method.regularisers(posterior, codes, STEP)["kl"].value.item(), abs=1e-12
    )


def test_no_samples_are_refused():
    with pytest.raises(MetapriorError, match="samples must be at least 1 and at most 10,000, not 0"):
        IWAERecipe(samples=0).build(DataSpec(value_shape=(3,)))
