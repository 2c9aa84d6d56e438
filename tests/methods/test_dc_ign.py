"""DC-IGN: what the decoder is given, and which gradient each code takes."""

from dataclasses import replace

import pytest
import torch

from metaprior.core import Batch, Counter, DataSpec, MetapriorError, Part, Step
from metaprior.data import DSpritesOptions, dsprites_world
from metaprior.methods import VAE, AttributeDCIGN, DCIGNRecipe, FactorDCIGN
from metaprior.nets import Posterior
from metaprior.training import Loop, fit
from tests.conftest import random

WORLD = DataSpec(value_shape=(5,), factor_names=("a", "b", "c"), factor_sizes=(3, 4, 5))
SET = DataSpec(value_shape=(5,), classes=3, examples=100)
SMALL = {"nets": "linear", "latent_dim": 4, "batch": 6}
VECTORS, CODES = random(0, 6, 5, dtype=torch.float64), random(1, 6, 4, dtype=torch.float64)
LABELS = torch.tensor([0, 1, 0, 2, 1, 0])
STEP = Step(hyper={"invariance": torch.tensor(0.01, dtype=torch.float64)}, draws=Counter(0, dtype=torch.float64))


def build(data=WORLD, **choices):
    torch.manual_seed(0)
    return DCIGNRecipe(**SMALL | choices).build(data).double()


def world_batch(*varies):
    """Examples of which these factors differ."""
    factors = torch.ones(6, 3, dtype=torch.int64)
    for place in varies:
        factors[:, place] = torch.tensor([0, 1, 2, 0, 1, 2])
    return Batch({"values": VECTORS, "factors": factors})


def label_batch():
    return Batch({"values": VECTORS, "labels": LABELS})


@pytest.mark.parametrize(("varies", "held"), [((1,), [0, 1, 1, 1]), ((2,), [1, 0, 1, 1]), ((0,), [1, 1, 0, 0])])
def test_codes_of_what_does_not_vary_are_held_at_the_batch_s_mean(varies, held):
    """Codes 0 and 1 stand for b and c, the others for all else."""
    method = build()
    assert isinstance(method, FactorDCIGN)
    found, mean = method.held(CODES, world_batch(*varies), STEP)
    assert found.tolist() == [bool(each) for each in held]
    assert torch.allclose(mean, CODES.mean(dim=0))


def test_of_labels_the_first_code_is_held_at_the_mean_over_its_label():
    method = build(SET)
    assert isinstance(method, AttributeDCIGN)
    held, mean = method.held(CODES, label_batch(), STEP)
    assert held.tolist() == [True, False, False, False]
    expected = torch.stack([CODES[label == LABELS, 0].mean() for label in LABELS])
    assert torch.allclose(mean[:, 0], expected)


@pytest.mark.parametrize("kind", ["world", "set"])
def test_forward_and_gradient_are_the_paper_s(kind, monkeypatch):
    """The decoder sees means; a held code's gradient is its distance from the mean over 100 and no other."""
    method, batch = (build(), world_batch(1)) if kind == "world" else (build(SET), label_batch())
    codes = CODES.clone().requires_grad_()
    seen = []
    posterior = Posterior(torch.zeros_like(CODES), torch.zeros_like(CODES))
    monkeypatch.setattr(method, "infer", lambda batch, step: (posterior, codes))
    monkeypatch.setattr(method, "outputs", lambda given, batch: seen.append(given) or method.nets.decoder(given))
    terms = method("vae", {"unlabelled": batch}, STEP)
    held, mean = method.held(CODES, batch, STEP)
    clamped = torch.where(held, mean, CODES)
    assert torch.equal(seen[0], clamped)

    sum(term.value * term.weight for term in terms.values()).backward()
    free = clamped.clone().requires_grad_()
    method.likelihood.nll(method.nets.decoder(free), batch.inputs).mean().backward()
    expected = torch.where(held, (CODES - mean) / 100 / 6, free.grad)
    assert torch.allclose(codes.grad, expected, atol=1e-12)
    assert expected[:, held].abs().sum() > 0
    assert expected[:, ~held].abs().sum() > 0


def test_where_all_varies_it_is_the_vae():
    method, batch = build(), world_batch(0, 1, 2)
    terms = method("vae", {"unlabelled": batch}, STEP)
    expected = VAE.forward(method, "vae", {"unlabelled": batch}, STEP)
    assert terms["invariance"].value.item() == 0
    assert {name: terms[name].value.item() for name in expected} == {n: t.value.item() for n, t in expected.items()}


@pytest.mark.parametrize("kind", ["world", "set"])
def test_a_part_of_the_batch_takes_the_means_of_the_whole_of_it(kind):
    method, batch = (build(), world_batch(2)) if kind == "world" else (build(SET), label_batch())
    held, mean = method.held(CODES, batch, STEP)
    whole = [CODES, CODES[:, :1], batch.factors.double() if kind == "world" else torch.eye(3).double()[LABELS]]

    def gather(rows):
        return next(each for each in whole if each.shape[1:] == rows.shape[1:] and torch.equal(each[:3], rows))

    own = batch.map(lambda column: column[:3])
    part_held, part_mean = method.held(CODES[:3], own, replace(STEP, part=Part(0, 2, gather)))
    assert torch.equal(part_held, held)
    assert torch.allclose(part_mean, mean if len(mean) == 1 else mean[:3])


def test_training_on_a_world_ties_a_code_to_its_factor():
    world = dsprites_world(DSpritesOptions(size=16, shape=2, scale=2, orientation=1, position_x=4, position_y=4))
    world = world.cached()
    torch.manual_seed(0)
    method = DCIGNRecipe(known=("position_x",), latent_dim=3, batch=32, lr=3e-3, ratio=1.0).build(world.spec)
    fit(method, {"train": world}, Loop(steps=600))
    every = world.gather(torch.arange(len(world)))
    with torch.no_grad():
        codes = method.encode(every.images)
    column = world.factor_names.index("position_x")
    means = torch.stack([codes[every.factors[:, column] == value].mean(dim=0) for value in range(4)])
    explained = means.var(dim=0, correction=0) / codes.var(dim=0, correction=0)
    assert explained[0] > 0.8
    assert explained[0] > 2 * explained[1:].max()


@pytest.mark.parametrize(
    ("data", "choices", "said"),
    [
        (WORLD, {"known": ("d",)}, "unknown factor 'd'"),
        (WORLD, {"known": ("a", "b", "c")}, "another be left to vary as all else"),
        (WORLD, {"latent_dim": 2}, "3 factors cannot be tied to 2 codes"),
        (WORLD, {"attribute": "a"}, "this is a world; name its known factors"),
        (WORLD, {"batch": 1}, "batch must be at least 2"),
        (WORLD, {"ratio": -1.0}, "ratio must be at least 0"),
        (WORLD, {"invariance": -1.0}, "invariance must be at least 0"),
        (SET, {"known": ("a",)}, "known factors are those of a world"),
        (SET, {"latent_dim": 1}, "latent_dim must be at least 2"),
        (DataSpec(value_shape=(5,), examples=10), {}, "neither classes nor factors"),
        (DataSpec(value_shape=(5,), factor_names=("a",), factor_sizes=(3,)), {}, "another be left to vary as all else"),
    ],
)
def test_bad_choices_are_refused(data, choices, said):
    with pytest.raises(MetapriorError, match=said):
        build(data, **choices)
