"""Multiplicative noise: its KL in closed form, and the two tasks it is put to."""

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import LogNormal, kl_divergence

from metaprior.core import Batch, Classifies, Counter, DataSpec, Decodes, Infers, MetapriorError, Samples, Step
from metaprior.methods import (
    InformationDropout,
    InformationDropoutAutoencoder,
    InformationDropoutRecipe,
    MultiplicativeAutoencoder,
    MultiplicativeNoise,
    RectifiedNoise,
)
from metaprior.nets import Posterior
from metaprior.objectives import minibatch_total_correlation
from metaprior.training import Loop, fit
from tests.conftest import Columns, random

DATA = DataSpec(value_shape=(5,), classes=3)
BATCH = Batch({"values": random(0, 6, 5, dtype=torch.float64), "labels": torch.arange(6) % 3})
STEP = Step(hyper={"beta": torch.tensor(0.5)}, draws=Counter(0, dtype=torch.float64))


def build(**choices):
    torch.manual_seed(0)
    return InformationDropoutRecipe(**{"nets": "linear", "latent_dim": 4} | choices).build(DATA).double()


def noise_with(mean, variance):
    noise = MultiplicativeNoise().double()
    with torch.no_grad():
        noise.mean.fill_(mean)
        noise.logvar.fill_(math.log(variance))
    return noise


@pytest.mark.parametrize(("f", "alpha", "mean", "variance"), product((0.1, 3.0), (0.05, 0.7), (-0.5,), (1.0, 4.0)))
def test_the_kl_is_that_of_log_normal_laws(f, alpha, mean, variance):
    """By the card's form, by torch.distributions, and by a million draws."""
    law = Posterior(*(torch.tensor([[math.log(value)]], dtype=torch.float64) for value in (f, alpha**2)))
    found = noise_with(mean, variance).kl(law).item()
    sigma = variance**0.5
    form = (alpha**2 + (math.log(f) - mean) ** 2) / (2 * variance) - math.log(alpha / sigma) - 0.5
    assert found == pytest.approx(form, abs=1e-10)
    one, other = (LogNormal(*torch.tensor(law, dtype=torch.float64)) for law in ((math.log(f), alpha), (mean, sigma)))
    assert found == pytest.approx(kl_divergence(one, other).item(), abs=1e-10)
    codes = f * (alpha * random(0, 1_000_000, dtype=torch.float64)).exp()
    ratio = one.log_prob(codes) - other.log_prob(codes)
    assert found == pytest.approx(ratio.mean().item(), abs=5 * ratio.std().item() / 1000)


def test_codes_are_positive_and_their_mean_is_what_is_encoded():
    method = build(target="input")
    codes = torch.stack([
        method.infer(BATCH, Step(draws=Counter(seed, dtype=torch.float64)))[1].detach() for seed in range(3000)
    ])  # fmt: skip
    assert (codes > 0).all()
    error = codes.std(dim=0) / 3000**0.5
    assert ((codes.mean(dim=0) - method.encode(BATCH.values)).abs() < 5 * error).all()


def test_noise_is_bounded_and_never_none():
    noise = MultiplicativeNoise(most=0.7)
    for scale, least, most in ((-100.0, 1e-3, 1e-3), (0.0, 0.35, 0.352), (100.0, 0.7, 0.702)):
        alpha = (noise.law(torch.zeros(1, 1), torch.tensor([[scale]])).logvar / 2).exp().item()
        assert least - 1e-6 <= alpha <= most
    assert noise.law(torch.tensor([[-1e4]]), torch.zeros(1, 1)).mean.isfinite().all()


def test_the_label_s_loss_is_its_cross_entropy_on_noisy_codes_and_beta_times_the_kl():
    method = build()
    assert isinstance(method, InformationDropout)
    law = method.law(BATCH.values)
    codes = law.mean.exp() * ((law.logvar / 2).exp() * STEP.randn("posterior", 6, 4)).exp()
    terms = method("bottleneck", {"unlabelled": BATCH}, STEP)
    expected = F.cross_entropy(method.classifier(codes), BATCH.labels)
    assert terms["label"].value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert terms["kl"].value.item() == pytest.approx(method.noise.kl(law).sum(dim=1).mean().item(), abs=1e-12)
    assert float(terms["kl"].weight) == 0.5


def test_the_input_s_loss_is_the_bound_on_its_likelihood():
    method = build(target="input")
    assert isinstance(method, InformationDropoutAutoencoder)
    terms = method("vae", {"unlabelled": BATCH}, STEP)
    found = method.explain(BATCH, STEP)
    assert terms["reconstruction"].value.item() == pytest.approx(found.distortion.mean().item(), abs=1e-12)
    many = method.explain(BATCH, STEP, samples=20_000)
    assert many.log_ratio is not None
    assert many.rate is not None
    assert terms["kl"].value.item() == pytest.approx(many.rate.sum(dim=1).mean().item(), abs=1e-12)
    error = many.log_ratio.std(dim=1) / 20_000**0.5
    assert ((many.log_ratio.mean(dim=1) - many.rate.sum(dim=1)).abs() < 5 * error).all()


