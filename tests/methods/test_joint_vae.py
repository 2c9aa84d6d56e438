"""JointVAE: what its discrete codes are, and what both capacities do."""

import math

import pytest
import torch

from metaprior.core import Batch, Counter, DataSpec, Infers, MetapriorError, Part, Step
from metaprior.methods import AnnealedVAERecipe, JointVAERecipe
from metaprior.methods.joint_vae import JointPosterior
from metaprior.objectives import kl_categorical, kl_normal
from tests.conftest import random

DATA = DataSpec(value_shape=(6,))
BATCH = Batch({"values": random(0, 8, 6, dtype=torch.float64)})


def joint(**choices):
    torch.manual_seed(0)
    return JointVAERecipe(**{"nets": "linear", "latent_dim": 2, "categories": (3, 4)} | choices).build(DATA).double()


def step(capacity=0.0, discrete=0.0, gamma=30.0):
    hyper = {"capacity": capacity, "discrete_capacity": discrete, "gamma": gamma}
    draws = Counter(0, dtype=torch.float64)
    return Step(hyper={name: torch.tensor(value, dtype=torch.float64) for name, value in hyper.items()}, draws=draws)


def terms_of(posterior, **choices):
    return joint().regularisers(posterior, posterior.mean, step(**choices))


def test_codes_are_continuous_ones_and_then_relaxed_values():
    posterior, codes = joint().infer(BATCH, step())
    assert codes.shape == (8, 2 + 3 + 4)
    for part in codes[:, 2:].split((3, 4), dim=1):
        assert torch.allclose(part.sum(dim=1), torch.ones(8, dtype=torch.float64))
        assert (part > 0).all()
    encoded = joint().encode(BATCH.values)
    assert torch.equal(encoded[:, :2], posterior.mean)
    assert torch.allclose(encoded[:, 2:5], posterior.logits[0].softmax(dim=1))


def test_the_nearer_the_temperature_is_to_0_the_nearer_are_values_to_indicators():
    greatest = [joint(temperature=t).infer(BATCH, step())[1][:, 2:5].amax(dim=1).mean() for t in (1e-3, 0.67, 10.0)]
    assert greatest[0] > 0.99
    assert greatest[0] > greatest[1] > greatest[2]


@pytest.mark.parametrize(("capacity", "discrete"), [(0.0, 0.0), (0.5, 2.0), (100.0, 100.0)])
def test_both_kls_are_pulled_to_their_capacities_the_discrete_no_further_than_it_can_go(capacity, discrete):
    posterior = JointPosterior(random(1, 8, 2), random(2, 8, 2), (random(3, 8, 3), 3 * random(4, 8, 4)))
    kl = kl_normal(posterior.mean, posterior.logvar).sum(dim=1).mean().item()
    discrete_kl = sum(kl_categorical(each).mean().item() for each in posterior.logits)
    terms = terms_of(posterior, capacity=capacity, discrete=discrete)
    assert terms["off_capacity"].value.item() == pytest.approx(abs(kl - capacity), rel=1e-5)
    most = math.log(3) + math.log(4)
    assert terms["off_discrete_capacity"].value.item() == pytest.approx(
        abs(discrete_kl - min(discrete, most)), rel=1e-5
    )
    assert [float(terms[n].weight) for n in ("kl", "discrete_kl", "off_capacity", "off_discrete_capacity")] == [
        0, 0, 30, 30,
    ]  # fmt: skip


def test_the_kls_of_the_whole_batch_are_held_at_the_capacities_and_not_each_part_s():
    """The other part's KLs are 3 more and the capacities 1 more than this one's: alone it would be 1 off, not 1/2."""
    posterior = JointPosterior(random(1, 8, 2), random(2, 8, 2), (random(3, 8, 3), random(4, 8, 4)))
    alone = terms_of(posterior)
    kl, discrete_kl = (alone[name].value.item() for name in ("kl", "discrete_kl"))
    parted = step(capacity=kl + 1, discrete=discrete_kl + 1)
    parted.part = Part(0, 2, all_gather=lambda rows: torch.cat([rows, rows + 3]))
    terms = joint().regularisers(posterior, posterior.mean, parted)
    for name in ("off_capacity", "off_discrete_capacity"):
        assert terms[name].value.item() == pytest.approx(0.5, abs=1e-5), name


def test_sure_values_reach_their_greatest_capacity():
    sure = JointPosterior(torch.zeros(8, 2), torch.zeros(8, 2), (1e4 * torch.eye(8)[:, :3], 1e4 * torch.eye(8)[:, :4]))
    sure = sure._replace(logits=tuple(each.roll(1, 1)[:3].repeat(3, 1)[:8] for each in sure.logits))
    terms = terms_of(sure, discrete=1e3)
    assert terms["off_discrete_capacity"].value.item() == pytest.approx(0, abs=1e-5)


def test_the_continuous_half_is_the_annealed_vae():
    annealed = AnnealedVAERecipe(nets="linear", latent_dim=2).build(DATA).double()
    posterior = joint().posteriors(BATCH.values)
    expected = annealed.regularisers(posterior[:2], posterior.mean, step(capacity=0.7))
    found = joint().regularisers(posterior, posterior.mean, step(capacity=0.7))
    for name in ("kl", "off_capacity"):
        assert torch.equal(found[name].value, expected[name].value)


def test_the_rate_is_the_mean_of_the_log_ratio_of_values_that_are_not_relaxed():
    found = joint().explain(BATCH, step(), samples=20_000)
    values = found.codes[:, :, 2:5]
    assert torch.equal(values.amax(dim=2), torch.ones_like(values[:, :, 0]))
    assert found.log_ratio is not None
    assert found.rate is not None
    assert found.rate.shape == (8, 2 + 2)
    error = found.log_ratio.std(dim=1) / 20_000**0.5
    assert ((found.log_ratio.mean(dim=1) - found.rate.sum(dim=1)).abs() < 4 * error).all()


def test_it_makes_images_and_its_posterior_is_not_normal():
    method = joint()
    assert method.sample(5, seed=1).shape == method.decode(method.encode(BATCH.values))[:5].shape
    assert not torch.equal(method.sample(5, seed=1), method.sample(5, seed=2))
    assert not isinstance(method, Infers)


def test_capacities_grow_as_the_published_ones():
    hyper = JointVAERecipe().build(DATA).hyper
    for name in ("capacity", "discrete_capacity"):
        assert [hyper[name](index) for index in (0, 12_500, 25_000, 30_000)] == [0, 2.5, 5, 5]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"categories": ()}, "at least one discrete code of at least 2 values, not ()"),
        ({"categories": (3, 1)}, "at least one discrete code of at least 2 values, not (3, 1)"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"discrete_c_max": -1.0}, "discrete_c_max must be at least 0"),
        ({"ramp": 0}, "ramp must be at least 1"),
    ],
)
def test_bad_choices_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said.replace("(", r"\(").replace(")", r"\)")):
        joint(**choices)
