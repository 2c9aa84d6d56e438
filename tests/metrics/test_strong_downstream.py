import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import strong_generalisation_gap, strong_generalisation_gap_finite, strong_generalisation_gap_of
from metaprior.metrics.interventions import on_world
from tests.metrics import reference

SIZES = (4, 3, 5)
WORLD = np.indices(SIZES).reshape(3, -1).T
MIXED = WORLD @ np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
FEW = {"train": 200, "test": 200}


def rows(table: np.ndarray, n: int = 1_200) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    index = np.random.default_rng(0).integers(len(WORLD), size=n)
    codes, factors = table[index], WORLD[index]
    return codes[: n // 2], factors[: n // 2], codes[n // 2 :], factors[n // 2 :]


def test_codes_of_one_factor_each_lose_nothing() -> None:
    for result in (
        strong_generalisation_gap(WORLD, SIZES, **FEW),
        strong_generalisation_gap_finite(*rows(WORLD), train=200),
    ):
        assert result.value == 0.0
        assert result.plain.tolist() == result.strong.tolist() == [1.0, 1.0, 1.0]


def test_codes_that_mix_factors_lose_much() -> None:
    for result in (
        strong_generalisation_gap(MIXED, SIZES, **FEW),
        strong_generalisation_gap_finite(*rows(MIXED), train=200),
    ):
        assert result.plain.min() > 0.9
        assert result.value > 0.2
        assert result.value == pytest.approx(1 - result.strong.mean() / result.plain.mean())


def test_a_code_that_the_held_factor_moves_is_misread() -> None:
    # with v₁ fixed the trees read v₀ off v₀ + v₁; in the test v₁ is the other value, and every guess is off by one
    world = np.indices((4, 2)).reshape(2, -1).T
    result = strong_generalisation_gap(world.sum(axis=1, keepdims=True), (4, 2), 400, 400, repeats=2)
    assert result.strong[0] == pytest.approx(0.25, abs=0.07)  # the end of the range is all there is to hit
    assert {shift.held for shift in result.shifts if shift.target == 0} == {1}


def test_what_is_held_is_one_value_in_training_and_never_in_the_test() -> None:
    seen: list[np.ndarray] = []

    def represent(factors: np.ndarray) -> np.ndarray:
        seen.append(factors)
        return factors.astype(float)

    result = strong_generalisation_gap(represent, SIZES, **FEW, repeats=3)
    (learnt, tested), shifted = seen[:2], seen[2 * len(SIZES) :]
    assert len(shifted) == 2 * len(result.shifts)
    for shift, fixed, moved in zip(result.shifts, shifted[::2], shifted[1::2], strict=True):
        assert set(fixed[:, shift.held]) == {shift.value}
        assert set(moved[:, shift.held]) == set(range(SIZES[shift.held])) - {shift.value}
        others = [k for k in range(3) if k != shift.held]
        assert np.array_equal(fixed[:, others], learnt[:, others])
        assert np.array_equal(moved[:, others], tested[:, others])


def test_a_picture_stays_the_same_when_a_factor_is_set() -> None:
    # of two pictures a combination, one shows the factors and the other nothing: half of the examples are told
    shown = np.stack([WORLD + 1, np.zeros_like(WORLD)], axis=1).reshape(-1, 3)
    result = strong_generalisation_gap_of(on_world(shown, SIZES, pictures=2), 400, 400, 2, "lightgbm", 0, 1)
    assert result.value == pytest.approx(0.0, abs=0.02)
    assert result.plain.mean() == pytest.approx(0.5 + 0.5 * np.mean([1 / size for size in SIZES]), abs=0.07)


def test_other_factors_are_held_in_turns() -> None:
    shifts = strong_generalisation_gap(WORLD, SIZES, 50, 50, repeats=4).shifts
    assert [shift.target for shift in shifts] == [0] * 4 + [1] * 4 + [2] * 4
    for target in range(3):
        held = sorted(shift.held for shift in shifts if shift.target == target)
        assert held == sorted(2 * [k for k in range(3) if k != target])


def test_rows_are_compared_at_the_same_number_of_examples() -> None:
    result = strong_generalisation_gap_finite(*rows(WORLD, n=120), repeats=2)
    assert 10 <= result.n_train <= 60 / 3
    assert result.plain.mean() < 1.0  # as few examples as share a value do not tell all values apart


@reference.recorded
def test_aligned_codes_lose_little_and_rotated_ones_much() -> None:
    def gap(case: str) -> float | None:
        codes, _ = reference.world(case)
        few = codes.reshape(3, 6, 40, 32, 32, 10)[:, :, ::10, ::16, ::16]  # fewer values, so fewer trees
        return strong_generalisation_gap(few.reshape(-1, 10), few.shape[:-1], 400, 400).value

    assert gap("A_dsprites") == pytest.approx(0.0, abs=0.05)
    assert gap("C_dsprites") > 0.2


def test_constant_factors_take_no_part() -> None:
    result = strong_generalisation_gap(WORLD, (4, 3, 1, 5), **FEW)
    assert result.value == 0.0
    assert np.isnan(result.strong[2])
    assert all(2 not in (shift.target, shift.held) for shift in result.shifts)


def test_what_cannot_be_held_has_a_reason() -> None:
    single = strong_generalisation_gap(np.arange(4.0)[:, None], (4,))
    assert single.value is None
    assert single.reason == "a factor is told while another is held fixed, and fewer than two vary"
    few = strong_generalisation_gap_finite(*rows(WORLD, n=20))
    assert few.value is None
    assert few.reason is not None
    assert "has a value that 10 training rows share" in few.reason
    with pytest.raises(MetapriorError, match="test must be at least 1, not 0"):
        strong_generalisation_gap(WORLD, SIZES, test=0)


def test_the_seed_decides_and_threads_do_not() -> None:
    noisy = MIXED + np.random.default_rng(0).normal(size=MIXED.shape)
    once, again = (strong_generalisation_gap(noisy, SIZES, **FEW, seed=3, threads=threads) for threads in (1, 2))
    other = strong_generalisation_gap(noisy, SIZES, **FEW, seed=4)
    assert (once.value, once.shifts) == (again.value, again.shifts)
    assert once.shifts != other.shifts
