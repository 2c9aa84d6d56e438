import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import Predictor, dci, downstream_accuracy
from tests.metrics import reference

BOTH = pytest.mark.parametrize("predictor", ["boosted", "logistic"])


def ordered(n: int = 700, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Noisy codes of two factors of three and five values."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, [3, 5], size=(n, 2))
    codes = factors + 0.1 * rng.normal(size=(n, 2))
    return codes[:-300], factors[:-300], codes[-300:], factors[-300:]


def compare(sizes: tuple[int, ...]) -> None:
    """One run of the original against one of ours: both have a training sample and a test sample of their own."""
    codes, factors = reference.sample("A_dsprites", 15_000, seed=0)
    split = codes[:10_000], factors[:10_000], codes[10_000:], factors[10_000:]
    result, recorded = downstream_accuracy(*split, sizes, "logistic"), reference.scores("A_dsprites", "downstream_lr")
    for size, accuracies in zip(sizes, result.test_accuracy, strict=True):
        for k, accuracy in enumerate(accuracies):
            p = recorded[f"{size}:test_accuracy_factor_{k}"]["mean"]
            error = np.sqrt(p * (1 - p) * (1 / size + 1 / 5_000))  # binomial, of a single run
            assert accuracy == pytest.approx(p, abs=max(3 * np.sqrt(2) * error, 0.005)), (size, k)


@reference.recorded
def test_logistic_accuracies_agree_with_the_original() -> None:
    compare((10, 100, 1_000))


@pytest.mark.slow
@reference.recorded
def test_logistic_accuracies_agree_with_the_original_on_many_examples() -> None:
    compare((10_000,))


def test_trees_are_those_of_dci() -> None:
    split = ordered()
    ours, trees = downstream_accuracy(*split, sizes=(400,)), dci(*split)
    assert ours.mean[0] == trees.informativeness_test
    assert ours.train_accuracy[0].mean() == trees.informativeness_train
    assert (ours.predictor, ours.backend) == ("boosted", "lightgbm")


@BOTH
def test_codes_that_tell_the_factors_are_learnt_from_few_examples(predictor: Predictor) -> None:
    result = downstream_accuracy(*ordered(), sizes=(10, 100, 400), predictor=predictor)
    assert result.worst[-1] >= 0.99
    assert result.mean[0] < result.mean[1]
    assert 0.5 < result.sample_efficiency(10, 400) < 0.99
    assert result.sample_efficiency(400, 400) == 1.0
    assert result.sample_efficiency(100) is None


@BOTH
def test_codes_that_tell_nothing_are_told_by_chance(predictor: Predictor) -> None:
    _, factors, _, test_factors = ordered()
    rng = np.random.default_rng(1)
    result = downstream_accuracy(
        rng.normal(size=(400, 3)), factors, rng.normal(size=(300, 3)), test_factors, (400,), predictor
    )
    for k, values in enumerate((3, 5)):
        assert result.test_accuracy[0, k] == pytest.approx(1 / values, abs=0.08)


@BOTH
def test_values_missing_in_training_and_in_folds(predictor: Predictor) -> None:
    codes, factors, test_codes, test_factors = ordered()
    order = np.argsort(factors[:, 1], kind="stable")  # unshuffled folds of sorted rows lack whole values
    result = downstream_accuracy(codes[order], factors[order], test_codes, test_factors, (80, 400), predictor)
    seen = np.isin(test_factors[:, 1], factors[order][:80, 1])
    assert result.test_accuracy[0, 1] <= seen.mean() < 0.5
    assert result.test_accuracy[1, 1] >= 0.95


@BOTH
def test_constant_factors_and_dead_codes(predictor: Predictor) -> None:
    codes, factors, test_codes, test_factors = ordered()
    plain = downstream_accuracy(codes, factors, test_codes, test_factors, (100,), predictor)
    more = downstream_accuracy(
        np.insert(codes, 0, 3.0, axis=1),
        np.insert(factors, 1, 7, axis=1),
        np.insert(test_codes, 0, 3.0, axis=1),
        np.insert(test_factors, 1, 7, axis=1),
        (100,),
        predictor,
    )
    assert more.constant_factors == (1,)
    assert more.test_accuracy[0, 1] == 1.0
    assert more.mean == pytest.approx(plain.mean, abs=0.01)
    nothing = downstream_accuracy(
        codes, np.ones_like(factors), test_codes, np.ones_like(test_factors), (100,), predictor
    )
    assert (nothing.sizes, nothing.reason) == ((), "no factor varies")
    assert nothing.worst.size == 0
    dead = downstream_accuracy(np.ones_like(codes), factors, np.ones_like(test_codes), test_factors, (400,), predictor)
    assert dead.test_accuracy[0] == pytest.approx([1 / 3, 1 / 5], abs=0.08)


def test_sizes_beyond_the_rows_are_left_out_with_the_reason() -> None:
    result = downstream_accuracy(*ordered(), sizes=(10, 1_000, 10_000))
    assert result.sizes == (10,)
    assert result.reason == "there are 400 training examples, too few for 1000, 10000"
    assert result.sample_efficiency(10) is None


@BOTH
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_handful_of_examples(size: int, predictor: Predictor) -> None:
    result = downstream_accuracy(*ordered(), sizes=(size,), predictor=predictor)
    assert 0 <= result.mean[0] <= 0.8


def test_threads_do_not_change_the_result() -> None:
    once, again = (downstream_accuracy(*ordered(), sizes=(50, 400), threads=threads) for threads in (1, 2))
    assert np.array_equal(once.test_accuracy, again.test_accuracy)


def test_bad_input_is_refused() -> None:
    with pytest.raises(MetapriorError, match="sizes must be positive"):
        downstream_accuracy(*ordered(), sizes=(0, 10))
    with pytest.raises(MetapriorError, match="unknown predictor 'boost'; did you mean 'boosted'"):
        downstream_accuracy(*ordered(), predictor="boost")  # type: ignore[arg-type]


@BOTH
def test_where_nothing_is_told_there_is_no_efficiency(predictor: Predictor) -> None:
    codes, factors, test_codes, test_factors = ordered()
    constant = np.insert(factors, 0, 3, axis=1), np.insert(test_factors + 10, 0, 3, axis=1)
    result = downstream_accuracy(codes, constant[0], test_codes, constant[1], (10, 100, 1_000), predictor)
    assert result.mean.tolist() == [0.0, 0.0]
    assert result.sample_efficiency(10, 100) is None
    assert result.reason == (
        "there are 400 training examples, too few for 1000; "
        "nothing is told after 10, 100 training examples, so no accuracy is a share of that"
    )


def test_a_size_without_accuracy_may_still_be_compared_with_a_larger_one() -> None:
    values = np.repeat([0, 1], 50)[:, None]  # the first ten are of one value, and the test is of the other
    result = downstream_accuracy(values, values, values[50:], values[50:], (10, 100))
    assert (result.mean.tolist(), result.sample_efficiency(10, 100)) == ([0.0, 1.0], 0.0)
