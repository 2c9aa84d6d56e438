"""Wasserstein autoencoders: the cost, the discrepancy, and what remains without it."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch

from metaprior.core import Adam, DataSpec, Encodes, Infers, Linear, MetapriorError, Samples, Step
from metaprior.methods import AAE, RECIPES, WAE, Autoencoder, Normal, WAEGANRecipe, WAERecipe
from metaprior.nets import Critic
from metaprior.objectives import imq_of_scales, mmd
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, squares
from tests.methods.adversaries import step_of

DATA = DataSpec(image_shape=(1, 16, 16))
BATCH = squares(8).gather(torch.arange(8)).map(torch.Tensor.double)


def build(recipe, **choices):
    torch.manual_seed(0)
    return replace(recipe, **choices).build(DATA).double()


@pytest.mark.parametrize("name", ["wae-mmd", "wae-gan"])
def test_the_defaults_are_those_of_the_published_code_for_mnist(name):
    method = build(RECIPES[name].recipe)
    autoencoder, *critics = method.players()
    assert (method.nets.latent_dim, method.batch, method.hyper) == (8, 100, {"strength": 10.0})
    assert autoencoder.optimizer == Adam(lr=1e-3, betas=(0.5, 0.999))
    assert method.likelihood == Normal(0.5)
    assert [critic.optimizer for critic in critics] == [Adam(lr=5e-4, betas=(0.5, 0.999))] * (name == "wae-gan")


def test_the_critic_has_4_layers_of_512():
    critic = build(WAEGANRecipe()).critic
    assert isinstance(critic, Critic)
    sizes = [tuple(p.shape) for name, p in critic.named_parameters() if "weight" in name]
    assert sizes == [(512, 8), (512, 512), (512, 512), (512, 512), (1, 512)]


def test_the_cost_is_the_squared_error_summed_over_pixels_and_a_constant():
    method = build(WAERecipe())
    codes = random(0, 8, 8, dtype=torch.float64)
    squared = (method.nets.decoder(codes) - BATCH.images).square().sum(dim=(1, 2, 3)).mean()
    found = method.reconstruction(BATCH, codes)["reconstruction"]
    assert found.value.item() == pytest.approx(squared.item() + 128 * math.log(math.pi), abs=1e-9)
    assert found.weight == 1.0


def test_the_discrepancy_is_the_unbiased_one_by_seven_kernels_of_the_prior_s_width():
    method, codes = build(WAERecipe(strength=3.0)), random(1, 8, 8, dtype=torch.float64)
    step = step_of(method)
    (term,) = method.regularisers(codes, codes, step).values()
    expected = mmd(codes, step.randn("prior", 8, 8), partial(imq_of_scales, base=16.0))
    assert term.value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert term.weight == 3.0


def test_the_discrepancy_falls_as_codes_come_nearer_to_the_prior():
    method = build(WAERecipe())
    near, far, collapsed = (
        method.regularisers(codes, codes, Step(hyper={"strength": torch.tensor(1.0)}))["mmd"].value
        for codes in (random(1, 256, 8), random(1, 256, 8) + 2, 1e-3 * random(1, 256, 8))
    )
    assert abs(near) < 0.02 < min(far, collapsed)


@pytest.mark.parametrize("recipe", [WAERecipe(), WAEGANRecipe(critic_width=8)])
def test_without_its_discrepancy_it_is_the_autoencoder_with_that_cost(recipe):
    choices = {"latent_dim": 4, "batch": 8, "strength": 0.0}
    method = build(recipe, **choices)
    plain = Autoencoder(
        build(recipe, **choices).nets, likelihood=Normal(0.5), optimizer=Adam(lr=1e-3, betas=(0.5, 0.999)), batch=8
    )
    for each in (method, plain):
        fit(each, {"train": squares()}, Loop(steps=6, precision="float64"))
    for name, value in saved_tensors(plain).items():
        assert torch.allclose(value, saved_tensors(method)[name], atol=1e-12), name


@pytest.mark.parametrize("recipe", [WAERecipe(), WAEGANRecipe(critic_width=8)])
def test_only_a_normal_posterior_is_one_that_can_be_asked_for(recipe):
    point, normal = (build(recipe, posterior=each) for each in ("point", "normal"))
    assert isinstance(point, WAE | AAE)
    assert isinstance(normal, WAE | AAE)
    assert not isinstance(point, Infers)
    assert isinstance(normal, Infers)
    assert torch.equal(normal.posterior(BATCH.images).mean, normal.encode(BATCH.images))
    for method in (point, normal):
        assert isinstance(method, Encodes)
        assert isinstance(method, Samples)
        assert not any("kl" in term for term in method(method.player, {"unlabelled": BATCH}, step_of(method)))


def test_codes_of_a_normal_posterior_are_drawn_and_those_of_a_point_are_not():
    for posterior, drawn in (("point", False), ("normal", True)):
        method = build(WAERecipe(posterior=posterior))
        first, second = (method.infer(BATCH, step_of(method, seed))[1] for seed in (0, 1))
        assert torch.equal(first, second) != drawn


def test_the_rate_of_a_point_has_no_bound():
    point, normal = (build(WAERecipe(posterior=each)) for each in ("point", "normal"))
    explained = point.explain(BATCH, Step(), samples=3)
    assert (explained.codes.shape, explained.distortion.shape) == ((8, 3, 8), (8, 3))
    assert (explained.rate, explained.log_ratio) == (None, None)
    assert normal.explain(BATCH, step_of(normal), samples=3).rate is not None


@pytest.mark.parametrize("kind", [WAERecipe, WAEGANRecipe])
def test_choices_that_make_no_sense_are_refused(kind):
    for choices, said in (
        ({"strength": -1.0}, "strength must be at least 0, not -1.0"),
        ({"strength": Linear(1.0, -1.0, 10)}, "strength must be at least 0, not linear"),
        ({"variance": 0.0}, "variance must be above 0"),
    ):
        with pytest.raises(MetapriorError, match=said):
            kind(**choices).build(DATA)


def test_one_example_has_no_discrepancy():
    with pytest.raises(MetapriorError, match="batch must be at least 2, not 1: one example has no distribution"):
        WAERecipe(batch=1).build(DATA)
    assert WAEGANRecipe(batch=1).build(DATA).batch == 1
    for choices, said in (({"critic_lr": 0.0}, "critic_lr must be above 0"), ({"critic_width": 0}, "critic_width")):
        with pytest.raises(MetapriorError, match=said):
            WAEGANRecipe(**choices).build(DATA)
