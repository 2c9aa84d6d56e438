import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import irs
from tests.metrics import reference


def noisy(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, [3, 2, 30], size=(n, 3))
    return factors @ rng.normal(size=(3, 4)) + 0.3 * rng.normal(size=(n, 4)), factors


@reference.recorded
@pytest.mark.parametrize("case", reference.CASES)
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "irs")["IRS"]
    results = [irs(*reference.sample(case, 10_000, seed)) for seed in range(3)]
    assert np.mean([result.value for result in results]) == pytest.approx(
        recorded["mean"], abs=reference.tolerance(recorded)
    )
    theirs, ours = reference.matrices(case, "irs")["irs"], results[0]
    moving = ours.max_deviation > 0
    assert moving.sum() == ours.num_active == len(theirs["parents"])
    # quantiles of some hundred rows, over the greatest of 10,000 deviations: both vary by sample
    assert ours.robustness[moving] == pytest.approx(np.array(theirs["IRS_matrix"]), abs=0.1)
    clear = np.array(theirs["disentanglement_scores"]) > 0.5
    parents = np.array([parent for parent in ours.parents if parent is not None])
    assert parents[clear].tolist() == np.array(theirs["parents"])[clear].tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("quantile", [0.5, 0.99, 1.0])
def test_the_definition_value_by_value(quantile: float, dtype: type) -> None:
    codes, factors = noisy()
    codes = codes.astype(dtype)
    result = irs(codes, factors, bins=20, quantile=quantile)
    furthest = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    for k in range(3):
        column = factors[:, k]
        binned = np.digitize(column, np.histogram(column, 20)[1][:-1])
        strays = [
            np.percentile(np.abs(codes[binned == v] - codes[binned == v].mean(axis=0)), 100 * quantile, axis=0)
            for v in np.unique(binned)
        ]
        assert result.robustness[:, k] == pytest.approx(1 - np.mean(strays, axis=0) / furthest, abs=1e-5)
    best = result.robustness.max(axis=1)
    assert result.value == pytest.approx((best * furthest).sum() / furthest.sum(), abs=1e-5)
    assert result.parents == tuple(result.robustness.argmax(axis=1).tolist())


def test_a_code_of_one_factor_is_robust_to_the_others() -> None:
    factors = np.random.default_rng(0).integers(0, np.arange(2, 12), size=(3000, 10))
    result = irs(np.hstack([factors, -2 * factors + 3]), factors)
    assert result.value == pytest.approx(1.0)
    assert result.parents == (*range(10), *range(10))


def test_the_paper_s_quantile_never_scores_above_the_study_s() -> None:
    codes, factors = noisy()
    assert irs(codes, factors, quantile=1.0).value < irs(codes, factors).value


def test_dead_codes_have_no_part() -> None:
    codes, factors = noisy()
    before, after = irs(codes, factors), irs(np.insert(codes, 1, 0.1, axis=1), factors)
    assert after.value == before.value
    assert (before.num_active, after.num_active) == (4, 4)
    assert (after.per_code[1], after.parents[1], after.max_deviation[1]) == (None, None, 0.0)
    nothing = irs(np.full((5, 2), 0.1), np.arange(10).reshape(5, 2))
    assert (nothing.value, nothing.num_active, nothing.reason) == (0.0, 0, None)


def test_a_constant_factor_is_nobodys_parent() -> None:
    codes, factors = noisy()
    before, after = irs(codes, factors), irs(codes, np.insert(factors, 0, 4, axis=1))
    assert after.value == before.value
    assert after.parents == tuple(parent + 1 for parent in before.parents if parent is not None)
    assert after.constant_factors == (0,)
    nothing = irs(codes, np.ones_like(factors))
    assert (nothing.value, nothing.reason) == (None, "no factor varies in this sample")


def test_a_single_code_and_factor() -> None:
    factor = np.arange(8)[:, None]
    assert irs(factor, factor).value == 1.0


@pytest.mark.parametrize("quantile", [0.0, 1.5, float("nan")])
def test_quantiles_outside_the_unit_interval_are_refused(quantile: float) -> None:
    with pytest.raises(MetapriorError, match="above 0 and at most 1"):
        irs(*noisy(), quantile=quantile)


def test_shift_scale_and_order_of_codes_do_not_matter() -> None:
    codes, factors = noisy()
    assert irs(-3 * codes[:, ::-1] + 2, factors).value == pytest.approx(
        np.average(irs(codes, factors).per_code, weights=irs(codes, factors).max_deviation)
    )


def test_factors_may_be_numbers_of_any_size() -> None:
    factors = np.indices((3, 4)).reshape(2, -1).T
    far = irs(factors + 0.1 * factors[:, ::-1], factors + 2**62)
    assert far.value == irs(factors + 0.1 * factors[:, ::-1], factors).value
