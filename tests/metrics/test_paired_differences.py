import numpy as np
import pytest

from metaprior.metrics import beta_vae_score, beta_vae_score_finite
from metaprior.metrics.paired_differences import Points
from tests.metrics import reference

FEW = Points(train=600, test=300)
SIZES = (4, 3, 5)
FACTORS = np.stack(np.unravel_index(np.arange(60), SIZES), axis=1)


@reference.recorded
@pytest.mark.parametrize("case", reference.CASES)
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "beta_vae")
    world, sizes = reference.world(case)
    results = [beta_vae_score(world, sizes, seed=seed) for seed in range(3)]
    for ours, theirs in (("value", "eval_accuracy"), ("train_value", "train_accuracy")):
        mean = np.mean([getattr(result, ours) for result in results])
        assert mean == pytest.approx(recorded[theirs]["mean"], abs=reference.tolerance(recorded[theirs]))
    assert (results[0].n, results[0].variant) == (5_000, "multinomial")


def test_ten_independent_factors_are_told_apart() -> None:
    assert beta_vae_score(lambda factors: factors, np.arange(2, 12), FEW).value >= 0.9


def test_duplicated_and_rotated_codes_do_not_lower_the_score() -> None:
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert beta_vae_score(np.hstack([FACTORS, FACTORS]), SIZES, FEW).value == 1.0
    assert beta_vae_score(FACTORS @ rotation, SIZES, FEW).value >= 0.95


def test_codes_of_noise_score_as_chance() -> None:
    noise = np.random.default_rng(0).normal(size=(60 * 64, 5))
    assert beta_vae_score(noise, (4, 3, 5, 64), Points(2000, 2000)).value == pytest.approx(0.25, abs=0.04)


def test_a_code_that_names_one_factor_tells_it_from_the_others() -> None:
    # its difference is 0 exactly when factor 2 is shared; when it is not, nothing tells factors 0 and 1 apart
    score = beta_vae_score(FACTORS[:, 2:], SIZES, Points(4000, 4000)).value
    assert score == pytest.approx(2 / 3, abs=0.03)


def test_differences_are_absolute_not_squared() -> None:
    # two values 0 and 2, or three values 0, 9/8 and 9/4, differ by 1 on average; by 2 and 1.69 if squared
    code = np.add.outer([0.0, 2.0], [0.0, 9 / 8, 9 / 4]).reshape(6, 1)
    assert beta_vae_score(code, (2, 3), Points(400, 400, batch=1024)).value < 0.6


def test_a_table_and_a_function_are_the_same_world() -> None:
    weights = np.random.default_rng(0).normal(size=(3, 4))
    by_table = beta_vae_score(FACTORS @ weights, SIZES, FEW, seed=3)
    by_function = beta_vae_score(lambda factors: factors @ weights, SIZES, FEW, seed=3)
    assert by_table == by_function


def test_a_constant_factor_is_never_drawn() -> None:
    # dead codes leave one guess, right for one factor of those that are drawn
    assert beta_vae_score(FACTORS * 0.0, (4, 3, 1, 5), Points(300, 3000)).value == pytest.approx(1 / 3, abs=0.04)
    assert beta_vae_score(FACTORS, (4, 3, 1, 5), FEW).value == 1.0


def test_rows_of_a_world_score_as_the_world() -> None:
    codes = FACTORS @ np.array([[1.0, 0.3, 0.2], [0.5, 1.0, 0.4], [0.4, 0.5, 0.6]])
    points = Points(4000, 4000, batch=3)
    by_rows, by_world = beta_vae_score_finite(codes, FACTORS, points), beta_vae_score(codes, SIZES, points)
    assert by_world.value < 0.97  # or they might agree by both being perfect
    assert by_rows.value == pytest.approx(by_world.value, abs=0.03)


def test_what_cannot_be_scored_has_a_reason() -> None:
    unshared = beta_vae_score_finite(np.eye(4), np.arange(4)[:, None])
    assert unshared.value is None
    assert unshared.reason == "factor 0 has no value that two rows share, so it cannot be held fixed"
    assert beta_vae_score(np.zeros((1, 2)), (1, 1)).reason == "no factor varies"
    alone = beta_vae_score(np.zeros((3, 2)), (1, 3))
    assert (alone.value, alone.reason) == (None, "only factor 1 varies, so there is nothing to tell it from")


def test_training_points_of_one_factor_teach_nothing() -> None:
    found = [beta_vae_score(FACTORS, SIZES, Points(train=2, test=10), seed=seed) for seed in range(12)]
    untold = [each for each in found if each.value is None]
    assert 0 < len(untold) < len(found)
    for each in untold:
        assert each.train_value is None
        assert str(each.reason).startswith("all 2 training points are of factor ")
