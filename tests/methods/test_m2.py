"""M2: its sum over labels is exact, and with labels alone it is a conditional VAE beside a classifier."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from metaprior.core import Batch, Counter, DataSpec, MetapriorError, Step
from metaprior.methods import CVAE, Attribute, M2Recipe, Normal
from tests.conftest import random

DATA = DataSpec(value_shape=(5,), classes=3, labelled_factors=("class",), labelled_factor_sizes=(3,))
STEP = Step(hyper={"alpha": torch.tensor(7.0), "bounds": torch.tensor(1.0)}, draws=Counter(0, dtype=torch.float64))


def m2(**choices):
    torch.manual_seed(0)
    return M2Recipe(**{"nets": "linear", "latent_dim": 2} | choices).build(DATA).double()


def examples(count=6, seed=0):
    return Batch({"values": random(seed, count, 5, dtype=torch.float64), "labels": torch.arange(count) % 3})


def terms_of(method, labelled=None, unlabelled=None):
    batches = {"labelled": labelled or examples(), "unlabelled": unlabelled or examples(4, seed=1)}
    return method("vae", batches, STEP)


def test_labelled_examples_are_those_of_a_conditional_vae_and_a_classifier():
    method, batch = m2(), examples()
    terms = terms_of(method, batch)
    cvae = CVAE(method.nets, Attribute("label", 3), likelihood=Normal())
    noise = Step(draws=lambda kind, name, shape: STEP.draws(kind, "labelled", shape))
    expected = sum(term.value for term in cvae("vae", {"unlabelled": batch}, noise).values()) + math.log(3)
    assert terms["labelled"].value.item() == pytest.approx(expected.item(), abs=1e-10)
    entropy = F.cross_entropy(method.classify(batch.values), batch.labels)
    assert terms["label"].value.item() == pytest.approx(entropy.item(), abs=1e-12)
    assert [float(term.weight) for term in terms.values()] == [1, 1, 7]


def losses_of_every_label(method, batch):
    """L(x, y), B×3, label by label."""
    noise = STEP.randn("posterior", batch.size, 3, 2)
    told = [F.one_hot(torch.full((batch.size,), y), 3).double() for y in range(3)]
    return torch.stack([method.losses(batch.values, told[y], noise[:, y]) for y in range(3)], dim=1)


def test_unlabelled_examples_are_summed_over_labels_one_by_one():
    method, batch = m2(), examples(4, seed=1)
    probabilities = method.classify(batch.values).softmax(dim=1)
    expected = (probabilities * (losses_of_every_label(method, batch) + probabilities.log())).sum(dim=1).mean()
    assert terms_of(method, unlabelled=batch)["unlabelled"].value.item() == pytest.approx(expected.item(), abs=1e-10)


def test_where_the_classifier_is_exact_the_loss_is_the_evidence(monkeypatch):
    method, batch = m2(), examples(4, seed=1)
    losses = losses_of_every_label(method, batch)
    monkeypatch.setattr(method, "classify", lambda images: -losses if len(images) == 4 else torch.zeros(6, 3).double())
    found = terms_of(method, unlabelled=batch)["unlabelled"].value
    assert found.item() == pytest.approx(-losses.neg().exp().sum(dim=1).log().mean().item(), abs=1e-10)


def test_a_missing_label_adds_nothing():
    method, batch = m2(), examples()
    missing = Batch(batch.columns | {"labels": torch.tensor([0, 1, 2, -1, -1, -1])})
    terms = terms_of(method, missing)
    noise = STEP.randn("labelled", 6, 2)[:3]
    losses = method.losses(batch.values[:3], torch.eye(3, dtype=torch.float64), noise)
    assert terms["labelled"].value.item() == pytest.approx(losses.sum().item() / 6, abs=1e-12)
    entropy = F.cross_entropy(method.classify(batch.values[:3]), torch.arange(3), reduction="sum")
    assert terms["label"].value.item() == pytest.approx(entropy.item() / 6, abs=1e-12)


def test_with_all_labels_observed_the_loss_is_that_of_a_conditional_vae_and_alpha_times_the_cross_entropy(monkeypatch):
    """A classifier that is sure of the right label is an observed label; the bounds of both batches weigh alike."""
    method, labelled, unlabelled = m2(), examples(), examples(4, seed=1)
    sure, classify = 1e3 * torch.eye(3, dtype=torch.float64)[unlabelled.labels], method.classify
    monkeypatch.setattr(method, "classify", lambda images: sure if images is unlabelled.values else classify(images))
    step = replace(STEP, hyper={"alpha": torch.tensor(7.0), "bounds": torch.tensor(0.25)})
    terms = method("vae", {"labelled": labelled, "unlabelled": unlabelled}, step)
    loss = sum(term.value * term.weight for term in terms.values())

    cvae, every = CVAE(method.nets, Attribute("label", 3), likelihood=Normal()), STEP.randn("posterior", 4, 3, 2)
    noises = (STEP.randn("labelled", 6, 2), every[torch.arange(4), unlabelled.labels])
    bounds = 2 * math.log(3)  # -log p(y) of each batch
    for batch, noise in zip((labelled, unlabelled), noises, strict=True):
        own = Step(draws=lambda *_, noise=noise: noise)
        bounds += sum(term.value for term in cvae("vae", {"unlabelled": batch}, own).values())
    entropy = F.cross_entropy(classify(labelled.values), labelled.labels)
    assert loss.item() == pytest.approx((0.25 * bounds + 7 * entropy).item(), abs=1e-10)


def test_the_classifier_learns_from_unlabelled_examples_too():
    method = m2()
    terms_of(method)["unlabelled"].value.backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in method.classifier.parameters())


def test_the_rate_is_the_mean_of_the_log_ratio_over_label_and_code():
    method = m2()
    found = method.explain(Batch({"values": examples(4).values}), STEP, samples=20_000)
    assert found.log_ratio is not None
    assert found.rate is not None
    assert found.rate.shape == (4, 2 + 1)
    error = found.log_ratio.std(dim=1) / 20_000**0.5
    assert ((found.log_ratio.mean(dim=1) - found.rate.sum(dim=1)).abs() < 4 * error).all()


def test_the_bound_by_many_samples_of_label_and_code_is_that_of_linear_nets_by_hand():
    """p(x) = mean over labels of a normal law: decoders are linear, so each label's is known."""
    method = m2()
    with torch.no_grad():  # near enough to the exact posterior for the weights to be even
        for parameter in (*method.nets.encoder.parameters(), *method.classifier.parameters()):
            parameter.mul_(0.1)
    weight, bias = method.nets.decoder[0].weight.detach(), method.nets.decoder[0].bias.detach()
    covariance = weight[:, :2] @ weight[:, :2].T + torch.eye(5)
    batch = examples(4)
    means = bias + weight[:, 2:].T
    log_each = [torch.distributions.MultivariateNormal(mean, covariance).log_prob(batch.values) for mean in means]
    expected = torch.stack(log_each).logsumexp(dim=0) - math.log(3)
    found = method.explain(batch, STEP, samples=50_000)
    assert found.log_ratio is not None
    estimate = (-found.distortion - found.log_ratio).logsumexp(dim=1) - math.log(50_000)
    assert torch.allclose(estimate, expected, atol=0.05)


def test_without_a_label_the_encoder_is_told_what_the_classifier_says():
    method, batch = m2(), examples()
    told = method.classify(batch.values).softmax(dim=1)
    assert torch.equal(method.encode(batch.values), method.encode(batch.values, told))
    assert not torch.equal(method.encode(batch.values), method.encode(batch.values, batch.labels))


def test_bad_choices_are_refused():
    with pytest.raises(MetapriorError, match="alpha must be at least 0"):
        m2(alpha=-1.0)
    with pytest.raises(MetapriorError, match="labelled_batch must be at least 1"):
        m2(labelled_batch=0)
    with pytest.raises(MetapriorError, match="learns from a few labels, and there are none"):
        M2Recipe().build(replace(DATA, labelled_factors=(), labelled_factor_sizes=()))
