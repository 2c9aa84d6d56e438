import itertools

import numpy as np
import pytest
from scipy.stats import f_oneway

from metaprior.core import MetapriorError
from metaprior.study.analysis import explained_variance


def factorial(method, strength, seed, both=0.0):
    """Scores of a full factorial of ±1 with the given effects, the interaction of method and strength included."""
    m, s, e = (axis.ravel() * 2 - 1 for axis in np.indices((2, 2, 2)))
    return method * m + strength * s + seed * e + both * m * s, m.tolist(), s.tolist()


def test_orthogonal_effects_explain_their_squares():
    scores, method, strength = factorial(3, 2, 1)
    assert explained_variance(scores, method).r2 == pytest.approx(9 / 14)
    assert explained_variance(scores, strength).r2 == pytest.approx(4 / 14)
    assert explained_variance(scores, method, strength).r2 == pytest.approx(13 / 14)


def test_method_and_strength_explain_their_interaction_too():
    scores, method, strength = factorial(0, 0, 1, both=3)
    assert explained_variance(scores, method).r2 == pytest.approx(0)
    assert explained_variance(scores, strength).r2 == pytest.approx(0)
    assert explained_variance(scores, method, strength).r2 == pytest.approx(9 / 10)


def test_strengths_of_one_name_are_others_for_another_method():
    found = explained_variance([1, 2, 3, 4], ["beta-vae", "beta-vae", "dip-vae-i", "dip-vae-i"], [1, 4, 1, 4])
    assert (found.groups, found.n, found.r2) == (4, 4, 1.0)
    assert np.isnan(found.adjusted)


def test_it_is_the_f_statistic_in_another_scale():
    rng = np.random.default_rng(0)
    groups = [rng.normal(mean, size=size) for mean, size in ((0.0, 5), (0.5, 9), (1.0, 13))]
    labels = [name for name, group in zip("abc", groups, strict=True) for _ in group]
    f, (k, n) = f_oneway(*groups).statistic, (3, 27)
    found = explained_variance(np.concatenate(groups), labels)
    assert found.r2 == pytest.approx(f * (k - 1) / (f * (k - 1) + n - k))
    assert found.adjusted == pytest.approx((f - 1) * (k - 1) / (f * (k - 1) + n - k))  # ε² by F
    assert (found.groups, found.n) == (k, n)


def test_labels_that_say_nothing_explain_their_number_and_adjusted_nothing():
    """Exactly so on average over all ways to label."""
    labels = ["a", "a", "a", "b", "b", "c"]
    found = [explained_variance(scores, labels) for scores in itertools.permutations([0.1, 0.2, 0.25, 0.4, 0.5, 0.9])]
    assert np.mean([each.r2 for each in found]) == pytest.approx(2 / 5)
    assert np.mean([each.adjusted for each in found]) == pytest.approx(0, abs=1e-12)


def test_the_unit_of_the_score_does_not_matter():
    scores, method, _ = factorial(3, 2, 1)
    assert explained_variance(5 - 0.01 * scores, method).r2 == pytest.approx(9 / 14)


def test_models_without_a_score_and_groups_of_none_are_left_out():
    found = explained_variance([1.0, None, 2.0, float("inf"), 5.0, 6.0], ["a", "a", "a", "c", "b", "b"])
    assert found == explained_variance([1.0, 2.0, 5.0, 6.0], ["a", "a", "b", "b"])


@pytest.mark.parametrize("scores", [[0.3, 0.3, 0.3], [None, None, None], [0.5, None, None], []])
def test_a_score_that_does_not_vary_has_nothing_to_explain(scores):
    found = explained_variance(scores, ["a", "b", "b"][: len(scores)])
    assert np.isnan([found.r2, found.adjusted]).all()


def test_missing_or_unequally_many_labels_are_refused():
    with pytest.raises(MetapriorError, match="3 scores and labels of 2"):
        explained_variance([1, 2, 3], ["a", "b"])
    with pytest.raises(MetapriorError, match="a label is NaN"):
        explained_variance([1, 2, 3], ["a", "b", "b"], [1.0, 2.0, float("nan")])
    with pytest.raises(MetapriorError, match="one label of each kind"):
        explained_variance([1, 2, 3])
