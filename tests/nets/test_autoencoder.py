"""The study's networks: exact parameter counts, starting weights, and TensorFlow's "same" padding."""

import math

import pytest
import torch

from metaprior.nets import AUTOENCODERS, Posterior, mlp, study_nets


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(("channels", "encoder", "decoder"), [(1, 309_204, 381_313), (3, 310_228, 382_339)])
def test_parameter_counts_of_the_study(channels, encoder, decoder):
    nets = study_nets((channels, 64, 64))
    assert (count(nets.encoder), count(nets.decoder)) == (encoder, decoder)
    assert count(nets) == {1: 690_517, 3: 692_567}[channels]


def test_the_critic_has_the_published_count():
    assert count(mlp(10, [1000] * 6, 2, leak=0.2)) == 5_018_002


def test_weights_start_glorot_uniform_and_biases_zero():
    layer = study_nets((1, 64, 64)).encoder.trunk[2]
    bound = math.sqrt(6 / (32 * 16 + 32 * 16))
    assert layer.weight.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    assert not layer.bias.any()


@pytest.mark.parametrize("kind", AUTOENCODERS)
@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 64, 64)])
def test_decoders_undo_the_shape_of_encoders(kind, shape):
    nets = AUTOENCODERS[kind](shape, 7)
    posterior = Posterior(*nets.encoder(torch.zeros(2, *shape)))
    assert posterior.mean.shape == posterior.logvar.shape == (2, 7)
    assert nets.decoder(posterior.mean).shape == (2, *shape)


@pytest.mark.parametrize("size", [8, 16, 32, 128])
def test_small_nets_fit_any_power_of_two(size):
    nets = AUTOENCODERS["small"]((1, size, size), 3)
    assert nets.decoder(nets.encoder(torch.zeros(1, 1, size, size))[0]).shape == (1, 1, size, size)