@pytest.mark.parametrize("target", ["label", "input"])
def test_the_prior_is_learned(target):
    method = build(target=target)
    (player,) = method.players()
    assert "noise" in player.modules
    terms = method(player.name, {"unlabelled": BATCH}, STEP)
    terms["kl"].value.backward()
    assert method.noise.mean.grad is not None
    assert method.noise.mean.grad.abs() > 0


def test_samples_follow_the_learned_prior():
    method = build(target="input")
    with torch.no_grad():
        method.noise.mean.fill_(0.3)
        method.noise.logvar.fill_(-80.0)
    codes = torch.full((2, 4), math.exp(0.3)).double()
    assert torch.allclose(method.sample(2, seed=3), method.decode(codes))


def test_what_each_target_can_do():
    label, inputs = build(), build(target="input")
    for capability, has in ((Classifies, (True, False)), (Decodes, (False, True)), (Samples, (False, True))):
        assert (isinstance(label, capability), isinstance(inputs, capability)) == has
    assert not isinstance(label, Infers)
    assert not isinstance(inputs, Infers)  # its codes are not normal
    assert label.classify(BATCH.values).shape == (6, 3)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"beta": -1.0}, "beta must be at least 0"),
        ({"max_alpha": 0.0}, "max_alpha must be above 0"),
        ({"gamma": -1.0}, "gamma must be at least 0"),
        ({"gamma": 1.0, "batch": 1}, "batch must be at least 2"),
        ({"gamma": 1.0, "code": "relu"}, "codes of a ReLU may be 0; leave it out"),
        ({"gamma": 1.0, "code": "relu", "target": "input"}, "codes of a ReLU may be 0; leave it out"),
        ({"target": "input", "attribute": "label"}, "attribute is of the target label"),
        ({"target": "input", "attribute": "label", "code": "relu"}, "attribute is of the target label"),
    ],
)
def test_bad_choices_are_refused(choices, said):
    with pytest.raises(MetapriorError, match=said):
        build(**choices)


def stepped(gamma):
    return Step(hyper=STEP.hyper | {"gamma": torch.tensor(gamma)}, draws=STEP.draws)


@pytest.mark.parametrize("target", ["label", "input"])
def test_gamma_weighs_the_total_correlation_of_codes_and_leaves_the_other_terms(target):
    """That of log z by its normal posteriors, and that of z by its log-normal ones, are one and the same."""
    plain, method = build(target=target), build(target=target, gamma=3.0)
    (player,) = method.players()
    terms = method(player.name, {"unlabelled": BATCH}, stepped(3.0))
    found = terms.pop("total_correlation")
    assert float(found.weight) == 3
    without = plain(player.name, {"unlabelled": BATCH}, STEP)
    assert "gamma" not in plain.hyper
    assert {name: term.value.item() for name, term in terms.items()} == {
        name: term.value.item() for name, term in without.items()
    }
    law = method.law(BATCH.values) if target == "label" else method.infer(BATCH, STEP)[0]
    logs = law.mean + (law.logvar / 2).exp() * STEP.randn("posterior", 6, 4)
    assert found.value.item() == pytest.approx(minibatch_total_correlation(logs, *law).item(), abs=1e-10)
    densities = LogNormal(law.mean, (law.logvar / 2).exp()).log_prob(logs.exp()[:, None])
    of_codes = densities.sum(dim=2).logsumexp(dim=1) - densities.logsumexp(dim=1).sum(dim=1)
    assert found.value.item() == pytest.approx(of_codes.mean().item(), abs=1e-10)


@pytest.mark.parametrize("target", ["label", "input"])
def test_without_gamma_batches_may_be_accumulated_and_with_it_not(target):
    source = {"train": Columns(values=BATCH.values.float(), labels=BATCH.labels)}
    fit(build(target=target, batch=4).float(), source, Loop(steps=1, accumulate=2))
    with pytest.raises(MetapriorError, match="couples the whole batch"):
        fit(build(target=target, batch=4, gamma=1.0).float(), source, Loop(steps=1, accumulate=2))


