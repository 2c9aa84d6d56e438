"""The supervised losses: their targets, what they learn and where it begins, from which step the labels weigh."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.random import RandomState

from metaprior.core import DataSpec, Piecewise, Step
from metaprior.data import LABELLERS
from metaprior.methods import LOSSES, S2BetaVAERecipe, SupervisionRecipe
from metaprior.objectives import embedding_xent
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, squares


@pytest.mark.parametrize("kind", ["embed", "embed-ordered"])
def test_a_learned_sigma_begins_at_1_for_each_factor_and_a_given_one_is_not_learned(kind):
    """In the reference it begins at a random number within the square root of 3."""
    assert LOSSES[kind]((4, 3), sigma=None).sigma.tolist() == [1.0, 1.0]
    assert not [name for name, _ in LOSSES[kind]((4, 3), sigma=2.0).named_parameters() if "sigma" in name]


def test_each_factor_has_its_own_learned_sigma():
    loss = LOSSES["embed"]((4, 3), sigma=None)
    with torch.no_grad():
        loss.sigma.copy_(torch.tensor([0.5, 3.0]))
    means, factors = random(0, 6, 2), torch.tensor([[0, 2], [1, 1], [2, 0], [3, 2], [0, 1], [1, 0]])
    expected = sum(
        embedding_xent(means[:, k], loss.places[k], torch.tensor(sigma), factors[:, k]).mean()
        for k, sigma in enumerate((0.5, 3.0))
    )
    assert loss(means, factors, Step()).item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_scale_of_l2_begins_at_1():
    means, factors = random(0, 6, 4), torch.randint(4, (6, 2), generator=torch.Generator().manual_seed(0))
    found = LOSSES["l2"]((4, 4))(means, factors, Step())
    assert found.item() == pytest.approx((means[:, :2] - factors).square().sum().item(), rel=1e-6)


def closed_forms(means, targets):
    """The losses of normalised labels, written out."""
    likelihood = targets * F.logsigmoid(means) + (1 - targets) * F.logsigmoid(-means)
    return {
        "xent": -likelihood.sum().item(),
        "l2-sigmoid": (means.sigmoid() - targets).square().sum().item(),
        "l2-reference": sum((mean.sigmoid() - targets).square().sum().item() for mean in means),
    }


@pytest.mark.parametrize("kind", ["xent", "l2-sigmoid", "l2-reference"])
def test_targets_are_a_value_s_index_over_the_number_of_values(kind):
    """T3: over K, not K - 1, so the greatest target is (K - 1) / K."""
    means, factors = random(0, 4, 3), torch.tensor([[0, 1], [1, 4], [2, 2], [3, 0]])
    targets = torch.tensor([[0.0, 0.2], [0.25, 0.8], [0.5, 0.4], [0.75, 0.0]])
    found = LOSSES[kind]((4, 5))(means, factors, Step())
    assert found.item() == pytest.approx(closed_forms(means[:, :2], targets)[kind], rel=1e-6)


def test_a_code_that_is_tied_to_no_factor_must_not_follow_one():
    """All pairs of 4 values: the factors are independent, each of variance 5/4."""
    factors = torch.cartesian_prod(torch.arange(4), torch.arange(4))
    loss, means = LOSSES["cov"]((4, 4)), torch.zeros(16, 3)
    means[:, :2] = factors
    assert loss(means, factors, Step()).item() == pytest.approx(0, abs=1e-12)
    means[:, 2] = factors[:, 0]
    assert loss(means, factors, Step()).item() == pytest.approx((5 / 4) ** 2)


def test_labels_in_bins_are_of_as_many_values_as_there_are_bins():
    true, sizes = np.array([[39, 2], [8, 0]]), (40, 3)
    told = LABELLERS["binned"](true, sizes, RandomState(0))
    data = DataSpec(factor_sizes=sizes, labelled_factor_sizes=told.sizes)
    means, targets = random(0, 2, 4), torch.tensor([[4 / 5, 2 / 3], [1 / 5, 0.0]])
    found = SupervisionRecipe().build(data, latent_dim=4)(means, torch.from_numpy(told.factors), Step())
    assert found.item() == pytest.approx(closed_forms(means[:, :2], targets)["xent"], rel=1e-6)
    embedding = SupervisionRecipe(loss="embed").build(data, latent_dim=4).loss
    assert [len(places) for places in embedding.places] == [5, 3]


def test_labels_weigh_from_the_step_on_that_their_schedule_names():
    """Steps count from 0: a weight that comes at step 2 changes nothing in two steps, and the third one."""
    small = {"batch": 8, "latent_dim": 4, "lr": 1e-3}

    def trained(gamma_sup, steps):
        torch.manual_seed(0)
        recipe = S2BetaVAERecipe(**small, supervision=SupervisionRecipe(gamma_sup=gamma_sup, labelled_batch=8))
        method = recipe.build(DataSpec(image_shape=(1, 16, 16), factor_sizes=(4, 4)))
        fit(method, {"train": squares(), "labelled": squares(10, seed=1)}, Loop(steps=steps))
        return saved_tensors(method)["nets.encoder.mean.weight"]

    late = Piecewise((0.0, 50.0), boundaries=(2,))
    assert torch.equal(trained(late, 2), trained(0.0, 2))
    assert not torch.equal(trained(late, 3), trained(0.0, 3))
