"""The parts of the rate: closed forms of two posteriors, and of a linear encoder on normal data."""

import math

import pytest
import torch

from metaprior.judge import decomposition, rate_distortion
from metaprior.judge.decomposition import decompose
from metaprior.objectives import log_normal, sample_normal
from tests.conftest import random
from tests.judge.linear import linear_vae, with_covariance


def posteriors(count: int = 40, codes: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mean, logvar = random(0, count, codes, dtype=torch.float64), random(1, count, codes, dtype=torch.float64)
    return sample_normal(mean, logvar, random(2, count, codes, dtype=torch.float64)), mean, logvar


def test_two_examples_far_apart_on_the_diagonal() -> None:
    mean = torch.tensor([[-50.0, -50.0], [50.0, 50.0]], dtype=torch.float64)
    parts = decompose(mean, mean, torch.zeros_like(mean))
    assert parts.mutual_information.mean().item() == pytest.approx(math.log(2))  # which of the two
    assert parts.total_correlation.mean().item() == pytest.approx(math.log(2))  # either code tells the other


def test_parts_add_up_to_the_log_ratio_of_each_code() -> None:
    codes, mean, logvar = posteriors()
    nothing = torch.zeros_like(codes)
    ratio = (log_normal(codes, mean, logvar) - log_normal(codes, nothing, nothing)).sum(dim=1)
    torch.testing.assert_close(decompose(codes, mean, logvar).rate, ratio, rtol=0, atol=1e-12)


def test_examples_that_are_there_twice_change_nothing() -> None:
    once = decompose(*posteriors())
    twice = decompose(*(torch.cat([each, each]) for each in posteriors()))
    for name, values in vars(once).items():
        torch.testing.assert_close(getattr(twice, name), torch.cat([values, values]), rtol=0, atol=1e-12)


def test_it_does_not_depend_on_how_many_codes_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = decompose(*posteriors())
    monkeypatch.setattr(decomposition, "NUMBERS_AT_ONCE", 7 * 40 * 3)
    seen: list[tuple[int, int]] = []
    parts = decompose(*posteriors(), progress=lambda done, of: seen.append((done, of)))
    torch.testing.assert_close(parts.rate, whole.rate)
    torch.testing.assert_close(parts.total_correlation, whole.total_correlation)
    assert seen == [(7, 40), (14, 40), (21, 40), (28, 40), (35, 40), (40, 40)]


def test_information_is_at_most_log_n_and_that_of_codes_apart_is_all_of_it() -> None:
    mean = torch.arange(30, dtype=torch.float64)[:, None] * 100
    codes = mean + random(0, 30, 1, dtype=torch.float64)
    assert decompose(codes, mean, torch.zeros_like(mean)).mutual_information.mean().item() == pytest.approx(
        math.log(30)
    )


COVARIANCE = torch.tensor([[2, 0.8, 0], [0.8, 1, 0.3], [0, 0.3, 0.5]], dtype=torch.float64)
ENCODER = torch.tensor([[0.9, 0.2, -0.1], [0.3, -0.5, 0.8]], dtype=torch.float64)
VARIANCES = torch.tensor([0.3, 0.2], dtype=torch.float64)


def test_a_linear_encoder_on_normal_data() -> None:
    r"""Q = V S Vᵀ + D: I = ½ ln |Q| / |D|, TC = ½ (sum ln Q_jj - ln |Q|), R their sum with the dimension-wise KL."""
    model = linear_vae(ENCODER, VARIANCES, torch.zeros(3, 2, dtype=torch.float64), 1.0)
    scores = rate_distortion(model, with_covariance(COVARIANCE, 4000), images=1, samples=1)
    told = {name: score for name, score in scores.scores.items() if score.value is not None}
    assert told["rate"].value == pytest.approx(1.7622054, abs=1e-7)  # the moments of the set are exact
    for name, value in (
        ("mutual_information_lower", 1.4217124),
        ("total_correlation", 0.0109428),
        ("dimension_wise_kl", 0.3295502),
    ):
        assert told[name].value == pytest.approx(value, abs=0.05), name
    assert (told["rate"].value or 0) > (told["mutual_information_lower"].value or 0)
