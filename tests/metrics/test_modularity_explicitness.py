import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from metaprior.core import MetapriorError
from metaprior.metrics import explicitness, modularity, modularity_per_code
from metaprior.metrics.logistic import Variant
from metaprior.metrics.modularity_explicitness import roc_areas
from tests.metrics import reference


def drawn(case: str, seed: int) -> tuple[np.ndarray, ...]:
    codes, factors = reference.sample(case, 15_000, seed)
    return codes[:10_000], factors[:10_000], codes[10_000:], factors[10_000:]


def noisy(n: int = 600, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, [3, 2, 7], size=(n, 3))
    codes = factors @ rng.normal(size=(3, 4)) + 0.3 * rng.normal(size=(n, 4))
    half = n // 2
    return codes[:half], factors[:half], codes[half:], factors[half:]


def identity(n: int = 3000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.arange(2, 12), size=(n, 10))


@reference.recorded
@pytest.mark.parametrize("case", [case for case in reference.CASES if not case.startswith("Z")])
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "modularity_explicitness")["modularity_score"]
    samples = [drawn(case, seed) for seed in range(3)]
    mean = np.mean([modularity(codes, factors).value for codes, factors, *_ in samples])
    assert mean == pytest.approx(recorded["mean"], abs=reference.tolerance(recorded))
    metrics: dict[Variant, str] = {"multinomial": "modularity_explicitness", "ovr": "modularity_explicitness+ovr"}
    for variant, metric in list(metrics.items())[: 1 if "@" in case else 2]:
        recorded, result = reference.scores(case, metric), explicitness(*samples[0], variant=variant)
        assert result.value == pytest.approx(recorded["explicitness_score_test"]["mean"], abs=0.01)
        assert result.train_value == pytest.approx(recorded["explicitness_score_train"]["mean"], abs=0.01)
        if variant == "multinomial":  # factor by factor, the other one's varies more from sample to sample
            per_factor = reference.matrices(case, metric)["explicitness_per_factor"]
            assert result.per_factor_train == pytest.approx([train for train, _ in per_factor], abs=0.01)
            assert result.per_factor == pytest.approx([test for _, test in per_factor], abs=0.01)


@reference.recorded
@pytest.mark.parametrize("case", ["A_dsprites", "C_dsprites", "A_shapes3d"])
def test_the_recorded_informations_have_the_recorded_modularity(case: str) -> None:
    information = reference.matrices(case, "modularity_explicitness")["mi"]
    recorded = reference.scores(case, "modularity_explicitness")["modularity_score"]["values"][0]
    assert modularity_per_code(information).mean() == pytest.approx(recorded, abs=1e-12)


@reference.recorded
def test_dead_codes_that_the_original_fails_on_are_named() -> None:
    train, factors, test, answers = drawn("Z_dsprites", 0)
    dead = tuple(np.flatnonzero(np.ptp(train, axis=0) == 0).tolist())
    assert len(dead) == 5
    score, areas = modularity(train, factors), explicitness(train, factors, test, answers)
    assert score.dead_codes == areas.dead_codes == dead
    assert score.value == pytest.approx(score.live_value / 2)
    assert score.live_value > 0.99
    assert areas.value > 0.97


@pytest.mark.parametrize(
    ("information", "score"),
    [
        ([[1, 0], [0, 1], [0, 0]], 2 / 3),
        (np.kron(np.eye(5), [[1.0, 1.0]]), 1 - 1 / 9),  # two factors a code
        (np.vstack([np.eye(5), np.eye(5)]), 1.0),
        (np.ones((3, 4)), 0.0),
        (np.zeros((3, 4)), 0.0),
    ],
)
def test_modularity_of_known_matrices(information: np.ndarray, score: float) -> None:
    assert modularity_per_code(information).mean() == pytest.approx(score)
    assert modularity_per_code(1e-3 * np.asarray(information)).mean() == pytest.approx(score)


def test_ten_independent_factors_are_modular_and_explicit() -> None:
    factors = identity()
    doubled = np.hstack([factors, factors])
    assert modularity(factors, factors).value >= 0.9
    assert modularity(doubled, factors).value >= 0.9
    assert explicitness(factors[:2000], factors[:2000], factors[2000:], factors[2000:]).value >= 0.99


def test_a_dead_code_lowers_modularity_but_not_that_of_the_live() -> None:
    codes, factors, *_ = noisy()
    before, after = modularity(codes, factors), modularity(np.insert(codes, 1, 0.3, axis=1), factors)
    assert after.dead_codes == (1,)
    assert after.per_code[1] == 0
    assert after.value == pytest.approx(before.value * 4 / 5)
    assert after.live_value == pytest.approx(before.live_value) == pytest.approx(before.value)


def test_a_constant_factor_is_left_out_of_both_and_named() -> None:
    train, factors, test, answers = noisy()
    with_constant = [np.insert(each, 1, 5, axis=1) for each in (factors, answers)]
    before, after = modularity(train, factors), modularity(train, with_constant[0])
    assert (after.value, after.constant_factors) == (before.value, (1,))
    areas = explicitness(train, with_constant[0], test, with_constant[1])
    assert (areas.value, areas.constant_factors) == (explicitness(train, factors, test, answers).value, (1,))
    assert areas.per_factor[1] is None
    assert areas.left_out[1] == ()


