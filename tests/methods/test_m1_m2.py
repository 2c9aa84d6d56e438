"""M1+M2: each learns its own loss, and together they explain an input."""

import math
from dataclasses import replace

import pytest
import torch

from metaprior.core import Batch, Counter, DataSpec, Infers, MetapriorError, Step
from metaprior.methods import M1M2, VAE, M1M2Recipe
from tests.conftest import random

DATA = DataSpec(value_shape=(5,), classes=3, labelled_factors=("class",), labelled_factor_sizes=(3,))
HYPER = {"alpha": torch.tensor(7.0), "bounds": torch.tensor(1.0)}
BATCHES = {
    name: Batch({"values": random(seed, 6, 5, dtype=torch.float64), "labels": torch.arange(6) % 3})
    for seed, name in enumerate(("unlabelled", "labelled"))
}


def build(**choices):
    torch.manual_seed(0)
    small = {"nets": "linear", "latent_dim": 2, "features": 4, "feature_hidden": 8}
    method = M1M2Recipe(**small | choices).build(DATA).double()
    assert isinstance(method, M1M2)
    return method


def step(seed=0):
    return Step(hyper=HYPER, draws=Counter(seed, dtype=torch.float64))


def test_m1_is_the_vae():
    method, now = build(), step()
    found = method("m1", BATCHES, now)
    expected = VAE.forward(method.m1, "vae", BATCHES, now)
    assert {name: term.value.item() for name, term in found.items()} == {
        name: term.value.item() for name, term in expected.items()
    }


def test_m2_learns_from_samples_of_m1_s_codes_and_neither_moves_the_other():
    method, now = build(), step()
    below = sum(term.value * term.weight for term in method("m1", BATCHES, now).values())
    codes = method.m1.infer(BATCHES["unlabelled"], now)[1]
    assert torch.equal(now.shared["codes"], codes)
    seen = []
    method.m2.register_forward_pre_hook(lambda module, given: seen.append(given[1]))
    above = sum(term.value * term.weight for term in method("m2", BATCHES, now).values())
    assert torch.equal(seen[0]["unlabelled"].values, codes)
    assert torch.equal(seen[0]["labelled"].labels, BATCHES["labelled"].labels)
    assert seen[0]["labelled"].values.shape == (6, 4)
    for loss, own, other in ((below, method.m1, method.m2), (above, method.m2, method.m1)):
        method.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in own.parameters())
        assert all(parameter.grad is None for parameter in other.parameters())


def test_players_own_all_parameters_each_its_own():
    players = {player.name: player.modules for player in build().players()}
    assert players == {"m1": ("m1.nets",), "m2": ("m2.nets", "m2.classifier")}


def test_the_two_draw_different_numbers():
    method, now, drawn = build(), step(), []

    def draws(kind, name, shape):
        drawn.append(name)
        return step().draws(kind, name, shape)

    now.draws = draws
    for player in ("m1", "m2"):
        method(player, BATCHES, now)
    assert len(set(drawn)) == len(drawn)


def test_the_bound_of_many_samples_is_the_likelihood_of_linear_nets():
    """M2 that tells nothing leaves M1's prior, N(0, 1), and so probabilistic PCA."""
    method = build()
    with torch.no_grad():
        for net in (method.m2.nets.decoder, method.m2.nets.encoder):
            for parameter in net.parameters():
                parameter.zero_()
        for parameter in (*method.m1.nets.encoder.parameters(), *method.m2.classifier.parameters()):
            parameter.mul_(0.1)
    weight, bias = method.m1.nets.decoder[0].weight.detach(), method.m1.nets.decoder[0].bias.detach()
    law = torch.distributions.MultivariateNormal(bias, weight @ weight.T + torch.eye(5))
    found = method.explain(BATCHES["unlabelled"], step(), samples=50_000)
    assert found.log_ratio is not None
    assert found.rate is None
    estimate = (-found.distortion - found.log_ratio).logsumexp(dim=1) - math.log(50_000)
    assert torch.allclose(estimate, law.log_prob(BATCHES["unlabelled"].values), atol=0.1)


def test_what_it_can_do_goes_through_both():
    method, vectors = build(), BATCHES["unlabelled"].values
    features = method.m1.encode(vectors)
    codes = method.encode(vectors)
    assert torch.equal(codes, method.m2.encode(features))
    assert torch.equal(method.classify(vectors), method.m2.classify(features))
    assert torch.equal(method.decode(codes), method.m1.decode(method.m2.decode(codes)))
    values = torch.zeros(4, dtype=torch.int64)
    assert not torch.allclose(method.sample(4, 1, values), method.sample(4, 1, values + 1))
    assert not isinstance(method, Infers)


def test_bad_choices_are_refused():
    for choices, said in (
        ({"features": 0}, "features must be at least 1"),
        ({"feature_hidden": 0}, "feature_hidden must be at least 1"),
        ({"feature_variance": 0.0}, "feature_variance must be above 0"),
        ({"alpha": -1.0}, "alpha must be at least 0"),
    ):
        with pytest.raises(MetapriorError, match=said):
            build(**choices)
    with pytest.raises(MetapriorError, match="learns from a few labels, and there are none"):
        M1M2Recipe().build(replace(DATA, labelled_factors=(), labelled_factor_sizes=()))


def test_all_choices_of_m2_reach_it():
    """One that did not would be an option that is taken and ignored."""
    choices = {"alpha": 3.0, "bounds": 0.5, "labelled_batch": 7, "batch": 9}
    method = M1M2Recipe(nets="mlp", hidden=8, feature_hidden=8, **choices).build(DATA)
    assert (method.hyper["alpha"], method.hyper["bounds"]) == (3.0, 0.5)
    assert (method.m2.labelled_batch, method.m2.batch) == (7, 9)
