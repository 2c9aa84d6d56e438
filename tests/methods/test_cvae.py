"""What a conditional VAE tells its nets, and what it is without anything to tell."""

from dataclasses import replace

import pytest
import torch

from metaprior.core import Batch, Counter, DataSpec, MetapriorError, Step
from metaprior.methods import CVAE, VAE, Attribute, CVAERecipe, Normal
from metaprior.nets import linear_nets
from metaprior.objectives import kl_normal, normal_nll
from tests.conftest import random

COLOUR = Attribute("colour", 3, place=1)
DATA = DataSpec(image_shape=(1, 16, 16), classes=10, factor_names=("shape", "colour"), factor_sizes=(2, 3))
STEP = Step(draws=Counter(0, dtype=torch.float64))


def vectors(count=6):
    colours = torch.arange(count) % 3
    return Batch({
        "values": random(0, count, 5, dtype=torch.float64),
        "factors": torch.stack([torch.zeros_like(colours), colours], dim=1),
    })  # fmt: skip


def cvae():
    torch.manual_seed(0)
    return CVAE(linear_nets((5,), 2, seen=3, told=3), COLOUR, likelihood=Normal(0.5)).double()


def test_the_loss_is_the_vae_s_of_nets_that_are_told_the_attribute():
    method, batch = cvae(), vectors()
    told = torch.eye(3, dtype=torch.float64)[batch.factors[:, 1]]
    mean, logvar = method.nets.encoder(torch.cat([batch.values, told], dim=1))
    codes = mean + (logvar / 2).exp() * STEP.randn("posterior", 6, 2)
    expected = normal_nll(method.nets.decoder(torch.cat([codes, told], dim=1)), batch.values, 0.5).mean()
    terms = method("vae", {"unlabelled": batch}, STEP)
    assert terms["reconstruction"].value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert terms["kl"].value.item() == pytest.approx(kl_normal(mean, logvar).sum(dim=1).mean().item(), abs=1e-12)
    assert terms["kl"].weight == terms["reconstruction"].weight == 1


def test_nets_that_do_not_listen_are_a_vae():
    method, batch = cvae(), vectors()
    plain = VAE(linear_nets((5,), 2), likelihood=Normal(0.5)).double()
    with torch.no_grad():
        for own, other in zip(method.parameters(), plain.parameters(), strict=True):
            if own.shape != other.shape:
                own[:, other.shape[1] :] = 0
                other.copy_(own[:, : other.shape[1]])
            else:
                other.copy_(own)
    found, expected = (each("vae", {"unlabelled": batch}, STEP) for each in (method, plain))
    for name, term in expected.items():
        assert found[name].value.item() == pytest.approx(term.value.item(), abs=1e-12)


def test_who_tells_nothing_tells_the_uniform_distribution():
    method, batch = cvae(), vectors()
    values = batch.factors[:, 1]
    assert torch.equal(method.encode(batch.values, values), method.posterior_of(batch).mean)
    uniform = torch.full((6, 3), 1 / 3, dtype=torch.float64)
    assert torch.equal(method.encode(batch.values), method.encode(batch.values, uniform))
    codes = method.encode(batch.values)
    assert torch.equal(method.decode(codes), method.decode(codes, uniform))
    of_each = torch.stack([method.decode(codes, torch.full((6,), value)) for value in range(3)])
    assert torch.allclose(of_each.mean(dim=0), method.decode(codes))  # of linear nets
    assert not torch.allclose(of_each[0], of_each[1])


def test_samples_are_of_the_attribute_that_is_asked_for():
    method = cvae()
    values = torch.zeros(4, dtype=torch.int64)
    assert not torch.allclose(method.sample(4, 1, values), method.sample(4, 1, values + 1))
    assert method.sample(4, 1).shape == (4, 5)


@pytest.mark.parametrize(("name", "size"), [(None, 10), ("colour", 3), ("label", 10)])
def test_the_attribute_is_the_label_or_the_factor_of_that_name(name, size):
    method = CVAERecipe(attribute=name).build(DATA)
    assert isinstance(method, CVAE)
    assert method.attribute.size == size


def test_an_attribute_that_there_is_not_is_refused():
    with pytest.raises(MetapriorError, match="unknown attribute 'color'; did you mean 'colour'"):
        CVAERecipe(attribute="color").build(DATA)
    with pytest.raises(MetapriorError, match="neither classes nor factors that vary"):
        CVAERecipe().build(replace(DATA, classes=0, factor_names=(), factor_sizes=()))
