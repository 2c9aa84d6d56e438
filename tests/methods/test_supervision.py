"""What the supervised losses learn: where it begins, and from which step the labels weigh."""

import pytest
import torch

from metaprior.core import DataSpec, Piecewise, Step
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
