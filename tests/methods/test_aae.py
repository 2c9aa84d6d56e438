"""Adversarial autoencoders: what critic and encoder are shown, and that neither moves the other."""

import math
from dataclasses import replace

import pytest
import torch

from metaprior.core import Adam, DataSpec, MetapriorError, Samples
from metaprior.methods import RECIPES, AAERecipe, AutoencoderRecipe, WAEGANRecipe
from metaprior.objectives import discrimination_loss, non_saturating_loss
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, squares
from tests.methods.adversaries import gradients, step_of

DATA = DataSpec(image_shape=(1, 16, 16))
BATCHES = {"unlabelled": squares(8).gather(torch.arange(8)).map(torch.Tensor.double)}
SMALL = AAERecipe(latent_dim=4, batch=8, critic_width=8)
WITH_A_CRITIC = {
    "aae": SMALL,
    "wae-gan": WAEGANRecipe(latent_dim=4, batch=8, critic_width=8),
    "wae-gan, normal": WAEGANRecipe(latent_dim=4, batch=8, critic_width=8, posterior="normal"),
}


def build(recipe=SMALL, data=DATA):
    torch.manual_seed(0)
    return recipe.build(data).double()


def test_the_critic_has_two_layers():
    critic = RECIPES["aae"].recipe.build(DATA).critic
    assert [tuple(p.shape) for n, p in critic.named_parameters() if "weight" in n] == [
        (256, 10), (256, 256), (1, 256),
    ]  # fmt: skip


@pytest.mark.parametrize("name", WITH_A_CRITIC)
def test_no_player_s_loss_moves_what_is_the_other_s_alone(name):
    """The critic's loss gives the encoder no gradient at all; the encoder's gives none to the decoder but its own."""
    method = build(WITH_A_CRITIC[name])
    step = step_of(method)
    main = method.players()[0].name
    assert any(each.startswith("nets.encoder") for each in gradients(method, main, BATCHES, step))
    moved = gradients(method, "critic", BATCHES, step)
    assert moved == {each for each, _ in method.named_parameters() if each.startswith("critic.")}


def test_the_encoder_wants_its_codes_taken_for_the_prior_s():
    method = build(replace(SMALL, strength=3.0))
    step = step_of(method)
    codes = random(0, 8, 4, dtype=torch.float64)
    (term,) = method.regularisers(codes, codes, step).values()
    assert term.value.item() == pytest.approx(non_saturating_loss(method.critic(codes)).item(), abs=1e-12)
    assert term.weight == 3.0
    assert torch.equal(step.shared["codes"], codes)


def test_the_critic_tells_the_codes_of_the_encoder_s_turn_from_draws_of_the_prior():
    method = build()
    step = step_of(method)
    method("autoencoder", BATCHES, step)
    codes, prior = method.encode(BATCHES["unlabelled"].images), step.randn("prior", 8, 4)
    assert torch.equal(step.shared["codes"], codes)
    (term,) = method("critic", {}, step).values()
    expected = discrimination_loss(method.critic(codes), method.critic(prior))
    assert term.value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert term.weight == 1.0


def test_the_losses_do_not_change_when_the_batch_is_doubled():
    method = build()
    twice = {"unlabelled": BATCHES["unlabelled"].map(lambda column: column.repeat(2, *[1] * (column.dim() - 1)))}
    once, doubled = (method("autoencoder", each, step_of(method)) for each in (BATCHES, twice))
    for name, term in once.items():
        assert term.value.item() == pytest.approx(doubled[name].value.item(), rel=1e-12)


def test_codes_far_from_the_prior_are_pulled_to_it():
    """A critic that has learned where codes at (4, 4, 4, 4) and the prior lie moves each of them towards 0."""
    method = build(replace(SMALL, critic_width=32))
    codes = (4 + random(0, 64, 4, dtype=torch.float64)).requires_grad_()
    critic = torch.optim.Adam(method.critic.parameters(), lr=1e-2)
    for seed in range(50):
        critic.zero_grad()
        method("critic", {}, step_of(method, seed, shared={"codes": codes.detach()}))["discrimination"].value.backward()
        critic.step()
    method.regularisers(codes, codes, step_of(method))["adversarial"].value.backward()
    assert (codes.grad.sum(dim=1) > 0).all()


def test_without_its_term_it_is_the_autoencoder():
    small = {"latent_dim": 4, "batch": 8, "lr": 1e-3}
    aae, plain = build(AAERecipe(**small, strength=0.0, critic_width=8)), build(AutoencoderRecipe(**small))
    for method in (aae, plain):
        fit(method, {"train": squares()}, Loop(steps=6, precision="float64"))
    for name, value in saved_tensors(plain).items():
        assert torch.allclose(value, saved_tensors(aae)[name], atol=1e-12), name


def test_it_samples_and_its_critic_learns_at_a_rate_of_its_own():
    method = build(replace(SMALL, critic_lr=3e-4))
    assert isinstance(method, Samples)
    assert method.sample(3, seed=1).shape == (3, 1, 16, 16)
    assert torch.equal(method.sample(3, seed=1), method.sample(3, seed=1))
    assert not torch.equal(method.sample(3, seed=1), method.sample(3, seed=2))
    assert method.players()[1].optimizer == Adam(lr=3e-4, betas=(0.5, 0.999))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"strength": -1.0}, "strength must be at least 0"),
        ({"strength": math.nan}, "strength must be finite"),
        ({"critic_lr": 0.0}, "critic_lr must be above 0"),
        ({"critic_width": 0}, "critic_width must be at least 1"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        AAERecipe(**choices).build(DATA)
