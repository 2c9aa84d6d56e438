import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from metaprior.core import MetapriorError
from metaprior.metrics import discretise, mig, mig_ceiling, mutual_information
from tests.metrics import reference


def noisy(n: int = 400, codes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, [3, 5, 7], size=(n, 3))
    return factors @ rng.normal(size=(3, codes)) + 0.1 * rng.normal(size=(n, codes)), factors


@reference.recorded
@pytest.mark.parametrize("case", reference.CASES)
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "mig")["discrete_mig"]
    values = [mig(*reference.sample(case, 10_000, seed)).value for seed in range(3)]
    assert np.mean(values) == pytest.approx(recorded["mean"], abs=reference.tolerance(recorded))


def test_information_is_that_of_scikit_learn() -> None:
    codes, factors = noisy()
    binned = discretise(codes)
    information, entropy = mutual_information(binned, factors)
    for i in range(codes.shape[1]):
        for k in range(factors.shape[1]):
            assert information[i, k] == pytest.approx(mutual_info_score(factors[:, k], binned[:, i]), abs=1e-12)
    assert entropy[1] == pytest.approx(mutual_info_score(factors[:, 1], factors[:, 1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bins_are_those_of_numpy(dtype: type) -> None:
    codes = np.random.default_rng(0).normal(size=(500, 3)).round(2).astype(dtype)
    for j in range(3):
        edges = np.histogram(codes[:, j], 20)[1][:-1]
        assert np.array_equal(discretise(codes)[:, j] + 1, np.digitize(codes[:, j], edges))


@pytest.mark.parametrize(
    ("size", "ceiling"), [(2, 1.0), (20, 1.0), (24, 0.927), (32, 0.850), (40, 0.812), (183, 0.575)]
)
def test_the_ceiling_of_exact_codes(size: int, ceiling: float) -> None:
    assert mig_ceiling((size,)) == pytest.approx(ceiling, abs=5e-4)
    exact = np.repeat(np.arange(size), 3)[:, None]
    assert mig(exact, exact).value == pytest.approx(mig_ceiling((size,)))


def test_the_ceiling_of_dsprites() -> None:
    assert mig_ceiling((3, 6, 40, 32, 32)) == pytest.approx(0.902, abs=5e-4)


def test_identity_codes_are_perfect_and_duplicated_ones_have_no_gap() -> None:
    factors = np.random.default_rng(0).integers(0, np.arange(2, 12), size=(3000, 10))
    assert mig(factors, factors).value >= 0.9
    assert mig(np.hstack([factors, factors]), factors).value <= 0.1


def test_a_constant_factor_is_left_out_and_named() -> None:
    codes, factors = noisy()
    with_constant = mig(codes, np.insert(factors, 1, 4, axis=1))
    assert with_constant.value == mig(codes, factors).value
    assert with_constant.constant_factors == (1,)
    assert with_constant.per_factor[1] is None
    nothing = mig(codes, np.ones((len(codes), 2), dtype=int))
    assert nothing.value is None
    assert nothing.reason == "no factor varies in this sample"


def test_a_single_code_has_no_runner_up() -> None:
    factor = np.arange(8)[:, None]
    assert mig(factor, factor).value == pytest.approx(1.0)


def test_a_constant_code_tells_nothing() -> None:
    codes, factors = noisy()
    assert mig(np.hstack([codes, np.full((len(codes), 1), 3.0)]), factors).value == pytest.approx(
        mig(codes, factors).value
    )


@settings(max_examples=30, deadline=None)
@given(
    st.permutations(range(4)),
    st.lists(st.sampled_from([-4.0, -1.0, 0.25, 2.0]), min_size=4, max_size=4),
    st.integers(-8, 8),
)
def test_order_sign_scale_and_shift_of_codes_do_not_matter(order: list[int], scale: list[float], shift: int) -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, [3, 5], size=(300, 2))
    # dyadic codes, strictly inside bins of a dyadic width: rescaling by powers of two is exact, and so is reflection
    codes = rng.integers(0, 80, size=(300, 4)) * 2.0 + 1.0
    codes[0], codes[1] = 0.0, 160.0
    changed = codes[:, order] * np.array(scale) + shift
    assert mig(changed, factors).value == pytest.approx(mig(codes, factors).value, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(5)))
def test_names_of_factor_values_do_not_matter(names: list[int]) -> None:
    codes, factors = noisy()
    renamed = factors.copy()
    renamed[:, 1] = np.array(names)[factors[:, 1]] * 10 - 7
    assert mig(codes, renamed).value == pytest.approx(mig(codes, factors).value, abs=1e-12)


def test_a_world_in_which_nothing_varies_has_no_ceiling() -> None:
    with pytest.raises(MetapriorError, match="no factor of sizes"):
        mig_ceiling((1, 1))


def test_the_entropy_of_a_constant_is_exactly_nothing() -> None:
    for n in (3, 7, 10, 97, 9_999):  # of which some give ln n - n ln n / n other than 0
        assert mig(np.arange(n)[:, None], np.full((n, 1), 2)).entropy.tolist() == [0.0]
