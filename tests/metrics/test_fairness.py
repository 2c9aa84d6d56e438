import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import unfairness, unfairness_finite, unfairness_of
from metaprior.metrics.interventions import on_world

SIZES = (4, 3, 5)
WORLD = np.indices(SIZES).reshape(3, -1).T
PAIR = np.indices((2, 2)).reshape(2, -1).T
OFF_DIAGONAL = ~np.eye(3, dtype=bool)


def rows(world: np.ndarray, codes: np.ndarray, n: int = 4_000) -> tuple[np.ndarray, ...]:
    index = np.random.default_rng(0).integers(len(world), size=n)
    codes, factors = codes[index], world[index]
    return codes[: n // 2], factors[: n // 2], codes[n // 2 :], factors[n // 2 :]


def test_codes_of_one_factor_each_are_fair() -> None:
    result = unfairness(WORLD, SIZES, train=500)
    assert (result.value, result.worst) == (0.0, 0.0)
    assert result.mean_distance[OFF_DIAGONAL].tolist() == [0.0] * 6
    assert np.isnan(np.diag(result.mean_distance)).all()


def test_a_code_that_needs_both_factors_in_closed_form() -> None:
    # from v₀ ∧ v₁ alone, v₀ is guessed 1 where both are: never for v₁ = 0, half the time for v₁ = 1, a quarter overall
    both = PAIR.min(axis=1, keepdims=True)
    world, some = unfairness(both, (2, 2), train=500, test=10_000), unfairness_finite(*rows(PAIR, both))
    for result, within in ((world, 0.01), (some, 0.02)):
        assert result.mean_distance[[0, 1], [1, 0]] == pytest.approx(0.25, abs=within)
        assert result.largest_distance[[0, 1], [1, 0]] == pytest.approx(0.25, abs=within)
        assert result.value == pytest.approx(0.25, abs=within)


def test_rows_are_targets_and_columns_are_sensitive() -> None:
    codes = np.stack([PAIR.min(axis=1), PAIR[:, 1]], axis=1)  # v₁ is told for sure, and v₀ only where v₁ = 1
    result = unfairness(codes, (2, 2), train=500)
    assert result.mean_distance[1, 0] == 0.0
    assert result.mean_distance[0, 1] > 0.2
    assert result.worst == result.mean_distance[0, 1]
    assert result.value == result.worst / 2


def test_the_sensitive_factor_takes_each_value_and_nothing_else_changes() -> None:
    seen: list[np.ndarray] = []

    def represent(factors: np.ndarray) -> np.ndarray:
        seen.append(factors)
        return factors.astype(float)

    unfairness(represent, SIZES, train=50, test=7)
    asked = seen[1:]
    assert len(asked) == 3
    for target, batch in enumerate(asked):
        others = [k for k in range(3) if k != target]
        assert len(batch) == 7 * sum(SIZES[k] for k in others)
        for sensitive, part in zip(others, np.split(batch, [7 * SIZES[others[0]]]), strict=True):
            values = part.reshape(SIZES[sensitive], 7, 3)
            assert (values[:, :, sensitive] == np.arange(SIZES[sensitive])[:, None]).all()
            unchanged = [k for k in range(3) if k != sensitive]
            assert (values[:, :, unchanged] == values[:1, :, unchanged]).all()


def test_a_picture_stays_the_same_when_a_factor_is_set() -> None:
    # of two pictures a combination, one shows the factors and the other nothing: some examples are not told, but fairly
    shown = np.stack([WORLD + 1, np.zeros_like(WORLD)], axis=1).reshape(-1, 3)
    assert unfairness_of(on_world(shown, SIZES, pictures=2), 500, 50, "lightgbm", 0, 1).value == 0.0


def test_factors_that_depend_on_each_other_in_the_rows_are_unfair_even_if_told_exactly() -> None:
    factors = np.arange(200)[:, None].repeat(2, axis=1) % 2
    result = unfairness_finite(factors[:100], factors[:100], factors[100:], factors[100:])
    assert result.value == pytest.approx(0.5)


def test_few_rows_differ_by_chance() -> None:
    many, few = (unfairness_finite(*rows(WORLD, WORLD, n)).value for n in (8_000, 200))
    assert many < 0.03 < few


def test_constant_factors_take_no_part() -> None:
    result = unfairness(PAIR.min(axis=1, keepdims=True), (2, 1, 2), train=500)
    assert np.isnan(result.mean_distance[1]).all()
    assert np.isnan(result.mean_distance[:, 1]).all()
    assert result.value == pytest.approx(0.25, abs=0.1)


def test_what_has_no_pair_has_a_reason() -> None:
    single = unfairness(np.arange(4.0)[:, None], (4,))
    assert (single.value, single.worst) == (None, None)
    assert single.reason == "a target needs a sensitive factor beside it, and fewer than two vary"
    constant = np.ones((20, 2), dtype=int)
    assert unfairness_finite(constant, constant, constant, constant).reason == single.reason
    with pytest.raises(MetapriorError, match="train must be at least 1, not 0"):
        unfairness(PAIR, (2, 2), train=0)


def test_the_seed_decides_and_threads_do_not() -> None:
    noisy = WORLD + np.random.default_rng(0).normal(size=WORLD.shape)
    once, again = (unfairness(noisy, SIZES, 300, seed=3, threads=threads) for threads in (1, 2))
    assert np.array_equal(once.mean_distance, again.mean_distance, equal_nan=True)
    assert unfairness(noisy, SIZES, 300, seed=4).value != once.value
