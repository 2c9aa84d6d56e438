"""Methods that become each other, and the traps of the reference code that they avoid."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from metaprior.core import Batch, DataSpec, Linear, Part, Piecewise, Step
from metaprior.core import Counter as Draws
from metaprior.data import DSpritesOptions, dsprites_world
from metaprior.methods import (
    LOSSES,
    RECIPES,
    AnnealedVAERecipe,
    BetaTCVAERecipe,
    BetaVAERecipe,
    DIPVAERecipe,
    FactorVAERecipe,
    HSICVAERecipe,
    InfoVAERecipe,
    PairVAE,
    PairVAERecipe,
    S2FactorVAERecipe,
    SupervisedRecipe,
    SupervisionRecipe,
    VAERecipe,
)
from metaprior.nets import Posterior
from metaprior.objectives import minibatch_total_correlation
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, squares

DATA = DataSpec(image_shape=(1, 16, 16), factor_sizes=(4, 4))
SMALL = {"batch": 8, "latent_dim": 4, "lr": 1e-3}


def train(recipe, steps=6, labels=10, **loop):
    torch.manual_seed(0)
    method = recipe.build(DATA)
    fit(method, {"train": squares(), "labelled": squares(labels, seed=1)}, Loop(steps=steps, **loop))
    return method


REDUCTIONS = {
    "beta-VAE with beta 1": (BetaVAERecipe(**SMALL, beta=1.0), VAERecipe(**SMALL)),
    "beta-TCVAE with beta 1": (BetaTCVAERecipe(**SMALL, beta=1.0), VAERecipe(**SMALL)),
    "FactorVAE with gamma 0": (FactorVAERecipe(**SMALL, gamma=0.0), VAERecipe(**SMALL)),
    "DIP-VAE I with lambda 0": (DIPVAERecipe(**SMALL, lambda_od=0.0), VAERecipe(**SMALL)),
    "DIP-VAE II with lambda 0": (DIPVAERecipe(**SMALL, lambda_od=0.0, kind="ii"), VAERecipe(**SMALL)),
    "InfoVAE with alpha 0 and lambda 1": (InfoVAERecipe(**SMALL, alpha=0.0, strength=1.0), VAERecipe(**SMALL)),
    "HSIC-VAE with strength 0": (HSICVAERecipe(**SMALL, strength=0.0), VAERecipe(**SMALL)),
    "AnnealedVAE without capacity": (
        AnnealedVAERecipe(**SMALL, c_max=0.0, gamma=3.0),
        BetaVAERecipe(**SMALL, beta=3.0),
    ),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_method_without_its_own_term_is_the_simpler_one(name):
    one, other = (saved_tensors(train(recipe, precision="float64")) for recipe in REDUCTIONS[name])
    for key, value in other.items():
        assert torch.allclose(value, one[key], atol=1e-12), key


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("s2-")])
def test_an_s2_variant_without_its_weight_is_the_unsupervised_method(name):
    without = replace(RECIPES[name].recipe, **SMALL, supervision=SupervisionRecipe(gamma_sup=0.0, labelled_batch=8))
    plain = replace(RECIPES[name.removeprefix("s2-")].recipe, **SMALL)
    supervised, unsupervised = (saved_tensors(train(recipe, steps=4)) for recipe in (without, plain))
    for key, value in unsupervised.items():
        assert torch.equal(value, supervised[key]), key


def terms_of(recipe, hyper, posterior, codes=None, **step):
    method = recipe.build(DATA)
    hyper = {name: torch.tensor(value) for name, value in hyper.items()}
    return method.regularisers(posterior, posterior.mean if codes is None else codes, Step(hyper=hyper, **step))


def test_dip_vae_ii_adds_variances_to_the_diagonal_only():
    """Two peers add their mean to the whole matrix, so that unit posteriors at the origin seem fully correlated."""
    unit = Posterior(torch.zeros(64, 4), torch.zeros(64, 4))
    terms = terms_of(DIPVAERecipe(**SMALL, kind="ii"), {"lambda_od": 1.0}, unit)
    assert terms["off_diagonal"].value.item() == 0
    assert terms["unit_variance"].value.item() == 0
    terms = terms_of(DIPVAERecipe(**SMALL), {"lambda_od": 1.0}, unit)
    assert terms["unit_variance"].value.item() == 4  # of the means, which do not vary


@pytest.mark.parametrize(
    ("recipe", "factor"),
    [
        (RECIPES["dip-vae-i"].recipe, 10.0),
        (RECIPES["dip-vae-ii"].recipe, 1.0),
        (replace(RECIPES["dip-vae-i"].recipe, kind="ii"), 1.0),  # the factor goes with the kind
        (replace(RECIPES["dip-vae-ii"].recipe, lambda_d_factor=3.0), 3.0),
    ],
)
def test_dip_vae_weighs_the_diagonal_as_the_study_does(recipe, factor):
    terms = terms_of(replace(recipe, **SMALL), {"lambda_od": 2.0}, Posterior(random(0, 8, 4), random(1, 8, 4)))
    assert terms["off_diagonal"].weight == 2.0
    assert terms["unit_variance"].weight == 2.0 * factor


def test_beta_tcvae_adds_beta_minus_one_times_the_correlation_to_one_kl():
    """A peer adds it to beta times the KL."""
    terms = terms_of(BetaTCVAERecipe(**SMALL), {"beta": 6.0}, Posterior(random(0, 8, 4), random(1, 8, 4)))
    assert terms["kl"].weight == 1.0
    assert terms["total_correlation"].weight == 5.0


@pytest.mark.parametrize(("step", "expected"), [(0, 0.0), (10, 10.0), (100, 100.0), (101, 100.0)])
def test_the_capacity_grows_as_the_reference_s_does(step, expected):
    method = AnnealedVAERecipe(c_max=100.0, ramp=100).build(DATA)
    assert method.hyper["capacity"](step) == expected


def test_annealed_vae_pulls_the_kl_to_its_capacity_from_both_sides():
    posterior = Posterior(torch.ones(8, 4), torch.zeros(8, 4))  # KL 2
    for capacity, expected in ((0.5, 1.5), (2.0, 0.0), (5.0, 3.0)):
        terms = terms_of(AnnealedVAERecipe(**SMALL), {"capacity": capacity, "gamma": 7.0}, posterior)
        assert terms["off_capacity"].value.item() == pytest.approx(expected)
        assert terms["off_capacity"].weight == 7.0
        assert terms["kl"].weight == 0.0


def test_annealed_vae_holds_the_batch_s_mean_kl_at_the_capacity_and_not_each_example_s():
    """Two examples either side of it, whose mean is there: a peer's mean of distances would be 1."""
    posterior = Posterior(torch.tensor([[2.0, 0.0], [0.0, 6.0]]).sqrt(), torch.zeros(2, 2))  # KLs 1 and 3
    terms = terms_of(AnnealedVAERecipe(**SMALL), {"capacity": 2.0, "gamma": 7.0}, posterior)
    assert terms["off_capacity"].value.item() == pytest.approx(0.0, abs=1e-6)


