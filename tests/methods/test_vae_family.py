"""Identities between the methods of the family, and what they refuse."""

import math
from dataclasses import replace

import pytest
import torch

from metaprior.core import Batch, Cosine, Counter, DataSpec, Linear, MetapriorError, Step, value_at
from metaprior.data import Dataset
from metaprior.methods import (
    RECIPES,
    AnnealedVAERecipe,
    AutoencoderRecipe,
    BetaTCVAE,
    BetaTCVAERecipe,
    BetaVAERecipe,
    DIPVAERecipe,
    FactorVAERecipe,
    HSICVAERecipe,
    InfoVAERecipe,
    PairVAERecipe,
    S2BetaVAERecipe,
    SupervisedRecipe,
    SupervisionRecipe,
    VAERecipe,
    VIBRecipe,
)
from metaprior.objectives import kl_normal
from metaprior.training import Loop, fit, saved_tensors
from tests.conftest import random, spec_of_squares, squares

DATA = spec_of_squares()
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
    choices, data = {"latent_dim": 2, "batch": 8}, replace(DATA, factor_sizes=(4, 4, 4))
    with pytest.raises(MetapriorError, match="raise latent_dim to at least 3"):
        PairVAERecipe(**choices, known=True).build(data)
    assert PairVAERecipe(**choices).build(data).nets.latent_dim == 2  # no factor is tied to a code


@pytest.mark.parametrize("name", ["ada-gvae", "ada-ml-vae"])
def test_one_code_is_enough_for_pairs_only_where_it_is_known_that_its_factor_differs(name):
    recipe, data = replace(RECIPES[name].recipe, latent_dim=1), replace(DATA, factor_sizes=(4,))
    with pytest.raises(MetapriorError, match=r"latent_dim must be at least 2, not 1: .* two images never differ$"):
        recipe.build(data)
    assert replace(recipe, known=True).build(data).nets.latent_dim == 1


def test_pairs_of_a_data_set_are_an_error_though_its_length_would_do():
    """48 rows are three times 16 combinations, and in no order: an index would say nothing of the factors."""
    factors = torch.randint(4, (48, 2), generator=torch.Generator().manual_seed(0))
    images = torch.zeros(48, 1, 16, 16, dtype=torch.uint8)
    rows = Dataset("rows", images=images, factors=factors, factor_names=("a", "b"), factor_sizes=(4, 4))
    with pytest.raises(MetapriorError, match="all 16 combinations of its factors; this data is a set of 48 examples"):
        PairVAERecipe(**SMALL).build(rows.spec)


