"""What the bottleneck's terms are, and what its classifier says."""

import math

import pytest
import torch
import torch.nn.functional as F

from metaprior.core import Batch, Classifies, Counter, DataSpec, Decodes, Encodes, Infers, MetapriorError, Samples, Step
from metaprior.methods import VIBRecipe
from metaprior.objectives import kl_normal
from tests.conftest import random

DATA = DataSpec(value_shape=(5,), classes=3)
STEP = Step(hyper={"beta": torch.tensor(0.25)}, draws=Counter(0, dtype=torch.float64))
BATCH = Batch({"values": random(0, 6, 5, dtype=torch.float64), "labels": torch.tensor([0, 1, 2, 0, -1, 2])})


def vib():
    torch.manual_seed(0)
    return VIBRecipe(nets="linear", latent_dim=4).build(DATA).double()


def test_the_loss_is_the_label_s_cross_entropy_on_sampled_codes_and_beta_times_the_kl():
    method = vib()
    mean, logvar = method.posterior(BATCH.values)
    codes = mean + (logvar / 2).exp() * STEP.randn("posterior", 6, 4)
    losses = F.cross_entropy(method.classifier(codes), BATCH.labels, reduction="none", ignore_index=-1)
    terms = method("bottleneck", {"unlabelled": BATCH}, STEP)
    assert terms["label"].value.item() == pytest.approx(losses.sum().item() / 6, abs=1e-12)
    assert terms["kl"].value.item() == pytest.approx(kl_normal(mean, logvar).sum(dim=1).mean().item(), abs=1e-12)
    assert (terms["label"].weight, float(terms["kl"].weight)) == (1, 0.25)


def test_it_answers_by_the_mean_over_samples_and_each_example_by_itself():
    method = vib()
    whole, few = method.classify(BATCH.values), method.classify(BATCH.values[2:4])
    assert torch.allclose(whole[2:4], few, atol=1e-12)
    assert torch.allclose(whole.exp().sum(dim=1), torch.ones(6, dtype=torch.float64))  # a mean of probabilities
    with torch.no_grad():
        method.encoder.logvar.bias.fill_(-40.0)
        method.encoder.logvar.weight.zero_()
    sure = method.classifier(method.encode(BATCH.values)).log_softmax(dim=1)
    assert torch.allclose(method.classify(BATCH.values), sure, atol=1e-6)


def test_more_samples_come_nearer_to_the_mean_over_the_posterior():
    """One code, two classes, logits (w z, 0), w large: the mean is P(z > 0)."""
    method = VIBRecipe(nets="linear", latent_dim=1).build(DataSpec(value_shape=(1,), classes=2)).double()
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.zero_()
        method.encoder.mean.bias.fill_(0.5)
        method.classifier.weight[0] = 1e4
    found = method.classify(torch.zeros(1, 1, dtype=torch.float64), samples=4000).exp()[0, 0].item()
    assert found == pytest.approx(0.5 * (1 + math.erf(0.5 / 2**0.5)), abs=4 * 0.5 / 4000**0.5)


def test_it_encodes_and_classifies_and_makes_no_images():
    method = vib()
    for capability, has in ((Encodes, True), (Infers, True), (Classifies, True), (Decodes, False), (Samples, False)):
        assert isinstance(method, capability) == has


def test_bad_choices_are_refused():
    with pytest.raises(MetapriorError, match="beta must be at least 0"):
        VIBRecipe(beta=-1.0).build(DATA)
    with pytest.raises(MetapriorError, match="take data with labels"):
        VIBRecipe().build(DataSpec(value_shape=(5,)))