def test_gamma_makes_codes_independent():
    """Inputs of which two values nearly agree: an autoencoder of them keeps codes that follow each other less."""
    shared = random(1, 512, 1)
    values = torch.cat([shared, shared + 0.3 * random(2, 512, 1), 0.1 * random(3, 512, 3)], dim=1)
    source, data, dependence = {"train": Columns(values=values)}, DataSpec(value_shape=(5,)), {}
    for gamma in (0.0, 30.0):
        torch.manual_seed(0)
        recipe = InformationDropoutRecipe(
            target="input", gamma=gamma, beta=0.1, nets="linear", latent_dim=2, lr=1e-2, variance=0.1
        )
        method = recipe.build(data)
        fit(method, source, Loop(steps=400))
        with torch.no_grad():
            codes = method.infer(Batch({"values": values}), Step())[1].log()
        dependence[gamma] = codes.T.corrcoef()[0, 1].abs().item()
    assert dependence[30.0] < 0.2 < dependence[0.0]


def test_the_kl_of_a_code_that_is_on_is_minus_log_alpha_up_to_a_constant():
    """By quadrature: the integral of q(z) log q(z) / (1 / z), whatever f, and the published code's constant."""
    noise, scales = RectifiedNoise(0.7), torch.tensor([[-2.0, 0.0, 3.0]], dtype=torch.float64)
    for f in (0.1, 5.0):
        law = noise.law(torch.full((1, 3), f, dtype=torch.float64), scales)
        alpha = (law[1] / 2).exp()
        assert torch.allclose(alpha, 0.7 * scales.sigmoid() + 1e-3)
        assert torch.allclose(noise.kl(law), -(alpha / 0.701).log(), atol=1e-12)
        logs = math.log(f) + alpha * torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]
        density = LogNormal(torch.tensor(math.log(f), dtype=torch.float64), alpha).log_prob(logs.exp())
        integrand = (density + logs).exp() * (density + logs)  # dz = z dlog z, and -log(1 / z) = log z
        integral = torch.stack([torch.trapezoid(integrand[:, k], logs[:, k]) for k in range(3)])
        constant = integral - noise.kl(law)[0]
        assert torch.allclose(constant, constant[:1].expand(3), atol=1e-6)


def test_the_noisiest_code_costs_nothing_and_one_that_is_off_neither():
    noise = RectifiedNoise(0.7)
    law = noise.law(torch.tensor([[1.0, -1.0, 0.0]]), torch.tensor([[100.0, 0.0, -100.0]]))
    assert noise.kl(law).abs().max() < 1e-6
    assert noise.draw(law, torch.ones(1, 3)).tolist() == [[pytest.approx(math.exp(0.701), rel=1e-5), 0, 0]]


def test_gradients_of_codes_that_are_off_are_finite():
    activations, scales = (random(seed, 6, 4).requires_grad_() for seed in (1, 2))
    noise = RectifiedNoise()
    law = noise.law(activations, scales)
    assert (law[0] == 0).any()
    (noise.draw(law, random(3, 6, 4)).sum() + noise.kl(law).sum()).backward()
    for each in (activations, scales):
        assert each.grad is not None
        assert each.grad.isfinite().all()
        assert (each.grad[law[0] == 0] == 0).all()
        assert (each.grad[law[0] > 0] != 0).all()


@pytest.mark.parametrize("target", ["label", "input"])
def test_rectified_codes_have_the_loss_of_softplus_ones_by_their_own_noise(target):
    method = build(target=target, code="relu")
    (player,) = method.players()
    terms = method(player.name, {"unlabelled": BATCH}, STEP)
    law = method.law(BATCH.values) if target == "label" else method.infer(BATCH, STEP)[0]
    assert terms["kl"].value.item() == pytest.approx(method.noise.kl(law).sum(dim=1).mean().item(), abs=1e-12)
    codes = method.noise.draw(law, STEP.randn("posterior", 6, 4))
    assert (codes >= 0).all()
    assert (codes == 0).any()
    if target == "label":
        expected = F.cross_entropy(method.classifier(codes), BATCH.labels)
        assert terms["label"].value.item() == pytest.approx(expected.item(), abs=1e-12)
    assert torch.allclose(method.encode(BATCH.values), law[0] * (law[1].exp() / 2).exp())


@pytest.mark.parametrize("target", ["label", "input"])
def test_rectified_codes_tell_no_rate_and_draw_no_samples(target):
    method = build(target=target, code="relu")
    assert isinstance(method, InformationDropout if target == "label" else MultiplicativeAutoencoder)
    assert not isinstance(method, Samples)
    with pytest.raises(MetapriorError, match="known up to a constant alone"):
        method.explain(BATCH, STEP)


@pytest.mark.parametrize("target", ["label", "input"])
def test_rectified_codes_learn(target):
    method = build(target=target, code="relu", lr=1e-2, beta=0.1).float()
    source = {"train": Columns(values=BATCH.values.float() + 3 * F.one_hot(BATCH.labels, 5), labels=BATCH.labels)}
    losses = []
    for steps in (1, 300):
        losses.append(fit(method, source, Loop(steps=steps)).record["terms"])
    learned = f"{method.players()[0].name}/{'label' if target == 'label' else 'reconstruction'}"
    assert losses[1][learned] < 0.8 * losses[0][learned]