def test_modularity_needs_two_factors() -> None:
    codes, factors, *_ = noisy()
    alone = modularity(codes, factors[:, :1])
    assert alone.value is None
    assert "fewer than two vary" in str(alone.reason)
    with pytest.raises(MetapriorError, match="there is one only"):
        modularity_per_code([[1.0], [0.0]])


def test_a_single_code() -> None:
    factors = identity()[:, 7:9]
    only = factors[:, :1]
    assert modularity(only, factors).value > 0.99
    areas = explicitness(only[:2000], factors[:2000], only[2000:], factors[2000:])
    assert areas.per_factor[0] > 0.99
    assert areas.per_factor[1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_explicitness_is_what_scikit_learn_finds(dtype: type) -> None:
    train, factors, test, answers = noisy()
    train, test = train.astype(dtype), test.astype(dtype)
    result = explicitness(train, factors, test, answers)
    mean, scale = train.mean(axis=0), train.std(axis=0)
    for k in range(3):
        fit = LogisticRegression(tol=1e-8, max_iter=10_000).fit((train - mean) / scale, factors[:, k])
        for found, x, y in ((result.per_factor, test, answers), (result.per_factor_train, train, factors)):
            one_hot = y[:, k][:, None] == fit.classes_
            assert found[k] == pytest.approx(roc_auc_score(one_hot, fit.predict_proba((x - mean) / scale)), abs=1e-4)


def test_areas_are_those_of_scikit_learn_ties_included() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 9, size=(3, 200)) / 10, rng.integers(3, size=200)
    expected = [roc_auc_score(labels == k, scores[k]) for k in range(3)]
    assert roc_areas(scores, np.arange(3), labels) == pytest.approx(expected)


@pytest.mark.parametrize("variant", ["multinomial", "ovr"])
def test_values_that_training_or_test_lacks_are_left_out_and_named(variant: Variant) -> None:
    train, factors, test, answers = noisy()
    before = explicitness(train, factors, test, answers, variant)
    few, fewer = factors[:, 2] != 6, answers[:, 2] != 3
    result = explicitness(train[few], factors[few], test[fewer], answers[fewer], variant)
    assert result.left_out == ((), (), (3, 6))
    assert before.left_out == ((), (), ())
    assert result.per_factor[2] == pytest.approx(before.per_factor[2], abs=0.1)
    same = explicitness(train, factors, test[:, :], np.full_like(answers, 1), variant)
    assert (same.value, same.per_factor) == (None, (None, None, None))
    assert same.left_out == ((0, 1, 2), (0, 1), tuple(range(7)))
    assert "occurs in training and in some of the test rows" in str(same.reason)
    assert same.train_value is not None
    nothing = explicitness(train, np.ones_like(factors), test, answers, variant)
    assert (nothing.value, nothing.reason) == (None, "no factor varies in the training sample")


def test_codes_that_are_all_dead_rank_at_random() -> None:
    train, factors, test, answers = noisy()
    for variant in ("multinomial", "ovr"):
        result = explicitness(train * 0 + 0.1, factors, test, answers, variant)
        assert (result.value, result.train_value, result.dead_codes) == (0.5, 0.5, (0, 1, 2, 3))


def test_shift_and_scale_of_codes_do_not_matter() -> None:
    train, factors, test, answers = noisy()
    scale, shift = np.array([1e-3, 10.0, -1.0, 1e4]), np.array([5.0, 0.0, -3.0, 1e4])
    moved = explicitness(train * scale + shift, factors, test * scale + shift, answers)
    assert moved.value == pytest.approx(explicitness(train, factors, test, answers).value, abs=1e-4)


def test_a_code_of_two_factors_alike_is_live_and_has_no_modularity() -> None:
    factors = np.indices((2, 2)).reshape(2, -1).T
    result = modularity(np.column_stack([factors[:, 0], factors @ [2, 1], np.zeros(4)]), factors)
    assert result.per_code.tolist() == [1.0, 0.0, 0.0]
    assert (result.value, result.live_value, result.dead_codes) == (pytest.approx(1 / 3), 0.5, (2,))


def test_test_codes_are_in_the_units_of_training() -> None:
    # the middle value is the likelier the nearer a code is to the centre, and the mean of these test rows is another
    rng = np.random.default_rng(0)
    factors = rng.integers(3, size=(3_000, 1))
    codes = factors + rng.normal(size=factors.shape)
    train, values = codes[:2_000], factors[:2_000]
    aside = codes[2_000:, 0] > 1
    test, answers = codes[2_000:][aside], factors[2_000:][aside]
    mean, scale = train.mean(axis=0), train.std(axis=0)
    fit = LogisticRegression(tol=1e-8, max_iter=10_000).fit((train - mean) / scale, values[:, 0])

    def area(centre: np.ndarray, unit: np.ndarray) -> float:
        return float(roc_auc_score(answers == fit.classes_, fit.predict_proba((test - centre) / unit)))

    assert explicitness(train, values, test, answers).value == pytest.approx(area(mean, scale), abs=1e-4)
    for wrong in (area(test.mean(axis=0), scale), area(test.mean(axis=0), test.std(axis=0))):
        assert wrong != pytest.approx(area(mean, scale), abs=0.01)
