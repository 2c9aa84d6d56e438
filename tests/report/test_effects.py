import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.report import interventional_effects


def grid(*sizes: int, repeat: int = 1) -> np.ndarray:
    return np.indices(sizes).reshape(len(sizes), -1).T.repeat(repeat, axis=0)


def test_means_and_spreads_are_those_of_the_examples_with_each_value() -> None:
    factors = grid(3, 4, repeat=5)
    codes = np.random.default_rng(0).normal(size=(len(factors), 2)) + factors[:, :1]
    effect = interventional_effects(codes, factors).cells[1][0]
    for i, value in enumerate(effect.values):
        chosen = codes[factors[:, 0] == value, 1]
        assert effect.mean[i] == pytest.approx(chosen.mean())
        assert effect.sd[i] == pytest.approx(chosen.std())
        assert effect.low[i] == pytest.approx(np.quantile(chosen, 0.05))
        assert effect.high[i] == pytest.approx(np.quantile(chosen, 0.95))


def test_within_and_between_add_up_to_the_variance() -> None:
    factors = np.random.default_rng(1).integers(0, 4, (500, 1))
    codes = np.random.default_rng(2).normal(size=(500, 1)) * (1 + factors) + factors
    effect = interventional_effects(codes, factors).cells[0][0]
    weights = np.unique(factors, return_counts=True)[1] / 500
    total = weights @ effect.sd**2 + weights @ (effect.mean - codes.mean()) ** 2
    assert total == pytest.approx(codes.var())


def test_shares_of_a_sum_of_factors_are_the_parts_of_its_variance() -> None:
    factors = grid(4, 6, 3, repeat=50)
    a, b = 3.0 * factors[:, 0], -1.0 * factors[:, 1]
    shares = interventional_effects((a + b)[:, None], factors).shares[0]
    assert shares == pytest.approx([a.var() / (a + b).var(), b.var() / (a + b).var(), 0], abs=0.01)


def test_a_code_that_is_a_function_of_a_factor_is_explained_by_it_wholly() -> None:
    factors = grid(5, 4)
    codes = np.cos(factors[:, :1] * 1.7)
    assert interventional_effects(codes, factors).shares[0].tolist() == [1, 0]


def test_a_factor_of_many_values_explains_nothing_by_chance() -> None:
    """The correlation ratio would be 39 / 399 on average, nearly a tenth."""
    rng = np.random.default_rng(0)
    shares = interventional_effects(rng.normal(size=(400, 200)), rng.integers(0, 40, (400, 1))).shares
    assert shares.mean() < 0.02


@pytest.mark.parametrize("codes", [np.zeros((12, 1)), np.full((12, 1), 3.7)])
def test_a_constant_code_is_explained_by_nothing(codes: np.ndarray) -> None:
    assert interventional_effects(codes, grid(3, 4)).shares.tolist() == [[0, 0]]


def test_with_the_main_factor_held_a_disentangled_code_stays_still_and_an_entangled_one_does_not() -> None:
    """A product moves with both factors, though its mean over either is flat in the other."""
    factors = grid(5, 5, repeat=4)
    centred = factors - 2.0
    product = centred[:, 0] * centred[:, 1] + 2 * centred[:, 0]
    effects = interventional_effects(np.stack([centred[:, 0], product], axis=1), factors)
    assert np.ptp(effects.held(0, 1), axis=1).max() == 0
    assert np.ptp(effects.cells[1][1].mean) == pytest.approx(0)
    assert np.ptp(effects.held(1, 1), axis=1) == pytest.approx([8, 4, 0, 4, 8])


def test_held_values_are_few_and_what_never_occurs_is_not_a_number() -> None:
    factors = grid(30, 2)
    assert interventional_effects(factors.astype(float), factors).held(0, 1).shape == (6, 2)
    factors = np.array([[0, 0], [0, 1], [1, 0]])
    assert np.isnan(interventional_effects(factors[:, :1].astype(float), factors).held(0, 1)).sum() == 1


def test_rows_that_miss_a_factor_are_left_out() -> None:
    factors = np.vstack([grid(2, 3), [[-1, 0], [1, -1]]])
    effects = interventional_effects(np.arange(8.0)[:, None], factors)
    assert len(effects.codes) == 6
    assert effects.cells[0][0].mean.tolist() == [1, 4]
    with pytest.raises(MetapriorError, match="every row misses"):
        interventional_effects(np.zeros((2, 1)), np.array([[-1, 0], [0, -1]]))


def test_values_go_by_their_names_where_these_are_known() -> None:
    factors = np.array([[0], [2], [2]])
    codes = np.zeros((3, 1))
    assert interventional_effects(codes, factors, ["shape"], (("square", "ellipse", "heart"),)).named(0) == [
        "square",
        "heart",
    ]
    assert interventional_effects(codes, factors).named(0) == ["0", "2"]
