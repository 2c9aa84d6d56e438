import numpy as np
import pytest
from sklearn.svm import LinearSVC

from metaprior.core import MetapriorError
from metaprior.metrics import sap
from tests.metrics import reference


def split(codes: np.ndarray, factors: np.ndarray, train: int) -> tuple[np.ndarray, ...]:
    return codes[:train], factors[:train], codes[train:], factors[train:]


def noisy(n: int = 600) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, [3, 2, 7], size=(n, 3))
    return split(factors @ rng.normal(size=(3, 4)) + 0.3 * rng.normal(size=(n, 4)), factors, n // 2)


def identity(n: int = 3000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.arange(2, 12), size=(n, 10))


@reference.recorded
@pytest.mark.parametrize("case", reference.CASES)
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "sap")["SAP_score"]
    results = [sap(*split(*reference.sample(case, 15_000, seed), 10_000)) for seed in range(3)]
    assert np.mean([result.value for result in results]) == pytest.approx(
        recorded["mean"], abs=reference.tolerance(recorded)
    )
    matrix = np.array(reference.matrices(case, "sap")["score_matrix"])
    assert results[0].scores == pytest.approx(matrix, abs=0.03)  # each is a sample of 5,000 of its own


def test_cells_are_test_accuracies_of_scikit_learn() -> None:
    train, factors, test, answers = noisy()
    result = sap(train, factors, test, answers)
    for i in range(4):
        for k in range(3):
            machine = LinearSVC(C=0.01, class_weight="balanced", tol=1e-8, max_iter=100_000, dual=False)
            machine.fit(train[:, [i]], factors[:, k])
            assert result.scores[i, k] == pytest.approx(machine.score(test[:, [i]], answers[:, k]), abs=0.01)


@pytest.mark.parametrize(("size", "ceiling"), [(2, 1.0), (3, 1.0), (32, 0.061)])
def test_the_ceiling_of_an_exact_code(size: int, ceiling: float) -> None:
    factors = np.random.default_rng(0).integers(size, size=(30_000, 1))
    codes = (factors - factors.mean()) / factors.std()
    assert sap(*split(codes, factors, 20_000)).scores[0, 0] == pytest.approx(ceiling, abs=0.005)


@pytest.mark.parametrize("continuous", [False, True])
def test_duplicated_codes_have_no_gap(continuous: bool) -> None:
    factors = identity()
    doubled = sap(*split(np.hstack([factors, factors]), factors, 2000), continuous=continuous)
    assert doubled.value <= 0.2
    assert doubled.value == pytest.approx(0.0, abs=1e-9)


def test_identity_codes_of_continuous_factors_are_perfect() -> None:
    factors = identity() / 7 + 0.1
    assert sap(*split(-3 * factors + 1, factors, 2000), continuous=True).value >= 0.9


def test_squared_correlations_are_those_of_numpy_and_0_for_tiny_variances() -> None:
    train, factors, _, answers = noisy()
    shifted = np.column_stack([train + 100, train[:, 0] * 1e-7, np.full(len(train), 0.1)])
    result = sap(shifted, factors, np.zeros((2, 6)), answers[:2], continuous=True)
    expected = np.corrcoef(train.T, factors.T)[:4, 4:] ** 2
    assert result.scores[:4] == pytest.approx(expected)
    assert result.scores[4:].tolist() == np.zeros((2, 3)).tolist()
    assert result.value == pytest.approx(np.mean(np.sort(expected, axis=0)[-1] - np.sort(expected, axis=0)[-2]))


def test_real_factors_need_the_continuous_form() -> None:
    train, factors, test, answers = noisy()
    with pytest.raises(MetapriorError, match="training factors must be whole numbers"):
        sap(train, factors + 0.5, test, answers)
    assert sap(train, factors + 0.5, test, answers + 0.5, continuous=True).value is not None


@pytest.mark.parametrize("continuous", [False, True])
def test_a_constant_factor_is_left_out_and_named(continuous: bool) -> None:
    train, factors, test, answers = noisy()
    with_constant = np.insert(factors, 1, 4, axis=1), np.insert(answers, 1, 4, axis=1)
    result = sap(train, with_constant[0], test, with_constant[1], continuous)
    assert result.value == sap(train, factors, test, answers, continuous).value
    assert (result.constant_factors, result.per_factor[1]) == ((1,), None)
    assert result.scores[:, 1].tolist() == [0.0] * 4
    nothing = sap(train, np.ones_like(factors), test, answers, continuous)
    assert (nothing.value, nothing.reason) == (None, "no factor varies in the training sample")


def test_a_dead_code_guesses_one_class() -> None:
    train, factors, test, answers = noisy()
    result = sap(np.full_like(train, 0.1), factors, np.full_like(test, 0.1), answers)
    assert result.value == 0.0
    for k, size in enumerate((3, 2, 7)):
        assert any(result.scores[0, k] == pytest.approx(np.mean(answers[:, k] == v)) for v in range(size))


def test_the_runner_up_of_a_single_code_is_a_constant_one() -> None:
    train, factors, test, answers = noisy()
    one, two = train[:, :1], np.insert(train[:, :1], 1, 0.0, axis=1)
    tested = test[:, :1], np.insert(test[:, :1], 1, 0.0, axis=1)
    alone = sap(one, factors, tested[0], answers)
    assert alone.per_factor == sap(two, factors, tested[1], answers).per_factor
    assert alone.scores.shape == (1, 3)


def test_values_that_training_lacks_are_never_guessed() -> None:
    factors = identity()[:, 1:2]
    train = factors[:2000][factors[:2000, 0] != 2]
    result = sap(train, train, factors[2000:], factors[2000:])
    assert result.scores[0, 0] == pytest.approx(np.mean(factors[2000:] != 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_does_not_matter(dtype: type) -> None:
    train, factors, test, answers = noisy()
    assert sap(train.astype(dtype), factors, test.astype(dtype), answers).value == pytest.approx(
        sap(train, factors, test, answers).value, abs=0.01
    )


def test_codes_keep_their_scale() -> None:
    # the penalty holds the slope of small codes down, and what it leaves of them is not what standardised ones give
    train, factors, test, answers = noisy()
    small = sap(0.02 * train, factors, 0.02 * test, answers)
    standardised = sap(train / train.std(axis=0), factors, test / train.std(axis=0), answers)
    assert np.abs(small.scores - standardised.scores).max() > 0.1
    for i in range(4):
        for k in range(3):
            machine = LinearSVC(C=0.01, class_weight="balanced", tol=1e-8, max_iter=100_000, dual=False)
            machine.fit(0.02 * train[:, [i]], factors[:, k])
            assert small.scores[i, k] == pytest.approx(machine.score(0.02 * test[:, [i]], answers[:, k]), abs=0.01)
