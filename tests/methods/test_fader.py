"""Fader networks: what decoder and critic are told, what the encoder is not, and what it learns to keep to itself."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from metaprior.core import Adam, Batch, DataSpec, Linear, MetapriorError, Samples
from metaprior.methods import Attribute, Autoencoder, Fader, FaderRecipe, Normal
from metaprior.nets import AttributeCritic, linear_nets
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, spec_of_squares, squares
from tests.methods.adversaries import gradients, step_of

COLOUR = Attribute("colour", 3, place=1)
SMALL = FaderRecipe(latent_dim=4, batch=8, critic_width=8, lr=1e-3)


def values(count=6):
    colours = torch.arange(count) % 3
    factors = torch.stack([torch.zeros_like(colours), colours], dim=1)
    return Batch({"values": random(0, count, 5, dtype=torch.float64), "factors": factors})


BATCH = values()
COLOURS = BATCH.factors[:, 1]
BATCHES = {"unlabelled": BATCH}


def fader(strength=3.0):
    torch.manual_seed(0)
    nets = linear_nets((5,), 2, heads={"mean": 2}, told=3)
    return Fader(nets, COLOUR, AttributeCritic(2, 8, 3), strength, likelihood=Normal(0.5)).double()


def build(recipe=SMALL, data=None):
    torch.manual_seed(0)
    method = recipe.build(data or spec_of_squares())
    assert isinstance(method, Fader)
    return method


def test_the_autoencoder_minimises_the_squared_error_and_the_critic_s_surprise_at_other_values():
    method = fader()
    step = step_of(method)
    terms = method("autoencoder", BATCHES, step)
    (codes,) = method.nets.encoder(BATCH.values)
    outputs = method.nets.decoder(torch.cat([codes, F.one_hot(COLOURS, 3)], dim=1))
    squared = (outputs - BATCH.values).square().sum(dim=1).mean().item()
    assert terms["reconstruction"].value.item() == pytest.approx(squared + 5 / 2 * math.log(math.pi), abs=1e-12)
    own = method.critic(codes).softmax(dim=1)[torch.arange(6), COLOURS]
    assert terms["adversarial"].value.item() == pytest.approx(-(1 - own).log().mean().item(), abs=1e-12)
    assert terms["reconstruction"].weight == 1
    assert terms["adversarial"].weight == 3
    assert torch.equal(step.shared["codes"], codes)


def test_the_critic_minimises_its_surprise_at_the_value_with_three_tenths_of_its_units_dropped():
    method = fader()
    step = step_of(method)
    method("autoencoder", BATCHES, step)
    (term,) = method("critic", BATCHES, step).values()
    kept = (step.rand("dropout", 6, 8) >= 0.3) / 0.7
    logits = method.critic.head(method.critic.trunk(method.encode(BATCH.values)) * kept)
    assert term.value.item() == pytest.approx(F.cross_entropy(logits, COLOURS).item(), abs=1e-12)
    assert term.weight == 1
    assert not torch.allclose(logits, method.critic(method.encode(BATCH.values)))


def test_no_gradient_of_the_critic_s_loss_reaches_the_encoder():
    method = fader()
    step = step_of(method)
    assert any(name.startswith("nets.encoder") for name in gradients(method, "autoencoder", BATCHES, step))
    moved = gradients(method, "critic", BATCHES, step)
    assert moved == {name for name, _ in method.named_parameters() if name.startswith("critic.")}


def test_the_encoder_never_sees_the_attribute_and_the_decoder_does():
    method = fader()
    other = Batch(BATCH.columns | {"factors": BATCH.factors.roll(1, dims=0)})
    codes, same = (method.infer(each, step_of(method))[1] for each in (BATCH, other))
    assert torch.equal(codes, same)
    assert not torch.allclose(method.outputs(codes, BATCH), method.outputs(codes, other))
    assert build().nets.encoder.trunk[0].in_channels == 1  # pyright: ignore


def test_who_tells_nothing_tells_the_uniform_distribution():
    method = fader()
    codes = random(1, 6, 2, dtype=torch.float64)
    uniform = torch.full((6, 3), 1 / 3, dtype=torch.float64)
    assert torch.equal(method.decode(codes), method.decode(codes, uniform))
    of_each = torch.stack([method.decode(codes, torch.full((6,), value)) for value in range(3)])
    assert torch.allclose(of_each.mean(dim=0), method.decode(codes))  # of linear nets
    assert not torch.allclose(of_each[0], of_each[1])
    assert torch.equal(method.decode(codes, COLOURS), method.outputs(codes, BATCH))


class Conditional(Autoencoder):
    """An autoencoder whose decoder is told the colour."""

    def outputs(self, codes, batch):
        return self.nets.decoder(torch.cat([codes, F.one_hot(batch.factors[:, 0], 4).to(codes.dtype)], dim=1))


def test_without_its_term_it_is_the_conditional_autoencoder():
    method = build(replace(SMALL, strength=0.0))
    torch.manual_seed(0)
    nets = SMALL.build_nets(spec_of_squares(), heads={"mean": 4}, told=4)
    plain = Conditional(nets, likelihood=Normal(0.5), optimizer=Adam(lr=1e-3, betas=(0.5, 0.999)), batch=8)
    for each in (method, plain):
        fit(each, {"train": squares()}, Loop(steps=6, precision="float64"))
    for name, value in saved_tensors(plain).items():
        assert torch.allclose(value, saved_tensors(method)[name], atol=1e-12), name


def test_codes_that_tell_their_value_are_pulled_to_those_of_another():
    """A critic that has learned to tell codes near -2 from those near 2 moves each towards the other side."""
    torch.manual_seed(0)
    nets, told = linear_nets((2,), 2, heads={"mean": 2}, told=2), Attribute("label", 2)
    method = Fader(nets, told, AttributeCritic(2, 8, 2), 1.0, likelihood=Normal(0.5)).double()
    with torch.no_grad():
        nets.encoder.get_parameter("mean.weight").copy_(torch.eye(2))
    labels = torch.arange(64) % 2
    places = (4.0 * labels - 2)[:, None] + random(0, 64, 2, dtype=torch.float64) / 2
    batches = {"unlabelled": Batch({"values": places.requires_grad_(), "labels": labels})}
    optimizer = torch.optim.Adam(method.critic.parameters(), lr=1e-2)
    for seed in range(100):
        optimizer.zero_grad()
        step = step_of(method, seed, shared={"codes": places.detach()})
        method("critic", batches, step)["attribute"].value.backward()
        optimizer.step()
    method("autoencoder", batches, step_of(method))["adversarial"].value.backward()
    assert places.grad is not None
    assert (places.grad.sum(dim=1) * places.sum(dim=1) > 0).all()  # descent goes towards 0 and beyond


def test_its_strength_grows_from_nothing():
    strength = build(replace(SMALL, strength=2.0, ramp=10)).hyper["strength"]
    assert strength == Linear(0.0, 2.0, steps=10)


def test_it_has_no_prior_and_its_players_learn_at_rates_of_their_own():
    method = build(replace(SMALL, critic_lr=3e-4))
    assert not isinstance(method, Samples)
    assert [player.optimizer for player in method.players()] == [
        Adam(lr=lr, betas=(0.5, 0.999)) for lr in (1e-3, 3e-4)
    ]  # fmt: skip
    assert {name for name, _ in method.named_children()} == {"nets", "critic"}


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"strength": -1.0}, "strength must be at least 0"),
        ({"strength": math.nan}, "strength must be finite"),
        ({"ramp": 0}, "ramp must be at least 1"),
        ({"critic_lr": 0.0}, "critic_lr must be above 0"),
        ({"critic_width": 0}, "critic_width must be at least 1"),
        ({"attribute": "rows"}, "unknown attribute 'rows'; did you mean 'row'"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        replace(SMALL, **choices).build(spec_of_squares())


def test_data_without_an_attribute_is_refused():
    with pytest.raises(MetapriorError, match="neither classes nor factors that vary"):
        SMALL.build(DataSpec(image_shape=(1, 16, 16)))