REFUSED = {
    "a negative beta": (BetaVAERecipe(beta=-1.0), "beta must be at least 0, not -1.0"),
    "a beta that goes below 0": (BetaVAERecipe(beta=Linear(4.0, -4.0, 10)), "beta must be at least 0, not linear"),
    "a beta that is no number": (BetaTCVAERecipe(beta=math.nan), "beta must be finite and at least 0, not nan"),
    "a negative beta of pairs": (PairVAERecipe(beta=-1.0), "beta must be at least 0"),
    "a negative gamma": (FactorVAERecipe(gamma=-1.0), "gamma must be at least 0"),
    "a critic that does not learn": (FactorVAERecipe(critic_lr=0.0), "critic_lr must be above 0"),
    "a negative capacity": (AnnealedVAERecipe(c_max=-1.0), "c_max must be at least 0"),
    "a capacity's negative weight": (AnnealedVAERecipe(gamma=-1.0), "gamma must be at least 0"),
    "a ramp of no steps": (AnnealedVAERecipe(ramp=0), "ramp must be at least 1, not 0"),
    "a negative lambda": (DIPVAERecipe(lambda_od=-1.0), "lambda_od must be at least 0"),
    "a negative factor": (DIPVAERecipe(lambda_d_factor=-1.0), "lambda_d_factor must be at least 0"),
    "a variance that nothing has": (VAERecipe(variance=0.1), "variance is of a normal likelihood"),
    "weights that the study's estimator has not": (BetaTCVAERecipe(gamma=2.0), "choose estimator=mws or mss"),
    "a batch of more than there are": (BetaTCVAERecipe(estimator="mss"), "batch must be at most 16, the number of"),
    "no learning": (VAERecipe(lr=0.0), "lr must be above 0, not 0.0"),
    "learning without end": (VAERecipe(lr=math.inf), "lr must be finite and above 0"),
    "a discrepancy that drives away": (
        InfoVAERecipe(alpha=0.0, strength=1e-3),
        r"0 \+ 0\.001 - 1 is below 0, so that codes would be driven away",
    ),
    "more than the whole KL": (InfoVAERecipe(alpha=1.5), "alpha must be at most 1, not 1.5"),
    "a strength that is no number": (InfoVAERecipe(strength=math.nan), "strength must be finite and at least 0"),
    "the distribution of one": (InfoVAERecipe(batch=1), "batch must be at least 2, not 1: one example"),
    "groups that are not equal": (HSICVAERecipe(groups=3), "10 codes cannot be parted into 3 groups"),
    "one group": (HSICVAERecipe(groups=1), "groups must be at least 2, not 1"),
    "a negative strength": (HSICVAERecipe(strength=-1.0), "strength must be at least 0"),
    "the dependence of one": (HSICVAERecipe(batch=1), "batch must be at least 2, not 1: one example"),
    "an empty batch": (VAERecipe(batch=0), "batch must be at least 1"),
    "the covariance of one": (DIPVAERecipe(batch=1), "batch must be at least 2, not 1: one example"),
    "the total correlation of one": (BetaTCVAERecipe(batch=1), "batch must be at least 2, not 1: one example"),
    "the permutation of one": (FactorVAERecipe(batch=1), "batch must be at least 2, not 1: one example"),
} | {
    name: (SupervisedRecipe(supervision=SupervisionRecipe(**choices)), said)
    for name, choices, said in (
        ("a negative weight of labels", {"gamma_sup": -4.0}, "gamma_sup must be at least 0"),
        ("no labels", {"labelled_batch": 0}, "labelled_batch must be at least 1"),
        ("the labels' covariance of one", {"loss": "cov", "labelled_batch": 1}, "labelled_batch must be at least 2"),
        ("a distance without a unit", {"loss": "embed", "sigma": 0.0}, "sigma must be above 0"),
    )
}


@pytest.mark.parametrize("name", REFUSED)
def test_choices_that_make_no_sense_are_refused_before_anything_is_trained(name):
    recipe, said = REFUSED[name]
    with pytest.raises(MetapriorError, match=said):
        recipe.build(DATA)


@pytest.mark.parametrize("name", RECIPES)
def test_choices_at_their_bounds_are_built(name):
    """A weight of 0 is the method without its term, and a learning rate may warm up from 0 and end there."""
    zero = {"beta": 0.0, "gamma": 0.0, "lambda_od": 0.0, "lambda_d_factor": 0.0, "c_max": 0.0, "ramp": 1, "batch": 2}
    recipe = replace(RECIPES[name].recipe, lr=Cosine(1e-3, steps=10, warmup=2))
    choices = {choice: value for choice, value in zero.items() if hasattr(recipe, choice)}
    if isinstance(recipe, BetaTCVAERecipe):
        choices["estimator"] = "mws"  # the study's has no gamma
    assert replace(recipe, **choices).build(DATA).players()


def test_supervision_without_factors_is_an_error():
    with pytest.raises(MetapriorError, match="needs data with factors"):
        S2BetaVAERecipe().build(DataSpec(image_shape=(1, 16, 16)))


def test_the_studys_nets_refuse_other_sizes():
    with pytest.raises(MetapriorError, match="64x64"):
        VAERecipe(nets="study").build(DATA)


VECTORS = DataSpec(value_shape=(5,), classes=3, examples=12)
BATCH = Batch({"values": random(0, 12, 5, dtype=torch.float64), "labels": torch.arange(12) % 3})
NOISE = random(1, 12, 4, dtype=torch.float64)
LINEAR = {"nets": "linear", "latent_dim": 4, "batch": 12}
MEANS = {
    "ae": AutoencoderRecipe(**LINEAR),
    "vae": VAERecipe(**LINEAR),
    "beta-vae": BetaVAERecipe(**LINEAR, beta=3.0),
    "annealed-vae": AnnealedVAERecipe(**LINEAR, c_max=2.0, ramp=1),
    "dip-vae-i": DIPVAERecipe(**LINEAR),
    "dip-vae-ii": DIPVAERecipe(**LINEAR, kind="ii"),
    "vib": VIBRecipe(**LINEAR),
}
"""Methods whose terms are of each example by itself, or of the distribution of the batch."""


def built(recipe):
    torch.manual_seed(0)
    return recipe.build(VECTORS).double()


