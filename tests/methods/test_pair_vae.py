"""Pairs of known factors: which codes are kept apart."""

from dataclasses import replace

import pytest
import torch

from metaprior.core import Batch, Counter, Step
from metaprior.data import DSpritesOptions, dsprites_world
from metaprior.methods import PairVAERecipe
from metaprior.nets import Posterior
from tests.conftest import random

WORLD = dsprites_world(DSpritesOptions(size=16, shape=2, scale=2, orientation=2, position_x=4, position_y=4)).cached()
KNOWN = PairVAERecipe(batch=16, latent_dim=7, known=True)


@pytest.mark.parametrize("changed", [1, 2, 3, 5])
def test_as_many_codes_are_kept_apart_as_factors_differ(changed):
    """The reference keeps one apart, however many factors differ."""
    method = replace(KNOWN, changed=changed).build(WORLD.spec)
    batch = WORLD.gather(method.pairs.indices(len(WORLD), 0, "pairs", 0))
    shared = method.same_factors(batch, torch.zeros(16, 2, 7))
    assert ((~shared).sum(dim=1) == changed).all()
    assert torch.equal(~shared[:, :5], batch.factors[:, 0] != batch.factors[:, 1])


def test_the_codes_of_two_changed_factors_stay_the_images_own(monkeypatch):
    """Codes 0 and 3 keep each image's mean, the others take the average of both; the KL is of these."""
    method = KNOWN.build(WORLD.spec)
    mean, factors = random(0, 16, 2, 7), torch.zeros(16, 2, 5, dtype=torch.int64)
    factors[:, 1, [0, 3]] = 1
    posterior = Posterior(mean.flatten(0, 1), torch.zeros(32, 7))
    monkeypatch.setattr(method, "posterior", lambda images: posterior)
    batch = Batch({"images": WORLD.gather(torch.arange(32).view(16, 2)).images, "factors": factors})
    kl = method("vae", {"pairs": batch}, Step(hyper={"beta": torch.tensor(1.0)}, draws=Counter(0)))["kl"].value
    expected = mean.mean(dim=1, keepdim=True).repeat(1, 2, 1)
    expected[:, :, [0, 3]] = mean[:, :, [0, 3]]
    assert kl.item() == pytest.approx(expected.square().sum(dim=2).mean().item() / 2, rel=1e-5)
