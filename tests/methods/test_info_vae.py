"""InfoVAE and HSIC-VAE: what each weighs, and what its term does to codes."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from metaprior.core import DataSpec, Step
from metaprior.methods import RECIPES, HSICVAERecipe, InfoVAERecipe
from metaprior.nets import Posterior
from metaprior.objectives import hsic, imq_of_scales, mmd, normal_width, rbf, squared_distances
from tests.conftest import random

DATA = DataSpec(image_shape=(1, 16, 16))
CODES = random(0, 64, 6)


def terms_of(recipe, codes=CODES):
    method = recipe.build(DATA)
    hyper = {name: torch.as_tensor(value) for name, value in method.hyper.items()}
    return method.regularisers(Posterior(codes, torch.zeros_like(codes)), codes, Step(hyper=hyper))


@pytest.mark.parametrize(
    ("alpha", "strength", "kl", "discrepancy"), [(0, 1000, 1, 999), (1, 10, 0, 10), (0.25, 2, 0.75, 1.25)]
)
def test_the_weights_are_those_of_the_paper(alpha, strength, kl, discrepancy):
    terms = terms_of(InfoVAERecipe(latent_dim=6, alpha=alpha, strength=strength))
    assert (float(terms["kl"].weight), float(terms["mmd"].weight)) == pytest.approx((kl, discrepancy))


def test_the_table_draws_codes_to_the_prior():
    for name in ("info-vae", "mmd-vae"):
        terms = terms_of(replace(RECIPES[name].recipe, latent_dim=6))
        assert float(terms["mmd"].weight) > 0
    assert float(terms["kl"].weight) == 0  # of mmd-vae


def test_the_discrepancy_is_the_unbiased_one_by_seven_kernels_of_the_prior_s_width():
    found = terms_of(InfoVAERecipe(latent_dim=6))["mmd"].value
    expected = mmd(CODES, Step().randn("prior", 64, 6), partial(imq_of_scales, base=12.0))
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_the_discrepancy_is_small_of_codes_of_the_prior_and_large_of_others():
    recipe = InfoVAERecipe(latent_dim=6)
    near, far = (terms_of(recipe, codes)["mmd"].value.item() for codes in (CODES, 3 + CODES))
    expected = mmd(CODES + 3, random(5, 64, 6), partial(imq_of_scales, base=12.0)).item()
    assert abs(near) < 0.1 < far == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_the_dependence_is_of_consecutive_groups(groups):
    size = 6 // groups
    parts = [CODES[:, i : i + size] for i in range(0, 6, size)]
    expected = hsic(*(rbf(squared_distances(part, part), normal_width(size)) for part in parts))
    found = terms_of(HSICVAERecipe(latent_dim=6, groups=groups, strength=7.0))["hsic"]
    assert torch.allclose(found.value, expected)
    assert float(found.weight) == 7


def test_codes_that_repeat_each_other_depend():
    alone, twice = (
        terms_of(HSICVAERecipe(latent_dim=6), codes)["hsic"].value for codes in (CODES, CODES[:, [0, 1, 2] * 2])
    )
    assert twice > 3 * alone
