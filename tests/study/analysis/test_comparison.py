import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from metaprior.core import MetapriorError
from metaprior.study.analysis import paired_comparison, pick, selected, top_share

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "largest", "smallest"),
    [
        ([0.1, 0.5, 0.5, 0.1], 1, 0),
        ([None, 0.1, NAN, 0.2], 3, 1),
        ([float("inf"), 0.1, 0.2, float("-inf")], 2, 1),
        ([None, NAN], None, None),
        ([], None, None),
    ],
)
def test_the_best_is_selected_of_equals_the_first_and_never_one_without_a_value(values, largest, smallest):
    assert selected(values, larger_is_better=True) == largest
    assert selected(values, larger_is_better=False) == smallest


def test_the_best_of_36_is_in_the_top_36th_and_the_worst_in_the_whole():
    scores = np.random.default_rng(0).permutation(36)
    assert [top_share(scores, place) for place in np.argsort(-scores)] == [k / 36 for k in range(1, 37)]


def test_equals_count_as_above_and_models_without_a_score_not_at_all():
    assert top_share([0.5, 0.5, 0.5, 0.1], 1) == 0.75
    assert top_share([0.9, None, 0.5, NAN], 2) == 1.0
    assert math.isnan(top_share([0.9, None], 1))
    assert math.isnan(top_share([0.9, 0.1], None))


def test_a_criterion_that_is_the_score_picks_the_best_and_its_opposite_the_worst():
    scores = np.random.default_rng(0).normal(size=36)
    best, worst = pick(scores, scores), pick(-scores, scores)
    assert (best.score, best.top_share) == (best.best, 1 / 36) == (scores.max(), 1 / 36)
    assert (worst.score, worst.top_share) == (scores.min(), 1.0)
    assert pick(-scores, scores, larger_is_better=False) == best
    assert best.median == worst.median == np.median(scores)


def test_what_is_picked_may_have_no_score():
    found = pick([0.9, 0.5, 0.1], [None, 0.2, 0.4])
    assert found.index == 0
    assert np.isnan([found.score, found.top_share]).all()
    assert (found.median, found.best) == (pytest.approx(0.3), 0.4)


def test_a_cohort_without_criterion_or_scores_picks_nothing():
    blind, unscored = pick([None, None], [0.2, 0.4]), pick([0.2, 0.4], [None, None])
    assert (blind.index, blind.best) == (None, 0.4)
    assert unscored.index == 1
    for value in (blind.score, blind.top_share, unscored.score, unscored.top_share, unscored.median, unscored.best):
        assert math.isnan(value)


@pytest.mark.parametrize(("wins", "losses"), [(5, 0), (4, 1), (0, 5), (3, 3), (14, 6), (60, 40)])
def test_the_sign_test_is_exact_and_ties_do_not_matter_to_it(wins, losses):
    gains = np.array([0.1] * wins + [-0.3] * losses + [0.0] * 7)
    tails = sum(math.comb(wins + losses, k) for k in range(wins, wins + losses + 1))
    found = paired_comparison(0.5 + gains, np.full(len(gains), 0.5))
    assert (found.wins, found.ties, found.losses) == (wins, 7, losses)
    assert found.p == pytest.approx(float(Fraction(tails, 2 ** (wins + losses))), rel=1e-12)


def test_the_two_sides_of_the_sign_test_share_the_middle():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 23_040))
    one, other = paired_comparison(first, second), paired_comparison(second, first)
    assert one.p + other.p == pytest.approx(1 + binom.pmf(one.wins, one.pairs, 0.5))
    assert one.mean_gain == -other.mean_gain == pytest.approx((first - second).mean())


def test_shares_are_of_all_pairs_that_have_both_scores():
    found = paired_comparison([0.5, 0.7, 0.2, 0.3, None, 0.9], [0.5, 0.1, 0.1, 0.9, 0.1, None])
    assert (found.pairs, found.wins_share, found.not_worse_share) == (4, 0.5, 0.75)
    assert (found.first_mean, found.second_mean) == (pytest.approx(1.7 / 4), pytest.approx(1.6 / 4))
    assert found.mean_gain == pytest.approx(0.1 / 4)


def test_equal_scores_are_no_evidence_and_no_pairs_no_numbers():
    assert paired_comparison([0.5, 0.5], [0.5, 0.5]).p == 1.0
    nothing = paired_comparison([None], [0.5])
    assert (nothing.pairs, nothing.p) == (0, 1.0)
    assert np.isnan([nothing.wins_share, nothing.not_worse_share, nothing.mean_gain]).all()


def test_unequal_numbers_of_models_are_refused():
    for compare in (paired_comparison, pick):
        with pytest.raises(MetapriorError, match="of the same models"):
            compare([1, 2, 3], [1, 2])


def test_results_are_plain_numbers():
    """So that they can be printed as JSON."""
    for found in (pick([1, 2], [1, 2]), paired_comparison([1, 2], [2, 1])):
        assert {type(value) for value in dataclasses.astuple(found)} <= {int, float}
