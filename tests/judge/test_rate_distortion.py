"""The protocol rd: linear VAEs whose rate, distortion and likelihood have closed forms, and what is refused."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import exp1
from torch import Tensor

from metaprior.core import Batch, DataSpec, Explanation, MetapriorError, Step
from metaprior.judge import PROTOCOLS, Scores, rate_distortion
from metaprior.judge.rate_distortion import OF_A_LIKELIHOOD, OF_A_RATE
from metaprior.methods.autoencoder import AutoencoderRecipe
from metaprior.methods.cvae import CVAERecipe
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.methods.vib import VIBRecipe
from metaprior.objectives.kernels import SCALES
from tests.conftest import Columns, random
from tests.judge.linear import EIGENVALUES, linear_vae, probabilistic_pca, with_covariance

LOG_LIKELIHOOD, RATE, DISTORTION = -8.0111345, 1.8108295, 6.2003050
"""Of probabilistic PCA with two codes on data of covariance diag(4, 2, 1, .5, .25, .1)."""


def value(scores: Scores, name: str) -> float:
    found = scores[name].value
    assert found is not None, scores[name].reason
    return found


def pca(**options: int) -> Scores:
    return rate_distortion(probabilistic_pca(), with_covariance(torch.diag(EIGENVALUES)), **options)


@pytest.mark.parametrize("samples", [1, 7, 50])
def test_with_the_true_posterior_every_number_of_samples_gives_the_likelihood_itself(samples: int) -> None:
    scores = pca(images=2000, samples=samples)
    assert value(scores, "nll_iwae") == pytest.approx(-LOG_LIKELIHOOD, abs=1e-7)
    assert scores["nll_iwae"].details["negative_elbo"] == pytest.approx(-LOG_LIKELIHOOD, abs=1e-7)


def test_rate_and_distortion_of_probabilistic_pca_with_all_constants() -> None:
    scores = pca(images=2000, samples=1)
    assert value(scores, "rate") == value(scores, "mutual_information_upper") == pytest.approx(RATE, abs=1e-7)
    assert scores["nll_iwae"].details["negative_elbo"] - value(scores, "rate") == pytest.approx(DISTORTION, abs=1e-7)
    for name, exact in (("distortion", DISTORTION), ("negative_elbo", -LOG_LIKELIHOOD)):
        noise = 3 / math.sqrt(8 * 2000)  # of 8 samples: a chi-square of 6 values has the deviation sqrt(12) / 2
        assert value(scores, name) == pytest.approx(exact, abs=4 * noise), name
    assert value(scores, "negative_elbo") == pytest.approx(value(scores, "rate") + value(scores, "distortion"))
    entropy = 0.5 * float((2 * math.pi * math.e * EIGENVALUES).log().sum())
    assert entropy == pytest.approx(7.3623387, abs=1e-6)
    assert value(scores, "entropy_bound") > entropy
    assert value(scores, "active_units") == 2


def test_a_wrong_posterior_costs_its_divergence_and_more_samples_make_up_for_it() -> None:
    """x = 1.5 z + noise of variance ½ at x = 1: log p = -1.6065572; q is off by .3 and twice as wide."""
    mean, variance = 0.5454545454545454, 0.18181818181818182
    encoder = torch.tensor([[mean + 0.3]], dtype=torch.float64)
    decoder = torch.tensor([[1.5]], dtype=torch.float64)
    model = linear_vae(encoder, torch.tensor([2 * variance], dtype=torch.float64), decoder, 0.5)
    data = Columns(values=torch.ones(4000, 1, dtype=torch.float64))
    found = {k: rate_distortion(model, data, images=4000, samples=k)["nll_iwae"] for k in (1, 5, 50)}
    for k, exact in ((1, 1.6065572 + 0.4009264), (5, 1.6493), (50, 1.6095)):
        assert found[k].value == pytest.approx(exact, abs=5 * (found[k].se or 0)), k
    assert (found[1].value or 0) > (found[5].value or 0) > (found[50].value or 0) > 1.6065572 - 1e-3


def test_data_that_are_there_twice_have_the_same_rate_and_likelihood() -> None:
    once = with_covariance(torch.diag(EIGENVALUES), 300)
    twice = Columns(values=torch.cat([once.columns["values"]] * 2))
    scores = [rate_distortion(probabilistic_pca(), data, images=600, samples=3) for data in (once, twice)]
    for name in ("rate", "nll_iwae"):
        assert value(scores[0], name) == pytest.approx(value(scores[1], name), abs=1e-9)
    assert value(scores[0], "mutual_information_lower") == pytest.approx(
        value(scores[1], "mutual_information_lower"), abs=0.1
    )


def test_the_parts_add_up_to_the_rate_and_the_information_is_below_it() -> None:
    scores = pca(images=1, samples=1)
    lower = scores["mutual_information_lower"]
    parts = sum(value(scores, n) for n in ("mutual_information_lower", "total_correlation", "dimension_wise_kl"))
    assert parts == pytest.approx(value(scores, "rate"), abs=0.1)  # by one sample of each code
    assert value(scores, "mutual_information_lower") < value(scores, "mutual_information_upper") + 0.1
    assert lower.details["ceiling"] == math.log(2000)
    assert lower.details["near_ceiling"] is False
    near = rate_distortion(
        linear_vae(
            torch.full((1, 1), 1e3, dtype=torch.float64),
            torch.ones(1, dtype=torch.float64),
            torch.zeros(1, 1, dtype=torch.float64),
            1.0,
        ),
        with_covariance(torch.ones(1, 1, dtype=torch.float64), 50),
        images=1,
        samples=1,
    )["mutual_information_lower"]
    assert near.details["near_ceiling"] is True
    assert "near log 50" in near.protocol


def test_scores_are_the_seeds_and_have_what_a_score_must() -> None:
    first, again, other = (pca(images=5, samples=3, seed=seed) for seed in (0, 0, 1))
    assert first.to_json() == again.to_json()
    assert value(first, "distortion") != value(other, "distortion")
    assert set(first.scores) == set(PROTOCOLS["rd"].scores) - {
        "label_distortion_sampled",
        "probe_accuracy_sampled",
    }  # there are no labels
    assert (first["distortion"].n, first["nll_iwae"].n, first["nll_iwae"].seed) == (2000, 5, 0)
    means = {"distortion", "rate", "negative_elbo", "nll_iwae", "mutual_information_lower", "total_correlation"}
    assert all(first[name].se is not None for name in means)
    kl = first.tables["kl_per_code"]
    assert (kl.rows, kl.columns, kl.unit) == (("code_0", "code_1"), ("kl",), "nats")
    assert float(kl.values.sum()) == pytest.approx(RATE, abs=1e-7)


def test_at_most_so_many_examples_are_taken() -> None:
    data = with_covariance(torch.diag(EIGENVALUES), 300)
    scores = rate_distortion(probabilistic_pca(), data, examples=100, images=200, samples=2)
    assert (scores["rate"].n, scores["nll_iwae"].n) == (100, 100)


def test_a_deterministic_code_has_no_rate_but_a_distance_to_the_prior() -> None:
    recipe = AutoencoderRecipe(nets="linear", latent_dim=6, likelihood="normal")
    model = recipe.build(DataSpec(value_shape=(6,))).double()
    assert not isinstance(model, VAE)
    apart = {}
    for shift in (0.0, 2.0):
        with torch.no_grad():
            model.nets.encoder.mean.weight.copy_(torch.eye(6))
            model.nets.encoder.mean.bias.fill_(shift)
            model.nets.decoder[0].weight.copy_(torch.eye(6))
            model.nets.decoder[0].bias.fill_(-shift)
        data = with_covariance(torch.eye(6, dtype=torch.float64), 500)
        scores = rate_distortion(model, data)
        apart[shift] = value(scores, "mmd_to_prior")
        assert value(scores, "distortion") == pytest.approx(3 * math.log(2 * math.pi))  # perfect, but for the constant
    assert abs(apart[0.0]) < 0.05 < 0.5 < apart[2.0]
    told = scores.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    for name in OF_A_RATE:
        assert told["scores"][name]["value"] is None
        assert "deterministic" in told["scores"][name]["reason"]
    assert "label_distortion_sampled" not in told["scores"]


class Told(VAE):
    """An encoder that adds the label to its mean, which :meth:`VAE.posterior` does not know of."""

    def seen(self, batch: Batch) -> Tensor:
        return batch.inputs + batch.labels[:, None].to(batch.inputs.dtype)


def test_a_model_that_is_told_labels_is_judged_by_its_posteriors_of_inputs_and_labels() -> None:
    model = probabilistic_pca()
    model.__class__ = Told
    data = with_covariance(torch.diag(EIGENVALUES), 200)
    labelled = Columns(values=data.columns["values"], labels=torch.arange(200) % 2)
    scores = rate_distortion(model, labelled, images=10, samples=2)
    inputs = data.columns["values"] + (torch.arange(200) % 2)[:, None]
    shifted, own = (model.encode(each).detach().square().sum(dim=1).mean() for each in (inputs, data.columns["values"]))
    assert value(scores, "rate") == pytest.approx(RATE + 0.5 * float(shifted - own), abs=1e-6)
    assert value(scores, "mutual_information_lower") + value(scores, "total_correlation") + value(
        scores, "dimension_wise_kl"
    ) == pytest.approx(value(scores, "rate"), abs=0.3)  # by one sample of each code


class Untrue(VAE):
    """A posterior that is not the one of its codes."""

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        found = super().explain(batch, step, samples)
        assert found.posterior is not None
        return replace(found, posterior=(found.posterior[0] + 1, found.posterior[1]))


def test_a_posterior_that_contradicts_the_densities_gives_no_parts() -> None:
    model = probabilistic_pca()
    model.__class__ = Untrue
    scores = rate_distortion(model, with_covariance(torch.diag(EIGENVALUES), 200), images=10, samples=2)
    for name in ("mutual_information_lower", "total_correlation", "dimension_wise_kl"):
        assert scores[name].value is None
        assert "disagree" in (scores[name].reason or "")


def test_a_bottleneck_of_labels_has_a_rate_and_a_use_but_no_distortion() -> None:
    data = with_covariance(torch.diag(EIGENVALUES), 300)
    labelled = Columns(values=data.columns["values"].float(), labels=torch.arange(300) % 2)
    spec = DataSpec(value_shape=(6,), classes=2)
    torch.manual_seed(0)
    scores = rate_distortion(VIBRecipe(nets="linear", latent_dim=2).build(spec), labelled, images=10, samples=2)  # type: ignore[arg-type]
    parts = sum(value(scores, n) for n in ("mutual_information_lower", "total_correlation", "dimension_wise_kl"))
    assert parts == pytest.approx(value(scores, "rate"), abs=0.3)
    assert value(scores, "label_distortion") > 0
    for name in OF_A_LIKELIHOOD:
        assert scores[name].value is None
        assert "no p(x | z)" in (scores[name].reason or "")


class Sampled:
    """A model whose rate is known by samples alone: the other half of the contract."""

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        codes = step.randn("codes", batch.size, samples, 2)
        return Explanation(codes, codes.new_ones(batch.size, samples), codes[..., 0].square(), None)


def test_a_rate_without_a_closed_form_is_that_of_the_samples() -> None:
    scores = rate_distortion(Sampled(), Columns(values=torch.zeros(3000, 2)), images=4, samples=2)
    assert value(scores, "rate") == pytest.approx(1.0, abs=5 * (scores["rate"].se or 0))
    assert "8 samples" in scores["rate"].protocol
    assert "no normal posterior" in (scores["total_correlation"].reason or "")
    assert "does not encode" in (scores["active_units"].reason or "")
    assert "kl_per_code" not in scores.tables


class Broken(Sampled):
    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        found = super().explain(batch, step, samples)
        return replace(found, distortion=torch.full_like(found.codes[..., 0], torch.inf))


def test_what_is_not_finite_is_no_value() -> None:
    scores = rate_distortion(Broken(), Columns(values=torch.zeros(30, 2)), images=4, samples=2)
    assert scores["distortion"].value is None
    assert "not finite" in (scores["distortion"].reason or "")
    json.dumps(scores.to_json(), allow_nan=False)


def test_what_cannot_be_judged_is_refused() -> None:
    data = with_covariance(torch.diag(EIGENVALUES), 20)
    with pytest.raises(MetapriorError, match=r"rate and distortion needs a model with explain\(\); object has none"):
        rate_distortion(object(), data)  # type: ignore[arg-type]
    with pytest.raises(MetapriorError, match="samples must be at least 1, not 0"):
        rate_distortion(probabilistic_pca(), data, samples=0)
    with pytest.raises(MetapriorError, match="examples must be at least 2"):
        rate_distortion(probabilistic_pca(), data, examples=1)


def test_images_as_well_as_vectors() -> None:
    model = VAERecipe().build(DataSpec(image_shape=(1, 8, 8)))
    scores = rate_distortion(model, Columns(images=random(0, 12, 1, 8, 8).sigmoid()), images=3, samples=2)  # type: ignore[arg-type]
    assert value(scores, "distortion") > 0


def test_codes_are_those_of_an_encoder_that_is_told_what_training_told_it() -> None:
    """The label shifts inputs, and the encoder that is told it takes the shift out: codes tell nothing of it."""
    torch.manual_seed(0)
    labels = torch.arange(600) % 2
    inputs = torch.randn(600, 6, dtype=torch.float64) + 4 * labels[:, None]
    model = CVAERecipe(nets="linear", latent_dim=2).build(DataSpec(value_shape=(6,), classes=2)).double()
    with torch.no_grad():
        for head in (model.nets.encoder.mean, model.nets.encoder.logvar):
            head.weight.zero_()
            head.bias.zero_()
        model.nets.encoder.mean.weight[0, 0] = model.nets.encoder.mean.weight[1, 1] = 1
        model.nets.encoder.mean.weight[:, 7] = -4  # of the second label's indicator
    scores = rate_distortion(model, Columns(values=inputs, labels=labels), images=10, samples=2)  # type: ignore[arg-type]
    assert value(scores, "probe_accuracy") < 0.65
    untold = model.encode(inputs)[:, 0]
    assert ((untold > 0) == (labels == 1)).double().mean() > 0.9


def test_the_discrepancy_is_of_the_codes_that_have_a_standard_normal_prior() -> None:
    class WithCategory(Sampled):
        standard = 2

        def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
            found = super().explain(batch, step, samples)
            codes = torch.cat([found.codes, 5 + torch.zeros_like(found.codes)], dim=2)
            return replace(found, codes=codes, standard=self.standard)

    data = Columns(values=torch.zeros(2000, 2))
    scores = rate_distortion(WithCategory(), data, images=4, samples=2)
    assert abs(value(scores, "mmd_to_prior")) < 0.05
    assert "the first 2 of 4 codes" in scores["mmd_to_prior"].protocol
    WithCategory.standard = 4
    assert value(rate_distortion(WithCategory(), data, images=4, samples=2), "mmd_to_prior") > 0.5
    WithCategory.standard = 0
    assert rate_distortion(WithCategory(), data, images=4, samples=2)["mmd_to_prior"].value is None


def test_the_distance_to_the_prior_is_by_seven_kernels_of_the_prior_s_width() -> None:
    """Codes all at the origin: of two normal codes of variance S each, E C / (C + d²) is u exp(u) E1(u), u = C / 2S."""
    model = AutoencoderRecipe(nets="linear", latent_dim=2, likelihood="normal").build(DataSpec(value_shape=(6,)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    of_one, of_two = (4 * np.array(SCALES) / (2 * variance) for variance in (1, 2))  # C is 2 Z of each scale
    alike = [float((u * np.exp(u) * exp1(u)).sum()) for u in (of_one, of_two)]
    scores = rate_distortion(model, Columns(values=torch.zeros(2000, 6)))  # type: ignore[arg-type]
    assert value(scores, "mmd_to_prior") == pytest.approx(len(SCALES) + alike[1] - 2 * alike[0], abs=0.1)


def test_a_code_is_active_whose_mean_has_a_variance_above_a_hundredth() -> None:
    variances, one = torch.tensor([0.0099, 0.0101, 0.019, 0.021, 4.0], dtype=torch.float64), torch.eye(5).double()
    model = linear_vae(one, torch.ones(5, dtype=torch.float64), one, 1.0)
    active = rate_distortion(model, with_covariance(torch.diag(variances), 200), images=1, samples=1)["active_units"]
    assert active.value == 4
    assert active.details == {"codes": 5, "by_kl": 2}  # of a posterior as wide as the prior it is half the variance


class Adrift(VAE):
    """A log-ratio that is off by a constant, as though of another prior."""

    off = 0.0

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        found = super().explain(batch, step, samples)
        assert found.log_ratio is not None
        return replace(found, log_ratio=found.log_ratio + self.off)


@pytest.mark.parametrize(("off", "agrees"), [(-0.021, False), (-0.019, True), (0.019, True), (0.021, False)])
def test_parts_may_be_off_the_log_ratio_by_a_hundredth_of_a_nat_a_code(off: float, agrees: bool) -> None:
    model = probabilistic_pca()
    model.__class__, model.off = Adrift, off  # type: ignore[assignment]
    scores = rate_distortion(model, with_covariance(torch.diag(EIGENVALUES), 50), images=1, samples=1)
    for name in ("mutual_information_lower", "total_correlation", "dimension_wise_kl"):
        assert (scores[name].value is not None) == agrees, name
