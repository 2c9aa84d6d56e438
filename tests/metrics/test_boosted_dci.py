import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import Backend, dci
from metaprior.metrics.boosting import fit_trees, problem
from tests.metrics import reference

CASES = ("A_dsprites", "B_dsprites", "C_dsprites")


def drawn(case: str, train: int, test: int) -> tuple[np.ndarray, ...]:
    codes, values = reference.sample(case, train + test, seed=0)
    return codes[:train], values[:train], codes[train:], values[train:]


def identity(n: int = 1500) -> tuple[np.ndarray, ...]:
    factors = np.random.default_rng(0).integers(0, np.arange(2, 12), size=(n, 10))
    return factors[: n // 2], factors[: n // 2], factors[n // 2 :], factors[n // 2 :]


def test_identity_codes_are_disentangled_and_complete() -> None:
    result = dci(*identity())
    assert min(result.disentanglement, result.completeness, result.informativeness_test) >= 0.9


def test_duplicated_codes_stay_disentangled() -> None:
    train, values, test, test_values = identity()
    doubled = dci(np.hstack([train, train]), values, np.hstack([test, test]), test_values)
    assert doubled.disentanglement >= 0.9


def test_constant_and_unseen_values() -> None:
    train, values, test, test_values = identity()
    values, test_values = values.copy(), test_values.copy()
    values[:, 2] = 5
    values[values[:, 9] == 0, 9] = 1
    result = dci(train, values, test, test_values)
    assert result.constant_factors == (2,)
    assert result.importance[:, 2].tolist() == [0.0] * 10
    assert result.importance[:, 9].sum() == pytest.approx(1.0)
    assert result.informativeness_test < 0.95


def test_constant_factors_change_nothing() -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 4, size=(900, 2))
    codes = values + values[:, ::-1] * 0.8 + random.normal(size=values.shape)
    beside = np.hstack([values, np.full((900, 3), 2)])
    plain, other = (dci(codes[:600], v[:600], codes[600:], v[600:]) for v in (values, beside))
    for name in ("disentanglement", "completeness", "informativeness_train", "informativeness_test"):
        assert getattr(other, name) == getattr(plain, name), name
    assert other.constant_factors == (2, 3, 4)
    nothing = dci(codes[:600], beside[:600, 2:], codes[600:], beside[600:, 2:])
    assert (nothing.disentanglement, nothing.informativeness_test) == (None, None)
    assert nothing.reason == "no factor varies in the training sample"


def test_threads_and_repetition_do_not_change_the_result() -> None:
    once, again = dci(*identity()), dci(*identity(), threads=2)
    assert np.array_equal(once.importance, again.importance)
    assert once.informativeness_test == again.informativeness_test


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(MetapriorError, match="unknown backend 'lightgmb'; did you mean 'lightgbm'"):
        dci(*identity(), backend="lightgmb")  # type: ignore[arg-type]


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_trees_are_those_of_scikit_learn_where_bins_are_exact(classes: int) -> None:
    random = np.random.default_rng(classes)
    codes = random.integers(0, 7, size=(1500, 3)).astype(float)
    values = (codes @ [1.0, 0.6, 0.2] + random.normal(size=len(codes))).astype(int) % classes
    task = problem(codes[:1000], values[:1000], codes[1000:], values[1000:])
    (ours,), (exact,) = (fit_trees([task], backend, 0, 1) for backend in ("lightgbm", "sklearn"))
    assert ours.importance == pytest.approx(exact.importance, abs=1e-6)
    assert (ours.train_accuracy, ours.test_accuracy) == (exact.train_accuracy, exact.test_accuracy)


@reference.recorded
@pytest.mark.parametrize("case", CASES)
def test_small_samples_score_as_with_scikit_learn(case: str) -> None:
    codes, values, test, test_values = drawn(case, 600, 300)
    few = np.s_[:, :2]
    ours, exact = (
        dci(codes, values[few], test, test_values[few], backend=backend) for backend in ("lightgbm", "sklearn")
    )
    assert ours.disentanglement == pytest.approx(exact.disentanglement, abs=0.035)
    assert ours.completeness == pytest.approx(exact.completeness, abs=0.035)
    assert ours.informativeness_test == pytest.approx(exact.informativeness_test, abs=0.035)


@pytest.mark.slow
@reference.recorded
@pytest.mark.parametrize(
    ("case", "backend", "within"),
    [*((case, "lightgbm", 0.035) for case in CASES), ("A_dsprites", "sklearn", 0.01)],
)
def test_scores_agree_with_the_recorded_ones(case: str, backend: Backend, within: float) -> None:
    result, recorded = dci(*drawn(case, 10_000, 5_000), backend=backend), reference.scores(case, "dci")
    for name in ("disentanglement", "completeness", "informativeness_train", "informativeness_test"):
        assert getattr(result, name) == pytest.approx(recorded[name]["mean"], abs=within), name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_unit_of_codes_does_not_matter(dtype: type) -> None:
    codes, values, test, test_values = (part[:300, :3] for part in identity())
    codes, test = (each + np.random.default_rng(0).normal(scale=0.6, size=each.shape) for each in (codes, test))
    codes, test = codes.astype(dtype), test.astype(dtype)
    plain = dci(codes, values, test, test_values)
    assert plain.disentanglement < 0.9
    for power in (-120, 90) if dtype is np.float32 else (-1000, -120, 1000):  # LightGBM takes below 1e-35 for 0
        scaled = dci(np.ldexp(codes, power), values, np.ldexp(test, power), test_values)
        assert np.array_equal(scaled.importance, plain.importance)
        assert scaled.informativeness_test == plain.informativeness_test
    uneven = np.array([1e-37, 1.0, 1e30], dtype=dtype)
    assert dci(codes * uneven, values, test * uneven, test_values).importance == pytest.approx(plain.importance)


def test_one_code_that_is_far_out_does_not_make_the_others_small() -> None:
    codes, values, test, test_values = identity()
    plain = dci(codes, values, test, test_values)
    codes, test = codes * 1e-2, test * 1e-2
    codes[0, 0] = 1e34
    far = dci(codes, values, test, test_values)
    assert far.disentanglement == pytest.approx(plain.disentanglement, abs=0.02)


@pytest.mark.parametrize("unit", [1e-9, 1e40])
def test_the_unit_of_codes_does_not_matter_to_scikit_learn_either(unit: float) -> None:
    codes, values, test, test_values = (part[:300, :3] for part in identity())
    scaled = dci(codes * unit, values, test * unit, test_values, backend="sklearn")
    assert scaled.disentanglement == pytest.approx(
        dci(codes, values, test, test_values, backend="sklearn").disentanglement, abs=0.02
    )


def test_test_codes_may_be_far_beyond_those_of_training() -> None:
    codes, values, *_ = identity()
    tiny = codes * 1e-300
    assert dci(tiny, values, np.full_like(tiny, 1e300), np.full_like(values, 1)).informativeness_test == 0.1
