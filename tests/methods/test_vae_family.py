"""Identities between the methods of the family, and what they refuse."""

from dataclasses import replace

import pytest
import torch

from metaprior.core import Counter, DataSpec, MetapriorError, Step
from metaprior.data import Dataset
from metaprior.methods import (
    RECIPES,
    BetaVAERecipe,
    FactorVAERecipe,
    PairVAERecipe,
    S2BetaVAERecipe,
    SupervisionRecipe,
    VAERecipe,
)
from metaprior.objectives import kl_normal
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import squares

DATA = DataSpec(image_shape=(1, 16, 16), factor_sizes=(4, 4))
SMALL = {"batch": 8, "latent_dim": 4, "lr": 1e-3}


def train(recipe, steps=10, **loop):
    torch.manual_seed(0)
    method = recipe.build(DATA)
    result = fit(method, {"train": squares(), "labelled": squares(10, seed=1)}, Loop(steps=steps, **loop))
    return method, result.record["terms"]


def test_factor_vae_without_its_penalty_is_the_vae():
    vae, _ = train(VAERecipe(**SMALL))
    factor_vae, _ = train(FactorVAERecipe(**SMALL, gamma=0.0))
    for name, value in saved_tensors(vae).items():
        assert torch.equal(value, saved_tensors(factor_vae)[name]), name


def test_s2_without_its_weight_is_the_beta_vae():
    vae, _ = train(BetaVAERecipe(**SMALL, beta=3.0))
    s2, _ = train(S2BetaVAERecipe(**SMALL, beta=3.0, supervision=SupervisionRecipe(gamma_sup=0.0, labelled_batch=8)))
    for name, value in saved_tensors(vae).items():
        assert torch.equal(value, saved_tensors(s2)[name]), name


def test_the_supervised_term_is_a_sum_and_does_not_see_the_unlabelled_batch():
    torch.manual_seed(0)
    method = S2BetaVAERecipe(**SMALL, supervision=SupervisionRecipe(labelled_batch=8)).build(DATA)
    labelled = squares(16, seed=1).gather(torch.arange(16))
    step = Step(hyper={"beta": torch.tensor(1.0), "gamma_sup": torch.tensor(1.0)}, draws=Counter(0))
    half = {name: labelled.map(lambda c: c[:8]) for name in ("labelled", "unlabelled")}
    whole = {"labelled": labelled, "unlabelled": squares(8, seed=5).gather(torch.arange(8))}
    value, double = (method("vae", batches, step)["supervised"].value for batches in (half, whole))
    rest = method("vae", {**half, "labelled": labelled.map(lambda c: c[8:])}, step)["supervised"].value
    assert torch.allclose(double, value + rest)


def test_the_loss_is_reconstruction_plus_beta_kl():
    method, terms = train(BetaVAERecipe(**SMALL, beta=7.0))
    assert terms["vae/loss"] == pytest.approx(terms["vae/reconstruction"] + 7.0 * terms["vae/kl"], rel=1e-5)
    posterior = method.posterior(squares().columns["images"])
    assert (kl_normal(*posterior) >= 0).all()


@pytest.mark.parametrize("name", [name for name, row in RECIPES.items() if not isinstance(row.recipe, PairVAERecipe)])
def test_every_recipe_of_single_images_learns(name):
    recipe = replace(RECIPES[name].recipe, **SMALL)
    _, first = train(recipe, steps=1)
    method, last = train(recipe, steps=150)
    assert last["vae/reconstruction"] < 0.7 * first["vae/reconstruction"]
    images = squares().columns["images"]
    assert method.decode(method.encode(images)).shape == images.shape
    assert torch.equal(method.sample(3, seed=1), method.sample(3, seed=1))
    assert not torch.equal(method.sample(3, seed=1), method.sample(3, seed=2))


def test_mixed_precision_stays_close_to_float32():
    terms = [train(VAERecipe(**SMALL), steps=30, precision=p)[1]["vae/reconstruction"] for p in ("float32", "bf16")]
    assert terms[1] == pytest.approx(terms[0], rel=0.05)


def test_channels_last_is_the_same_method():
    terms = [train(VAERecipe(**SMALL), channels_last=c, precision="float64")[1]["vae/loss"] for c in (False, True)]
    assert terms[1] == pytest.approx(terms[0], rel=1e-12)


def test_more_factors_than_codes_is_an_error():
    with pytest.raises(MetapriorError, match="raise latent_dim to at least 5"):
        S2BetaVAERecipe(latent_dim=3).build(DataSpec(image_shape=(1, 16, 16), factor_sizes=(2,) * 5))


def test_known_pairs_of_more_factors_than_codes_are_an_error_and_others_are_not():
    choices = {"latent_dim": 1, "batch": 8}
    with pytest.raises(MetapriorError, match="raise latent_dim to at least 2"):
        PairVAERecipe(**choices, known=True).build(DATA)
    assert PairVAERecipe(**choices).build(DATA).nets.latent_dim == 1  # no factor is tied to a code


def test_pairs_of_a_data_set_are_an_error_though_its_length_would_do():
    """48 rows are three times 16 combinations, and in no order: an index would say nothing of the factors."""
    factors = torch.randint(4, (48, 2), generator=torch.Generator().manual_seed(0))
    images = torch.zeros(48, 1, 16, 16, dtype=torch.uint8)
    rows = Dataset("rows", images=images, factors=factors, factor_names=("a", "b"), factor_sizes=(4, 4))
    with pytest.raises(MetapriorError, match="all 16 combinations of its factors; this data is a set of 48 examples"):
        PairVAERecipe(**SMALL).build(rows.spec)


def test_supervision_without_factors_is_an_error():
    with pytest.raises(MetapriorError, match="needs data with factors"):
        S2BetaVAERecipe().build(DataSpec(image_shape=(1, 16, 16)))


def test_the_studys_nets_refuse_other_sizes():
    with pytest.raises(MetapriorError, match="64x64"):
        VAERecipe(nets="study").build(DATA)
