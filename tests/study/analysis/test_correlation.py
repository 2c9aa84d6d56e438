import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from metaprior.core import MetapriorError
from metaprior.study.analysis import rank_correlation, rank_correlation_intervals, rank_correlations

NAN = float("nan")


@given(st.permutations(range(7)))
def test_without_ties_it_is_the_formula_of_squared_differences(order):
    squared = sum((rank - place) ** 2 for place, rank in enumerate(order))
    assert rank_correlation(range(7), order) == pytest.approx(1 - 6 * squared / (7 * (7**2 - 1)))


def test_over_all_orders_its_mean_is_zero_and_its_variance_one_over_n_less_one():
    found = np.array([rank_correlation(range(6), order) for order in itertools.permutations(range(6))])
    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert np.square(found).mean() == pytest.approx(1 / 5)


def test_it_knows_order_only():
    values = np.random.default_rng(0).normal(size=1001)
    assert rank_correlation(values, np.exp(values)) == 1.0
    assert rank_correlation(values, -(values**3)) == -1.0


def test_tied_models_share_a_mean_rank():
    # ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5)
    assert rank_correlation([0.1, 0.2, 0.2, 0.3], [1, 2, 3, 4]) == pytest.approx(math.sqrt(0.9))


def test_a_model_that_lacks_a_score_is_left_out():
    first, second = [1, 2, None, 3, 9], [1, 3, 7, 2, float("inf")]
    assert rank_correlation(first, second) == rank_correlation([1, 2, 3], [1, 3, 2]) == 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1, 2], [1, 2]),
        ([1, 2, None], [1, 2, 3]),
        ([1, 2, 3], [5, 5, 5]),
        ([1, 1, 1, 2], [1, 2, 3, None]),
        ([], []),
        ([None] * 4, [None] * 4),
    ],
)
def test_too_few_models_or_a_constant_score_have_none(first, second):
    assert math.isnan(rank_correlation(first, second))


def test_a_table_is_the_correlations_of_its_pairs_whichever_scores_are_missing():
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(8, size=(40, 4)).astype(float), rng.normal(size=(40, 5))
    rows[rng.random(rows.shape) < 0.1] = NAN
    columns[:6, :2] = NAN
    columns[:, 4] = NAN
    found = rank_correlations(rows, columns)
    assert found.shape == (4, 5)
    assert np.isnan(found[:, 4]).all()
    for i, j in np.ndindex(4, 4):
        both = ~np.isnan(rows[:, i]) & ~np.isnan(columns[:, j])
        assert found[i, j] == pytest.approx(spearmanr(rows[both, i], columns[both, j]).statistic)
    assert np.array_equal(rank_correlations(columns, rows), found.T, equal_nan=True)


def test_intervals_hold_the_correlation_of_the_normal_distribution_about_as_often_as_they_say():
    """Of normal scores with correlation r Spearman's is 6 arcsin(r / 2) / π; each column is a cohort of its own."""
    rng = np.random.default_rng(0)
    first, noise = rng.normal(size=(2, 60, 100))
    second = 0.6 * first + 0.8 * noise
    true = 6 / np.pi * np.arcsin(0.6 / 2)
    found = rank_correlation_intervals(first, second, seed=0, resamples=200)
    low, high = found.low.diagonal(), found.high.diagonal()
    assert 0.87 <= ((low <= true) & (true <= high)).mean() <= 0.99
    elsewhere = ~np.eye(100, dtype=bool)
    assert 0.92 <= ((found.low <= 0) & (found.high >= 0))[elsewhere].mean() <= 0.97


def test_intervals_are_decided_by_the_seed_and_nested_by_level():
    scores = np.random.default_rng(0).normal(size=(36, 2))
    wide, again = (rank_correlation_intervals(scores[:, :1], scores[:, 1:], seed=3) for _ in range(2))
    other = rank_correlation_intervals(scores[:, :1], scores[:, 1:], seed=4)
    narrow = rank_correlation_intervals(scores[:, :1], scores[:, 1:], seed=3, level=0.5)
    assert (wide.low, wide.high) == (again.low, again.high)
    assert (wide.low, wide.high) != (other.low, other.high)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_models_are_drawn_together_with_all_their_scores():
    scores = np.random.default_rng(0).normal(size=(20, 1))
    found = rank_correlation_intervals(scores, np.hstack([np.exp(scores), -scores]), seed=0, resamples=50)
    assert found.low.tolist() == found.high.tolist() == [[1.0, -1.0]]


def test_where_nothing_can_be_said_the_interval_is_missing():
    found = rank_correlation_intervals([[1], [2], [3], [4]], [[1, 5], [2, 5], [4, 5], [3, 5]], seed=0, resamples=100)
    assert np.isnan([found.low, found.high]).tolist() == [[[False, True]], [[False, True]]]


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"level": 1.0}, {"level": 0.0}])
def test_intervals_without_resamples_or_level_are_refused(wrong):
    with pytest.raises(MetapriorError, match="resamples and a level between 0 and 1"):
        rank_correlation_intervals([[1], [2], [3]], [[1], [2], [3]], seed=0, **wrong)
