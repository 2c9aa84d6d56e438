"""Maximum mean discrepancy: closed forms between normal distributions, and what a U-statistic promises."""

from functools import partial

import pytest
import torch
from scipy.integrate import quad

from metaprior.core import MetapriorError
from metaprior.objectives import (
    discrepancy_of_means,
    fourier_features,
    imq,
    imq_of_scales,
    median_width,
    mmd,
    mmd_of_groups,
    normal_width,
    rbf,
    squared_distances,
)
from metaprior.objectives.kernels import SCALES
from tests.conftest import random


def expected_imq(scale: float, size: int, variance: float, apart: float) -> float:
    """E C / (C + d²) of a difference N(m, variance) of ``size`` codes, |m|² = apart, as an integral over widths."""

    def density(t: float) -> float:
        grown = 1 + 2 * variance * t
        return scale * torch.tensor(-scale * t - apart * t / grown).exp().item() * grown ** (-size / 2)

    return quad(density, 0, torch.inf)[0]


def imq_discrepancy(scale: float, size: int, s1: float, s2: float, apart: float) -> float:
    of_pairs = [expected_imq(scale, size, 2 * s, 0.0) for s in (s1, s2)]
    return sum(of_pairs) - 2 * expected_imq(scale, size, s1 + s2, apart)


def test_the_closed_forms_are_those_of_the_card():
    assert imq_discrepancy(4.0, 2, 1.0, 1.0, 1.0) == pytest.approx(0.0911274, abs=1e-7)
    assert sum(imq_discrepancy(16 * s, 8, 1.0, 4.0, 0.0) for s in SCALES) == pytest.approx(0.5223721, abs=1e-7)


CASES = {
    "rbf, moved": (partial(rbf, width=2**0.5), 2, 1.0, 1.0, 0.1175031),
    "rbf, wider": (partial(rbf, width=8**0.5), 8, 2.0, 0.0, 0.1852753),
    "imq, moved": (partial(imq, scale=4.0), 2, 1.0, 1.0, 0.0911274),
    "imq of seven scales, wider": (partial(imq_of_scales, base=16.0), 8, 2.0, 0.0, 0.5223721),
}


@pytest.mark.parametrize("case", CASES)
def test_the_discrepancy_of_two_normals(case):
    kernel, size, deviation, moved, expected = CASES[case]
    mean = torch.zeros(size)
    mean[0] = moved
    draws = []
    for seed in range(60):
        codes, others = random(2 * seed, 200, size), random(2 * seed + 1, 200, size) * deviation + mean
        draws.append(mmd(codes, others, kernel))
    found = torch.stack(draws)
    error = (found.std() / len(found) ** 0.5).item()
    assert error < expected / 20
    assert found.mean().item() == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 7), (30, 30)])
def test_of_equal_laws_it_is_zero_on_average_and_below_at_times(n, m):
    kernel = partial(rbf, width=1.0)
    found = torch.stack([mmd(random(2 * s, n, 3), random(2 * s + 1, m, 3), kernel) for s in range(3000)])
    assert abs(found.mean().item()) < 4 * (found.std() / 3000**0.5).item()
    assert 0.3 < (found < 0).float().mean() < 0.8


def test_turning_and_the_order_of_draws_change_nothing():
    codes, others = random(0, 20, 4), random(1, 30, 4) + 1
    turn = torch.linalg.qr(random(2, 4, 4))[0]
    for kernel in (partial(rbf, width=1.3), partial(imq_of_scales, base=8.0)):
        plain = mmd(codes, others, kernel)
        assert torch.allclose(mmd(codes @ turn, others @ turn, kernel), plain, rtol=1e-4)
        assert torch.allclose(mmd(codes.flip(0), others.roll(3, 0), kernel), plain, rtol=1e-5)
        assert torch.allclose(mmd(others, codes, kernel), plain, rtol=1e-5)


def test_gradients_are_finite_where_draws_coincide():
    codes = torch.zeros(5, 2, requires_grad=True)
    mmd(codes, torch.zeros(5, 2), partial(imq_of_scales, base=4.0)).backward()
    assert codes.grad is not None
    assert codes.grad.isfinite().all()


def test_one_draw_is_too_few():
    with pytest.raises(MetapriorError, match="at least 2 draws of each law, not 1 and 5"):
        mmd(torch.zeros(1, 2), torch.zeros(5, 2), partial(rbf, width=1.0))


def test_widths():
    codes = random(0, 400, 6).requires_grad_()
    squared = squared_distances(codes, codes)
    assert torch.allclose(squared, torch.cdist(codes, codes).square(), atol=1e-4)
    width = median_width(squared)
    assert not width.requires_grad
    distances = squared.detach().sqrt()[~torch.eye(400, dtype=torch.bool)]
    assert ((distances < width).float().mean() - 0.5).abs() < 0.01
    assert distances.mean().item() == pytest.approx(normal_width(6), rel=0.02)


CODES = random(0, 40, 3, dtype=torch.float64)
LIKENESS = rbf(squared_distances(CODES, CODES), width=1.5)


def indicators(values: torch.Tensor, size: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(values, size).double()


@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_discrepancy_of_groups_is_that_of_each_from_all_others(size):
    values = torch.randint(size, (40,), generator=torch.Generator().manual_seed(size))
    kernel = partial(rbf, width=1.5)
    each = [mmd(CODES[values == k], CODES[values != k], kernel) for k in range(size)]
    found = mmd_of_groups(LIKENESS, indicators(values, size))
    assert found.item() == pytest.approx(torch.stack(each).mean().item(), abs=1e-12)
    if size == 2:
        assert found.item() == pytest.approx(each[0].item(), abs=1e-12)


def test_groups_too_small_to_tell_are_left_out():
    values = torch.tensor([0] * 39 + [1])
    assert mmd_of_groups(LIKENESS, indicators(values, 3)).item() == 0
    assert mmd_of_groups(LIKENESS, indicators(torch.zeros(40, dtype=torch.int64), 3)).item() == 0
    assert discrepancy_of_means(CODES, indicators(torch.zeros(40, dtype=torch.int64), 3)).item() == 0
    values = torch.tensor([0] * 20 + [1] * 19 + [2])
    kernel = partial(rbf, width=1.5)
    each = [mmd(CODES[values == k], CODES[values != k], kernel).item() for k in range(2)]
    assert mmd_of_groups(LIKENESS, indicators(values, 3)).item() == pytest.approx(sum(each) / 2, abs=1e-12)


def test_fourier_features_are_as_alike_as_the_kernel_says():
    frequencies, phases = random(1, 3, 200_000, dtype=torch.float64), torch.rand(200_000, dtype=torch.float64)
    features = fourier_features(CODES[:8], frequencies, phases, width=1.5)
    assert torch.allclose(features @ features.T, LIKENESS[:8, :8], atol=0.01)


def test_the_discrepancy_of_mean_features_is_the_v_statistic():
    values = torch.arange(40) % 2
    first, second = (LIKENESS[values == k] for k in (0, 1))
    expected = first[:, values == 0].mean() + second[:, values == 1].mean() - 2 * first[:, values == 1].mean()
    roots = torch.linalg.cholesky(LIKENESS)  # features whose products are the kernel's values
    assert discrepancy_of_means(roots, indicators(values, 2)).item() == pytest.approx(expected.item(), abs=1e-12)
