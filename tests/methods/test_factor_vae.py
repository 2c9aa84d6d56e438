"""FactorVAE's critic: what it is, what it is shown, and when."""

import pytest
import torch

from metaprior.core import Counter, DataSpec, Step
from metaprior.methods import FactorVAERecipe
from metaprior.nets import Posterior
from metaprior.objectives import ratio_loss, ratio_total_correlation
from metaprior.training import Loop, fit
from tests.conftest import random, squares

SMALL = FactorVAERecipe(batch=8, latent_dim=4)


def small_method():
    torch.manual_seed(0)
    return SMALL.build(DataSpec(image_shape=(1, 16, 16)))


def test_the_critic_s_six_hidden_layers_let_a_fifth_of_what_is_negative_through():
    """TensorFlow's default slope, not PyTorch's: of one unit a layer and weights of 1, -1 comes out as -0.2^6."""
    critic = FactorVAERecipe(latent_dim=1, critic_width=1).build(DataSpec(image_shape=(1, 16, 16))).critic
    with torch.no_grad():
        for name, parameter in critic.named_parameters():
            parameter.fill_("weight" in name)
    assert critic(torch.tensor([[-1.0], [1.0]])).flatten().tolist() == pytest.approx([-(0.2**6)] * 2 + [1.0] * 2)


def test_the_critic_rates_sampled_codes_and_not_means():
    method, codes, step = small_method(), random(0, 8, 4), Step(hyper={"gamma": torch.tensor(10.0)})
    terms = method.regularisers(Posterior(random(1, 8, 4), random(2, 8, 4)), codes, step)
    expected = ratio_total_correlation(method.critic(codes))
    assert terms["total_correlation"].value.item() == pytest.approx(expected.item(), rel=1e-5)
    assert terms["total_correlation"].weight == 10.0
    assert torch.equal(step.shared["codes"], codes)


def test_the_critic_learns_from_the_codes_of_the_vae_s_turn_and_their_permutation():
    """It is given no batch of its own, and no gradient of its loss reaches the encoder."""
    method = small_method()
    step = Step(hyper={"gamma": torch.tensor(10.0)}, draws=Counter(3))
    method("vae", {"unlabelled": squares(8).gather(torch.arange(8))}, step)
    codes = step.shared["codes"]
    assert not codes.requires_grad
    found = method("critic", {}, step)["ratio"].value
    expected = ratio_loss(method.critic(codes), method.critic(step.shuffle_each_column(codes)))
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_critic_s_loss_is_float32_under_autocast():
    method, step = small_method(), Step(shared={"codes": random(0, 8, 4)}, draws=Counter(3))
    with torch.autocast("cpu", torch.bfloat16):
        assert method("critic", {}, step)["ratio"].value.dtype == torch.float32


def test_in_each_step_of_a_training_both_players_see_one_batch():
    method, seen = small_method(), []
    method.critic.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach().clone()))
    fit(method, {"train": squares()}, Loop(steps=2))
    for vae, critic, permuted in (seen[:3], seen[3:]):
        assert torch.equal(vae, critic)
        assert torch.equal(permuted.sort(dim=0).values, critic.sort(dim=0).values)
        assert not torch.equal(permuted, critic)
    assert not torch.equal(seen[0], seen[3])
