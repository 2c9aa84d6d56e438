"""Contraction: its term on encoders of one layer, whose Jacobian is their weights."""

from dataclasses import replace

import pytest
import torch

from metaprior.core import DataSpec, MetapriorError
from metaprior.methods import AutoencoderRecipe, CAERecipe
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import squares
from tests.methods.adversaries import step_of

DATA = DataSpec(image_shape=(1, 16, 16))
SMALL = CAERecipe(latent_dim=4, batch=8, lr=1e-3)
BATCH = squares(8).gather(torch.arange(8)).map(torch.Tensor.double)


def build(recipe):
    torch.manual_seed(0)
    return recipe.build(DATA).double()


def test_the_term_of_a_linear_encoder_is_its_weights_squared_norm():
    """Of one code, the estimate has no noise."""
    method = build(replace(SMALL, nets="linear", latent_dim=1, strength=0.3))
    term = method("autoencoder", {"unlabelled": BATCH}, step_of(method))["contraction"]
    assert term.value.item() == pytest.approx(method.nets.encoder.mean.weight.square().sum().item(), abs=1e-12)
    assert term.weight.item() == pytest.approx(0.3)


def test_the_term_of_several_codes_is_that_on_average():
    method = build(replace(SMALL, nets="linear"))
    values = torch.stack(
        [
            method("autoencoder", {"unlabelled": BATCH}, step_of(method, seed))["contraction"].value.detach()
            for seed in range(200)
        ]
    )
    expected = method.nets.encoder.mean.weight.square().sum().item()
    assert values.std() > 0
    assert values.mean().item() == pytest.approx(expected, abs=4 * values.std().item() / 200**0.5)


def test_codes_move_less_with_the_term_than_without():
    def sensitivity(strength):
        torch.manual_seed(0)
        method = replace(SMALL, strength=strength, nets="mlp", hidden=32).build(DATA)
        fit(method, {"train": squares()}, Loop(steps=200, threads=1))
        images = squares().columns["images"]
        moved = images + 0.01 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
        return (method.encode(moved) - method.encode(images)).square().sum()

    assert sensitivity(10.0) < 0.1 * sensitivity(0.0)


def test_without_the_term_it_is_the_autoencoder():
    plain, cae = build(AutoencoderRecipe(latent_dim=4, batch=8, lr=1e-3)), build(replace(SMALL, strength=0.0))
    for method in (cae, plain):
        fit(method, {"train": squares()}, Loop(steps=6, precision="float64"))
    for name, value in saved_tensors(plain).items():
        assert torch.allclose(value, saved_tensors(cae)[name], atol=1e-12), name


def test_a_negative_strength_is_refused():
    with pytest.raises(MetapriorError, match="strength must be at least 0"):
        CAERecipe(strength=-1.0).build(DATA)
