import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import Votes, factor_vae_score, factor_vae_score_finite
from tests.metrics import reference

FEW = Votes(train=400, test=200)
SIZES = (4, 3, 5)
FACTORS = np.stack(np.unravel_index(np.arange(60), SIZES), axis=1)


@reference.recorded
@pytest.mark.parametrize("case", reference.CASES)
def test_agrees_with_the_original(case: str) -> None:
    recorded = reference.scores(case, "factor_vae")
    world, sizes = reference.world(case)
    results = [factor_vae_score(world, sizes, seed=seed) for seed in range(5)]
    for ours, theirs in (("value", "eval_accuracy"), ("train_value", "train_accuracy")):
        mean = np.mean([getattr(result, ours) for result in results])
        assert mean == pytest.approx(recorded[theirs]["mean"], abs=reference.tolerance(recorded[theirs]))
    active = reference.matrices(case, "factor_vae")["active_dims"]
    assert results[0].active.tolist() == active
    assert results[0].num_active == sum(active)


def test_ten_independent_factors_are_told_apart() -> None:
    sizes = np.arange(2, 12)
    assert factor_vae_score(lambda factors: factors, sizes, FEW).value >= 0.9


def test_duplicated_codes_do_not_lower_the_score() -> None:
    assert factor_vae_score(np.hstack([FACTORS, FACTORS]), SIZES, FEW).value == 1.0


def test_codes_of_noise_score_as_the_commonest_factor() -> None:
    noise = np.random.default_rng(0).normal(size=(60 * 64, 5))
    result = factor_vae_score(noise, (4, 3, 5, 64), Votes(2000, 2000))
    assert result.value == pytest.approx(0.25, abs=0.06)


def test_a_table_and_a_function_are_the_same_world() -> None:
    table = FACTORS @ np.random.default_rng(0).normal(size=(3, 4))
    codes = {tuple(row): code for row, code in zip(FACTORS.tolist(), table, strict=True)}
    by_table = factor_vae_score(table, SIZES, FEW, seed=3)
    by_function = factor_vae_score(lambda f: np.stack([codes[tuple(row)] for row in f.tolist()]), SIZES, FEW, seed=3)
    assert by_table.value == by_function.value
    assert np.array_equal(by_table.votes, by_function.votes)


def test_every_vote_is_counted_once() -> None:
    result = factor_vae_score(FACTORS, SIZES, FEW)
    assert result.votes.sum() == FEW.train


def test_codes_below_the_threshold_take_no_part() -> None:
    small = FACTORS * np.array([1.0, 1.0, 0.01])
    result = factor_vae_score(small, SIZES, FEW)
    assert result.num_active == 2
    assert result.votes[:, 2].sum() == 0
    assert factor_vae_score(small, SIZES, Votes(400, 200, prune=0.0)).value == 1.0
    assert factor_vae_score(np.zeros((60, 3)), SIZES, FEW).value == 0.0


def test_a_constant_factor_is_never_drawn() -> None:
    result = factor_vae_score(FACTORS, (4, 3, 1, 5), FEW)
    assert result.value == 1.0
    assert result.votes[2].sum() == 0


def test_rows_of_a_world_score_as_the_world() -> None:
    codes = FACTORS @ np.array([[2.0, 0.3, 0.0], [0.2, 1.0, 0.4], [0.0, 0.5, 1.0]])
    votes = Votes(4000, 4000)
    by_rows = factor_vae_score_finite(codes, FACTORS, votes)
    assert by_rows.value == pytest.approx(factor_vae_score(codes, SIZES, votes).value, abs=0.03)


def test_held_rows_share_the_value() -> None:
    # a code equal to the factor has no variance in a batch that holds it, whatever the other code does
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 6, size=(50, 2))
    codes = factors + 0.0
    assert factor_vae_score_finite(codes, factors, FEW).value == 1.0


def test_too_few_rows_give_a_reason() -> None:
    result = factor_vae_score_finite(np.eye(4), np.arange(4)[:, None])
    assert result.value is None
    assert result.reason is not None
    assert "factor 0 has no value that two rows share" in result.reason
    assert factor_vae_score(np.zeros((1, 2)), (1, 1)).reason == "no factor varies"


@pytest.mark.parametrize("dead", [np.zeros(60), np.full(60, 0.1), np.arange(60) * 1e-200], ids=["0", "0.1", "tiny"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_dead_codes_take_no_part_without_a_threshold_either(place: int, dead: np.ndarray) -> None:
    result = factor_vae_score(np.insert(FACTORS.astype(float), place, dead, axis=1), SIZES, Votes(400, 200, prune=0))
    assert (result.value, result.num_active) == (1.0, 3)
    assert not result.active[place]
    assert result.votes[:, place].sum() == 0


def test_the_threshold_is_on_the_standard_deviation() -> None:
    codes = FACTORS / FACTORS.std(axis=0) * [1.0, 0.06, 0.04]  # of variances .0036 and .0016
    result = factor_vae_score(codes, SIZES, FEW)
    assert result.active.tolist() == [True, True, False]
    assert result.variance == pytest.approx([1.0, 0.0036, 0.0016], rel=0.1)


def test_what_has_no_variance_or_no_order_is_refused() -> None:
    for settings in ({"batch": 1}, {"variance_rows": 1}):
        with pytest.raises(MetapriorError, match="must be at least 2, not 1: one example has no variance"):
            Votes(**settings)
    for prune in (-0.1, float("nan"), float("inf")):
        with pytest.raises(MetapriorError, match=r"prune must be (finite and )?at least 0, not"):
            Votes(prune=prune)