def terms_by(method, batch, noise):
    hyper = {name: torch.as_tensor(value_at(value, 1)).double() for name, value in method.hyper.items()}
    (player,) = method.players()
    return method(player.name, {"unlabelled": batch}, Step(hyper=hyper, draws=lambda *_: noise))


def assert_same_terms(found, expected):
    assert found.keys() == expected.keys()
    for name, term in expected.items():
        assert found[name].value.item() == pytest.approx(term.value.item(), rel=1e-12, abs=1e-12), name
        assert float(found[name].weight) == float(term.weight), name


@pytest.mark.parametrize("name", MEANS)
def test_a_batch_that_is_there_twice_has_the_same_loss(name):
    method = built(MEANS[name])
    twice = terms_by(method, BATCH.map(lambda column: torch.cat([column] * 2)), torch.cat([NOISE] * 2))
    assert_same_terms(twice, terms_by(method, BATCH, NOISE))


PERMUTED = {name: recipe for name, recipe in MEANS.items() if name not in ("ae", "vib")} | {
    "beta-tcvae": BetaTCVAERecipe(**LINEAR),
    "beta-tcvae of stratified weights": BetaTCVAERecipe(**LINEAR, alpha=2.0, gamma=3.0, estimator="mss"),
}


@pytest.mark.parametrize("name", PERMUTED)
def test_no_term_depends_on_the_order_of_codes(name):
    method, other, order = built(PERMUTED[name]), built(PERMUTED[name]), torch.tensor([2, 0, 3, 1])
    with torch.no_grad():
        for head in (other.nets.encoder.mean, other.nets.encoder.logvar):
            head.weight.copy_(head.weight[order])
        other.nets.decoder[0].weight.copy_(other.nets.decoder[0].weight[:, order])
    assert torch.equal(other.encode(BATCH.values), method.encode(BATCH.values)[:, order])
    assert_same_terms(terms_by(other, BATCH, NOISE[:, order]), terms_by(method, BATCH, NOISE))


def law_of(mean, logvar):
    """The mixture of posteriors, each as likely: q(z) of a whole set."""
    mixed = torch.distributions.Independent(torch.distributions.Normal(mean, (logvar / 2).exp()), 1)
    return torch.distributions.MixtureSameFamily(torch.distributions.Categorical(mean.new_ones(len(mean))), mixed)


def test_on_the_whole_set_beta_tcvae_s_parts_are_exact_and_with_one_weight_its_loss_is_the_beta_vae_s():
    """Each example is there twice, with noise of 1 and of -1: the mean of a log-ratio is then the KL itself."""
    b, count = 5.0, 24
    batch = BATCH.map(lambda column: torch.cat([column] * 2))
    signs = NOISE.sign()
    noise = torch.cat([signs, -signs])
    plain = built(BetaVAERecipe(**LINEAR, beta=b))
    exact = torch.full((count, count), -math.log(count), dtype=torch.float64)
    method = BetaTCVAE(plain.nets, b, b, b, log_weights=exact, likelihood=plain.likelihood)
    terms, expected = terms_by(method, batch, noise), terms_by(plain, batch, noise)

    mean, logvar = plain.posterior(batch.values)
    codes, prior = mean + (logvar / 2).exp() * noise, torch.distributions.Normal(torch.zeros(4).double(), 1.0)
    own = torch.distributions.Normal(mean, (logvar / 2).exp()).log_prob(codes).sum(dim=1)
    joint = law_of(mean, logvar).log_prob(codes)
    alone = sum(law_of(mean[:, [j]], logvar[:, [j]]).log_prob(codes[:, [j]]) for j in range(4))
    rate = (own - prior.log_prob(codes).sum(dim=1)).mean().item()
    parts = {
        "mutual_information": own - joint,
        "total_correlation": joint - alone,
        "dimension_wise_kl": alone - prior.log_prob(codes).sum(dim=1),
    }
    for name, part in parts.items():
        assert terms[name].value.item() == pytest.approx(part.mean().item(), abs=1e-10), name
        assert abs(part.mean().item()) > 0.05, name
    assert sum(terms[name].value.item() for name in parts) == pytest.approx(rate, abs=1e-10)

    regularisers = sum((term.value * term.weight).item() for name, term in terms.items() if name != "reconstruction")
    assert regularisers == pytest.approx(b * rate, abs=1e-10)
    losses = [sum((term.value * term.weight).item() for term in each.values()) for each in (terms, expected)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-10)
