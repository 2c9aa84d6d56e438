"""VAE/GAN: what each of its three players minimises, and that it moves no other."""

import math
from dataclasses import replace

import pytest
import torch

from metaprior.core import Adam, Batch, DataSpec, MetapriorError, Samples
from metaprior.methods import VAEGAN, VAEGANRecipe
from metaprior.nets import FeatureCritic
from metaprior.objectives import bernoulli_nll, discrimination_loss, kl_normal, non_saturating_loss
from tests.conftest import random, squares
from tests.methods.adversaries import gradients, step_of

DATA = DataSpec(image_shape=(1, 16, 16))
BATCHES = {"unlabelled": squares(8).gather(torch.arange(8)).map(torch.Tensor.double)}
IMAGES = BATCHES["unlabelled"].images
SMALL = VAEGANRecipe(latent_dim=4, batch=8, gamma=3.0)


def build(recipe=SMALL, data=DATA):
    torch.manual_seed(0)
    method = recipe.build(data)
    assert isinstance(method, VAEGAN)
    return method.double()


def after_the_encoder():
    """A method, the step of its encoder's turn, and that turn's terms."""
    method = build()
    step = step_of(method)
    return method, step, method("encoder", BATCHES, step)


def distance(method, images):
    """Of what the critic sees of images from what it sees of the batch's, by its variance there."""
    real, seen = method.critic.features(IMAGES), method.critic.features(images)
    return ((real - seen).square().sum(dim=1) / (2 * real.var(dim=0, correction=0).mean())).mean().item()


def test_the_encoder_minimises_the_distance_in_features_and_the_kl():
    method, step, terms = after_the_encoder()
    posterior = method.posterior(IMAGES)
    codes = posterior.mean + (posterior.logvar / 2).exp() * step.randn("posterior", 8, 4)
    outputs = method.nets.decoder(codes)
    assert {name: term.weight for name, term in terms.items()} == {"features": 1, "reconstruction": 0, "kl": 1}
    assert terms["features"].value.item() == pytest.approx(distance(method, outputs.sigmoid()), rel=1e-12)
    assert terms["kl"].value.item() == pytest.approx(kl_normal(*posterior).sum(dim=1).mean().item(), abs=1e-12)
    expected = bernoulli_nll(outputs, IMAGES).mean().item()
    assert terms["reconstruction"].value.item() == pytest.approx(expected, abs=1e-12)


def test_the_decoder_minimises_gamma_times_the_distance_and_wants_codes_and_draws_taken_for_images():
    method, step, _ = after_the_encoder()
    terms = method("decoder", BATCHES, step)
    rebuilt, drawn = (method.decode(each) for each in (step.shared["codes"], step.randn("prior", 8, 4)))
    assert terms["features"].weight == 3.0
    assert terms["features"].value.item() == pytest.approx(distance(method, rebuilt), rel=1e-12)
    expected = (non_saturating_loss(method.critic(rebuilt)) + non_saturating_loss(method.critic(drawn))) / 2
    assert terms["adversarial"].value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert terms["adversarial"].weight == 1


def test_the_critic_tells_what_the_decoder_made_from_images():
    method, step, _ = after_the_encoder()
    method("decoder", BATCHES, step)
    made = torch.cat([method.decode(step.shared["codes"]), method.decode(step.randn("prior", 8, 4))])
    (term,) = method("critic", BATCHES, step).values()
    expected = discrimination_loss(method.critic(made), method.critic(IMAGES))
    assert term.value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert term.weight == 1


def test_later_turns_move_nothing_of_the_players_before():
    method, step, _ = after_the_encoder()
    assert not any(name.startswith("nets.encoder") for name in gradients(method, "decoder", BATCHES, step))
    moved = gradients(method, "critic", BATCHES, step)
    assert moved == {name for name, _ in method.named_parameters() if name.startswith("critic.")}


def test_every_parameter_has_one_player():
    method = build()
    owned = [module for player in method.players() for module in player.modules]
    assert owned == ["nets.encoder", "nets.decoder", "critic"]
    assert {name for name, _ in method.named_children()} == {"nets", "critic"}
    assert [player.optimizer for player in build(replace(SMALL, lr=2e-3, critic_lr=3e-4)).players()] == [
        Adam(lr=lr, betas=(0.5, 0.999)) for lr in (2e-3, 2e-3, 3e-4)
    ]


def test_the_size_of_the_critic_s_features_does_not_matter():
    """Otherwise the critic says how much codes are worth: with features a tenth as large, a hundredth."""
    method, _, terms = after_the_encoder()
    last = [layer for layer in method.critic.trunk.modules() if isinstance(layer, torch.nn.Linear)][-1]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.mul_(0.1)
    found = method("encoder", BATCHES, step_of(method))
    assert found["features"].value.item() == pytest.approx(terms["features"].value.item(), rel=1e-12)


def test_the_critic_answers_by_what_it_sees():
    method = build()
    assert isinstance(method.critic, FeatureCritic)
    features = method.critic.features(IMAGES)
    assert features.shape == (8, 128)
    assert torch.equal(method.critic.logits(features), method.critic(IMAGES))
    assert method.critic(IMAGES).shape == (8,)


def test_losses_do_not_change_when_the_batch_is_doubled():
    method, _, once = after_the_encoder()
    twice = {"unlabelled": BATCHES["unlabelled"].map(lambda column: column.repeat(2, *[1] * (column.dim() - 1)))}
    with torch.no_grad():
        for parameter in method.nets.encoder.get_submodule("logvar").parameters():
            parameter.fill_(-100 if parameter.dim() == 1 else 0)  # codes are their means
    once, doubled = (method("encoder", each, step_of(method)) for each in (BATCHES, twice))
    assert doubled["features"].value.item() == pytest.approx(once["features"].value.item())
    assert doubled["kl"].value.item() == pytest.approx(once["kl"].value.item())


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 32, 32), (3, 64, 64)])
def test_images_of_other_sizes_train(shape):
    check_turns(DataSpec(image_shape=shape), {"images": random(0, 8, *shape, dtype=torch.float64).sigmoid()})


def test_values_that_are_no_images_train():
    check_turns(DataSpec(value_shape=(5,)), {"values": random(0, 8, 5, dtype=torch.float64)})


def check_turns(data, columns):
    """A step is finite, and the model draws what the data is like."""
    method, batches = build(SMALL, data), {"unlabelled": Batch(columns)}
    step = step_of(method)
    for player in method.players():
        assert all(term.value.isfinite() for term in method(player.name, batches, step).values())
    assert isinstance(method, Samples)
    assert method.sample(3, seed=1).shape == (3, *data.input_shape)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"gamma": -1.0}, "gamma must be at least 0"),
        ({"gamma": math.inf}, "gamma must be finite"),
        ({"critic_lr": 0.0}, "critic_lr must be above 0"),
        ({"batch": 1}, "the features of one example do not vary"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        VAEGANRecipe(**choices).build(DATA)