def test_annealed_vae_holds_the_kl_of_the_whole_batch_at_the_capacity_and_not_each_part_s():
    """One part's KL lies at 1 and the other's at 4, the capacity between them: the distance of each alone is 1 or 2."""
    part = Part(0, 2, all_gather=lambda rows: torch.cat([rows, rows + 3]))
    posterior = Posterior(torch.full((8, 4), 0.5**0.5), torch.zeros(8, 4))  # KL 1
    terms = terms_of(AnnealedVAERecipe(**SMALL), {"capacity": 2.0, "gamma": 7.0}, posterior, part=part)
    assert terms["off_capacity"].value.item() == pytest.approx(0.5)
    assert terms["kl"].value.item() == pytest.approx(2.5)


SCHEDULES = {
    "fixed": (100.0, [100, 100, 100, 100]),
    "anneal": (Linear(0.0, 100.0, steps=100), [0, 10, 100, 100]),
    "fine_tune": (Piecewise((0.0, 100.0), boundaries=(101,)), [0, 0, 0, 100]),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_of_the_supervised_weight_are_the_reference_s(name):
    weight, expected = SCHEDULES[name]
    method = replace(RECIPES["s2-beta-vae"].recipe, supervision=SupervisionRecipe(gamma_sup=weight)).build(DATA)
    found = method.hyper["gamma_sup"]
    assert [found if isinstance(found, float) else found(step) for step in (0, 10, 100, 101)] == expected


@pytest.mark.parametrize("recipe", [FactorVAERecipe(**SMALL), S2FactorVAERecipe(**SMALL)], ids=["plain", "s2"])
def test_a_step_is_one_update_of_each_network(recipe):
    """T1: in the reference both optimisers advance the one counter, so 300,000 steps are 150,000 updates of each."""
    counts = Counter()
    hook = register_optimizer_step_post_hook(lambda optimizer, *_: counts.update([id(optimizer)]))
    try:
        train(recipe, steps=5)
    finally:
        hook.remove()
    assert sorted(counts.values()) == [5, 5]


@pytest.mark.parametrize("name", [name for name, row in RECIPES.items() if getattr(row.recipe, "supervision", None)])
@pytest.mark.parametrize("loss", ["l2", "embed", "embed-ordered"])
def test_what_the_supervised_loss_learns_is_trained_in_every_method(name, loss):
    """T4: S2-FactorVAE of the reference never updates the scale, the places and sigma."""
    supervision = SupervisionRecipe(loss=loss, labelled_batch=8, sigma=None)
    recipe = replace(RECIPES[name].recipe, **SMALL, supervision=supervision)
    torch.manual_seed(0)
    before = {key: value.clone() for key, value in recipe.build(DATA).state_dict().items()}
    after = train(recipe, steps=3).state_dict()
    learned = [key for key in before if key.startswith("supervision.")]
    assert learned
    for key in learned:
        assert not torch.equal(before[key], after[key]), key


def explained(code, values):
    """The share of a code's variance that lies between its means at a factor's values."""
    means = torch.stack([code[values == value].mean() for value in range(4)])
    return (means[values].var(correction=0) / code.var(correction=0)).item()


@pytest.mark.parametrize("loss", LOSSES)
def test_supervision_ties_codes_to_factors(loss):
    """Trained on labels alone, the loss falls on the labelled set; code k follows factor k where the loss says so."""
    supervision = SupervisionRecipe(loss=loss, labelled_batch=16, sigma=None if "embed" in loss else 1.0)
    recipe = SupervisedRecipe(**SMALL | {"lr": 3e-3}, supervision=supervision)
    batch = squares(32, seed=1).gather(torch.arange(32))
    torch.manual_seed(0)
    untrained, trained = recipe.build(DATA), train(recipe, steps=200, labels=32)
    if loss == "l2-reference":  # its least value is not at the truth
        assert trained.encode(batch.images).sigmoid().std(dim=0)[:2].max() < 0.2
        return
    with torch.no_grad():
        before, after = (
            m.supervision(m.encode(batch.images), batch.factors, Step()).item() for m in (untrained, trained)
        )
        codes = trained.encode(batch.images)[:, :2]
    assert after < before
    if loss == "embed":  # places need not be in order
        assert min(explained(code, values) for code, values in zip(codes.T, batch.factors.T, strict=True)) > 0.8
    elif loss != "cov":  # which only keeps codes from following other factors
        correlation = torch.corrcoef(torch.cat([codes, batch.factors.float()], dim=1).T)[:2, 2:].abs()
        assert correlation.diagonal().min() > 0.5


def test_labels_alone_train_no_variance_and_the_encoder_not_by_pictures():
    recipe = SupervisedRecipe(**SMALL, supervision=SupervisionRecipe(gamma_sup=0.0))
    torch.manual_seed(0)
    before = {key: value.clone() for key, value in recipe.build(DATA).state_dict().items()}
    after = train(recipe, steps=3).state_dict()
    moved = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert moved
    assert all(key.startswith("nets.decoder") for key in moved)


WORLD = dsprites_world(DSpritesOptions(size=16, shape=2, scale=2, orientation=2, position_x=4, position_y=4)).cached()


def pair_method(**choices) -> PairVAE:
    torch.manual_seed(0)
    return PairVAERecipe(**SMALL | {"latent_dim": 7}, **choices).build(WORLD.spec)


def test_pairs_of_one_image_are_as_the_vae_s_own_posteriors():
    """Equal posteriors share themselves, so the loss is the VAE's on each image twice."""
    method = pair_method()
    images = WORLD.gather(torch.arange(8)).images
    batch = Batch({"images": images.unsqueeze(1).repeat(1, 2, 1, 1, 1)})
    step = Step(hyper={"beta": torch.tensor(1.0)}, draws=Draws(0))
    terms = method("vae", {"pairs": batch}, step)
    posterior = method.posterior(images)
    assert terms["kl"].value.item() == pytest.approx(
        method.regularisers(posterior, posterior.mean, step)["kl"].value.item(), rel=1e-4
    )


@pytest.mark.parametrize("name", ["ada-gvae", "ada-ml-vae", "group-vae", "ml-vae"])
def test_methods_of_pairs_learn_on_a_world(name):
    recipe = replace(RECIPES[name].recipe, **SMALL | {"latent_dim": 6})
    torch.manual_seed(0)
    method = recipe.build(WORLD.spec)
    first = fit(method, {"train": WORLD}, Loop(steps=1)).record["terms"]["vae/reconstruction"]
    last = fit(method, {"train": WORLD}, Loop(steps=150)).record["terms"]["vae/reconstruction"]
    assert last < 0.7 * first
    assert math.isfinite(last)


DEFAULTS = {
    "beta-vae": {"beta": 4.0, "latent_dim": 10, "batch": 64, "lr": 1e-4},
    "annealed-vae": {"gamma": 1000.0, "ramp": 100_000, "c_max": 25.0},
    "factor-vae": {"gamma": 10.0, "critic_lr": 1e-4, "batch": 64, "lr": 1e-4},
    "dip-vae-i": {"lambda_od": 5.0, "kind": "i"},
    "dip-vae-ii": {"lambda_od": 5.0, "kind": "ii"},
    "beta-tcvae": {"beta": 4.0},
    "s2-beta-vae": {"supervision": SupervisionRecipe(gamma_sup=4.0, loss="xent", labelled_batch=64)},
    "supervised": {"supervision": SupervisionRecipe(gamma_sup=1.0)},
    "ada-gvae": {"beta": 1.0, "common": "average", "known": False, "changed": 1},
    "ada-ml-vae": {"common": "product", "known": False},
    "group-vae": {"common": "average", "known": True},
    "ml-vae": {"common": "product", "known": True},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_the_study_s_or_those_that_the_page_states(name):
    recipe = RECIPES[name].recipe
    assert {choice: getattr(recipe, choice) for choice in DEFAULTS[name]} == DEFAULTS[name]
    players = {player.name: player.optimizer for player in recipe.build(WORLD.spec).players()}
    assert (players["vae"].lr, players["vae"].betas, players["vae"].eps) == (1e-4, (0.9, 0.999), 1e-8)
    if "critic" in players:
        critic = players["critic"]
        assert (critic.lr, critic.betas, critic.eps, critic.weight_decay) == (1e-4, (0.5, 0.9), 1e-8, 0.0)


def test_dip_vae_ii_adds_variances_and_not_deviations():
    wide = Posterior(torch.zeros(8, 4), torch.full((8, 4), math.log(4.0)))
    terms = terms_of(DIPVAERecipe(**SMALL, kind="ii"), {"lambda_od": 1.0}, wide)
    assert terms["unit_variance"].value.item() == pytest.approx(4 * (4 - 1) ** 2)


@pytest.mark.parametrize(("kind", "variance"), [("i", 0), ("ii", 1)])
def test_dip_vae_measures_means_and_not_sampled_codes(kind, variance):
    """Means that do not vary are uncorrelated, whatever the codes drawn around them."""
    unit, codes = Posterior(torch.zeros(8, 4), torch.zeros(8, 4)), random(0, 8, 4)
    terms = terms_of(DIPVAERecipe(**SMALL, kind=kind), {"lambda_od": 1.0}, unit, codes)
    assert terms["off_diagonal"].value.item() == 0
    assert terms["unit_variance"].value.item() == 4 * (1 - variance)


def test_beta_tcvae_measures_sampled_codes():
    posterior, codes = Posterior(random(0, 8, 4), random(1, 8, 4)), random(2, 8, 4)
    found = terms_of(BetaTCVAERecipe(**SMALL), {"beta": 6.0}, posterior, codes)["total_correlation"].value
    assert found.item() == pytest.approx(minibatch_total_correlation(codes, *posterior).item())
    assert found.item() != pytest.approx(minibatch_total_correlation(posterior.mean, *posterior).item())


def test_the_labels_only_decoder_draws_sampled_codes():
    method = SupervisedRecipe(**SMALL).build(DATA)
    with torch.no_grad():
        method.nets.encoder.logvar.bias.fill_(2.0)
    batch = squares(8).gather(torch.arange(8))
    hyper, batches = {"gamma_sup": torch.tensor(1.0)}, {"unlabelled": batch, "labelled": batch}
    steps = [Step(hyper=hyper, draws=Draws(seed)) for seed in (0, 0, 1)]
    values = [method("vae", batches, step)["reconstruction"].value for step in steps]
    assert values[0] == values[1] != values[2]


def test_an_embedding_begins_within_its_bounds_and_is_a_mean_over_the_batch_and_a_sum_over_factors():
    torch.manual_seed(0)
    loss = LOSSES["embed"]((300, 5), sigma=2.0)
    for places, size in zip(loss.places, (300, 5), strict=True):
        bound = math.sqrt(3 / size)
        assert places.abs().max() <= bound
        assert places.abs().max() > 0.5 * bound
    assert max(LOSSES["embed-ordered"]((300,) * 50).places, key=lambda p: p.abs().max()).abs().max() > 1.5
    means, factors = random(0, 6, 4), torch.randint(5, (6, 2), generator=torch.Generator().manual_seed(0))
    expected = sum(
        torch.nn.functional.cross_entropy(-((means[:, k, None] - loss.places[k]) * 2.0).square(), factors[:, k])
        for k in range(2)
    )
    assert loss(means, factors, Step()).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_pair_shares_what_it_is_told_to_and_draws_noise_for_each_image(monkeypatch):
    """Posteriors by hand: one code differs, three are made one; the KL is of what the decoder is given."""
    method = pair_method(known=True)
    mean = torch.tensor([[0.0, 1.0] + [0.0] * 5, [2.0, 1.0] + [0.0] * 5]).repeat(8, 1)
    monkeypatch.setattr(method, "posterior", lambda images: Posterior(mean, torch.zeros_like(mean)))
    drawn = []
    decode = method.nets.decoder.forward
    monkeypatch.setattr(method.nets.decoder, "forward", lambda codes: drawn.append(codes) or decode(codes))
    images = WORLD.gather(torch.arange(16).view(8, 2)).images
    step = Step(hyper={"beta": torch.tensor(1.0)}, draws=Draws(0))

    def kl(*differs):
        factors = torch.zeros(8, 2, 5, dtype=torch.int64)
        for factor in differs:
            factors[:, 1, factor] = 1
        return method("vae", {"pairs": Batch({"images": images, "factors": factors})}, step)["kl"].value.item()

    assert kl() == pytest.approx((1 + 1) / 2)  # code 0 at 1 for both, code 1 at 1
    assert kl(0) == pytest.approx((0 + 4) / 2 / 2 + 1 / 2)
    noise = (drawn[0] - torch.tensor([1.0, 1.0] + [0.0] * 5)).view(8, 2, 7)
    assert not torch.allclose(noise[:, 0], noise[:, 1])
