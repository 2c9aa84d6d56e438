"""Denoising: what is spoiled, by how much, and what is rebuilt."""

import pytest
import torch

from metaprior.core import Batch, DataSpec, Linear, MetapriorError, Samples
from metaprior.methods import AutoencoderRecipe, DAERecipe
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, squares
from tests.methods.adversaries import step_of

DATA = DataSpec(image_shape=(1, 16, 16))
BATCH = squares(8).gather(torch.arange(8)).map(torch.Tensor.double)


def build(**choices):
    torch.manual_seed(0)
    return DAERecipe(latent_dim=4, batch=8, **choices).build(DATA).double()


def test_a_share_of_values_is_set_to_0_and_the_others_are_left():
    method, inputs = build(masked=0.3), 1 + random(0, 400, 100, dtype=torch.float64).square()
    spoiled = method.spoiled(inputs, step_of(method))
    kept = spoiled != 0
    assert torch.equal(spoiled[kept], inputs[kept])
    assert (~kept).double().mean().item() == pytest.approx(0.3, abs=4 * (0.21 / 40_000) ** 0.5)


def test_noise_is_normal_of_its_deviation():
    method, inputs = build(masked=0.0, noise=0.5), random(0, 400, 100, dtype=torch.float64)
    noise = method.spoiled(inputs, step_of(method)) - inputs
    assert noise.mean().abs() < 4 * 0.5 / 200
    assert noise.std().item() == pytest.approx(0.5, rel=4 / (2 * 40_000) ** 0.5)


def test_the_clean_inputs_are_rebuilt_from_the_codes_of_spoiled_ones():
    method = build(masked=0.5, noise=0.1)
    step = step_of(method)
    found = method("autoencoder", {"unlabelled": BATCH}, step)["reconstruction"].value
    codes = method.encode(method.spoiled(BATCH.images, step))
    assert found.item() == pytest.approx(method.likelihood.nll(method.nets.decoder(codes), BATCH.images).mean().item())
    assert not torch.allclose(codes, method.encode(BATCH.images))


def test_a_model_in_use_is_shown_inputs_as_they_are():
    method = build(masked=1.0)
    assert not isinstance(method, Samples)
    explained = method.explain(BATCH, step_of(method), samples=2)
    assert torch.equal(explained.codes[:, 1], method.encode(BATCH.images))
    expected = method.likelihood.nll(method.nets.decoder(method.encode(BATCH.images)), BATCH.images)
    assert torch.allclose(explained.distortion[:, 0], expected)


def test_without_noise_it_is_the_autoencoder():
    torch.manual_seed(0)
    plain = AutoencoderRecipe(latent_dim=4, batch=8).build(DATA)
    dae = build(masked=0.0, noise=0.0)
    for method in (dae, plain):
        fit(method, {"train": squares()}, Loop(steps=6, precision="float64"))
    for name, value in saved_tensors(plain).items():
        assert torch.equal(value, saved_tensors(dae)[name]), name


def test_vectors_are_spoiled_too():
    method = DAERecipe(latent_dim=2, batch=8, nets="mlp", hidden=8).build(DataSpec(value_shape=(5,))).double()
    batch = Batch({"values": random(0, 8, 5, dtype=torch.float64)})
    assert method("autoencoder", {"unlabelled": batch}, step_of(method))["reconstruction"].value.isfinite()


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"masked": -0.1}, "masked must be at least 0"),
        ({"masked": 1.5}, "masked is a share of the values, at most 1, not 1.5"),
        ({"masked": Linear(0.0, 2.0, 10)}, "masked is a share of the values, at most 1, not linear"),
        ({"noise": -1.0}, "noise must be at least 0"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        build(**choices)
