"""The aggregate posterior: the decomposition of the KL on linear codes of normal data, where every part is known."""

import math

import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.metrics import gaussian_total_correlation
from metaprior.objectives import aggregate, kl_normal, minibatch_total_correlation, mss_log_weights, mws_log_weights
from tests.conftest import random

S = torch.tensor([[2.0, 0.8, 0.0], [0.8, 1.0, 0.3], [0.0, 0.3, 0.5]], dtype=torch.float64)
V = torch.tensor([[0.9, 0.2, -0.1], [0.3, -0.5, 0.8]], dtype=torch.float64)
DELTA = torch.tensor([0.3, 0.2], dtype=torch.float64)
RATE, INFORMATION, CORRELATION, ALONE = 1.7622054, 1.4217124, 0.0109428, 0.3295502


def linear_codes(count: int, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Codes V x + noise of examples x from N(0, S): samples, means and log-variances."""
    examples = random(seed, count, 3).double() @ torch.linalg.cholesky(S).T
    mean = examples @ V.T
    logvar = DELTA.log().expand_as(mean)
    return mean + DELTA.sqrt() * random(seed + 1, count, 2).double(), mean, logvar


def test_the_closed_forms_are_those_of_the_card():
    total = V @ S @ V.T + DELTA.diag()
    information = (total.logdet() - DELTA.log().sum()) / 2
    alone = (total.diagonal() - 1 - total.diagonal().log()).sum() / 2
    assert information.item() == pytest.approx(INFORMATION, abs=1e-7)
    assert gaussian_total_correlation(total.numpy()) == pytest.approx(CORRELATION, abs=1e-7)
    assert alone.item() == pytest.approx(ALONE, abs=1e-7)
    assert pytest.approx(RATE, abs=1e-7) == INFORMATION + CORRELATION + ALONE


def test_the_parts_of_the_kl_on_a_whole_set():
    codes, mean, logvar = linear_codes(3000)
    parts = [aggregate(codes[i : i + 500], mean, logvar, first=i) for i in range(0, 3000, 500)]
    found = {
        name: torch.stack([getattr(part, name) for part in parts]).mean().item()
        for name in ("mutual_information", "total_correlation", "dimension_wise_kl")
    }
    assert found["mutual_information"] == pytest.approx(INFORMATION, abs=0.04)
    assert found["total_correlation"] == pytest.approx(CORRELATION, abs=0.02)
    assert found["dimension_wise_kl"] == pytest.approx(ALONE, abs=0.05)
    assert sum(found.values()) == pytest.approx(RATE, abs=0.06)
    assert kl_normal(mean, logvar).sum(dim=1).mean().item() == pytest.approx(RATE, abs=0.06)


def test_the_three_parts_sum_up_to_the_sampled_kl_whatever_the_weights():
    codes, mean, logvar = linear_codes(40)
    sampled = None
    for weights in (None, mws_log_weights(40, 1000), mss_log_weights(40, 1000)):
        found = aggregate(codes, mean, logvar, weights)
        total = found.mutual_information + found.total_correlation + found.dimension_wise_kl
        sampled = total if sampled is None else sampled
        assert torch.allclose(total, sampled, atol=1e-6)


def test_codes_tell_no_more_than_which_example_they_are_of():
    mean = torch.arange(8.0)[:, None].expand(8, 2) * 100
    found = aggregate(mean, mean, torch.zeros(8, 2))
    assert found.mutual_information.item() == pytest.approx(math.log(8))


def density_errors(weights: torch.Tensor, batches: int = 4000, examples: int = 50) -> tuple[float, float]:
    """The mean of an estimated density less the exact one, over the exact one, and its standard error."""
    batch = len(weights)
    mean = random(1, examples, 1).double()
    logvar = torch.full_like(mean, math.log(0.05))
    codes = mean + math.sqrt(0.05) * random(2, examples, 1).double()
    exact = aggregate(codes, mean, logvar).joint.exp()
    order = torch.rand(batches, examples, generator=torch.Generator().manual_seed(3)).argsort(dim=1)[:, :batch]
    found = []
    for rows in order:
        estimate = aggregate(codes[rows], mean[rows], logvar[rows], weights.double()).joint.exp()
        found.append(((estimate - exact[rows]) / exact[rows]).mean())
    errors = torch.stack(found)
    return errors.mean().item(), (errors.std() / batches**0.5).item()


def test_stratified_weights_estimate_densities_without_bias_and_the_published_layout_does_not():
    bias, error = density_errors(mss_log_weights(8, 50))
    assert abs(bias) < 4 * error < 0.02
    bias, _ = density_errors(mss_log_weights(8, 50, layout="reference"))
    assert bias > 0.2


def test_the_published_matrix_is_reproduced():
    m, n = 5, 60
    published = torch.full((m + 1, m + 1), 1 / m)
    published.view(-1)[:: m + 1] = 1 / n
    published.view(-1)[1 :: m + 1] = (n - m) / (n * m)
    published[m - 1, 0] = (n - m) / (n * m)
    assert torch.allclose(mss_log_weights(m + 1, n, layout="reference").exp(), published)


def test_weighted_sampling_overstates_the_total_correlation_by_a_constant():
    codes, mean, logvar = linear_codes(100)
    weighted = aggregate(codes, mean, logvar, mws_log_weights(100, 5000)).total_correlation
    constant = (codes.shape[1] - 1) * math.log(100 * 5000)
    assert torch.allclose(weighted, minibatch_total_correlation(codes, mean, logvar) + constant)


def test_a_batch_is_drawn_from_the_examples():
    for weights in (mws_log_weights, mss_log_weights):
        with pytest.raises(MetapriorError, match="a batch of 9 cannot be drawn without replacement from 8 examples"):
            weights(9, 8)
    with pytest.raises(MetapriorError, match="at least 2"):
        mss_log_weights(1, 8)


def test_the_total_correlation_is_that_between_groups_and_that_within_them():
    """By the exact densities and by a minibatch's: of log-densities alike."""
    mean, logvar = random(0, 30, 4).double(), random(1, 30, 4).double()
    codes = mean + random(2, 30, 4).double()
    for weights in (None, mss_log_weights(30, 200).double()):
        found = aggregate(codes, mean, logvar, weights, group_sizes=(1, 3))
        parts = found.correlation_between_groups + found.correlation_within_groups
        assert torch.allclose(parts, found.total_correlation, atol=1e-12)
        within = aggregate(codes[:, 1:], mean[:, 1:], logvar[:, 1:], weights)
        assert torch.allclose(found.correlation_within_groups, within.total_correlation, atol=1e-12)


def test_groups_of_one_code_leave_nothing_within_and_one_group_nothing_between():
    of_one, of_all = (aggregate(*linear_codes(50), group_sizes=sizes) for sizes in ((1, 1), (2,)))
    for found, kept, gone in ((of_one, "between", "within"), (of_all, "within", "between")):
        assert getattr(found, f"correlation_{gone}_groups").item() == pytest.approx(0, abs=1e-12)
        value = getattr(found, f"correlation_{kept}_groups").item()
        assert value == pytest.approx(found.total_correlation.item(), abs=1e-12)
