import itertools
import math
from statistics import fmean

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.study.analysis import transfer, transfer_table

NAN = float("nan")


def by_the_definition(source, target, same_models):
    """Every seed, every best setting, every rival, one after the other."""
    of_seeds = []
    for seed in range(target.shape[1]):
        counted = np.delete(source, seed, axis=1) if same_models else source
        known = {c: row[~np.isnan(row)] for c, row in enumerate(counted)}
        means = {c: fmean(row) for c, row in known.items() if len(row)}
        best = [c for c, mean in means.items() if mean == max(means.values())]
        of_settings = []
        for c in best:
            rivals = [target[r] for r in np.ndindex(target.shape) if r != (c, seed) and not np.isnan(target[r])]
            if not np.isnan(target[c, seed]) and rivals:
                of_settings.append(fmean((target[c, seed] > r) + (target[c, seed] == r) / 2 for r in rivals))
        if of_settings:
            of_seeds.append(fmean(of_settings))
    return fmean(of_seeds) if of_seeds else NAN


@pytest.mark.parametrize("same_models", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("values", [3, 1000])
def test_it_is_what_enumeration_gives(same_models, missing, values):
    rng = np.random.default_rng(0)
    for _ in range(20):
        source, target = rng.integers(values, size=(2, 5, 4)) / 8  # so that sums are exact, and ties are ties
        target[rng.random(target.shape) < missing] = NAN
        source[rng.random(source.shape) < missing] = NAN
        expected = by_the_definition(source, target, same_models)
        assert transfer(source, target, same_models).probability == pytest.approx(expected, nan_ok=True)


def test_a_setting_that_is_always_best_beats_all_but_its_own_other_seeds():
    settings, seeds = 6, 5
    scores = np.arange(settings)[:, None] + np.linspace(0, 0.5, seeds)
    best = (seeds * (settings - 1) + (seeds - 1) / 2) / (seeds * settings - 1)
    worst = (seeds - 1) / 2 / (seeds * settings - 1)
    for same_models in (True, False):
        assert transfer(scores, scores, same_models).probability == pytest.approx(best)
        assert transfer(-scores, scores, same_models).probability == pytest.approx(worst)
        assert transfer(scores, scores, same_models).chosen == ((5,),) * seeds


def test_scores_without_meaning_transfer_by_chance():
    """Exactly so on average over all orders of the models: nothing is tested on what it was chosen by."""
    found = [
        transfer(scores, scores, same_models=True).probability
        for order in itertools.permutations([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
        for scores in [np.reshape(order, (2, 3))]
    ]
    assert np.mean(found) == pytest.approx(0.5)


def test_a_source_or_target_that_tells_nothing_apart_is_chance():
    scores = np.random.default_rng(0).normal(size=(4, 3))
    same = np.ones((4, 3))
    assert transfer(scores, same, same_models=False).probability == 0.5
    assert transfer(same, scores, same_models=False).probability == pytest.approx(0.5)
    assert transfer(same, scores, same_models=False).chosen == ((0, 1, 2, 3),) * 3


@pytest.mark.parametrize("same_models", [True, False])
@pytest.mark.parametrize("settings", [2, 7, 36, 61])
def test_settings_with_the_same_scores_are_equally_good_whatever_rounding_does(same_models, settings):
    scores = np.tile(np.random.default_rng(settings).uniform(size=50), (settings, 1))
    assert transfer(scores, scores, same_models).chosen == (tuple(range(settings)),) * 50


def test_a_model_has_no_part_in_the_choice_it_is_tested_by():
    lucky_once = [[9.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    assert transfer(lucky_once, lucky_once, same_models=True).chosen == ((1,), (0,), (0,))
    assert transfer(lucky_once, lucky_once, same_models=False).chosen == ((0,), (0,), (0,))


def test_other_data_may_have_other_seeds_but_the_same_models_may_not():
    source, target = np.eye(3), np.eye(3)[:, :2]
    assert len(transfer(source, target, same_models=False).chosen) == 2
    with pytest.raises(MetapriorError, match="the same settings and seeds; the source has"):
        transfer(source, target, same_models=True)
    with pytest.raises(MetapriorError, match=r"the same settings; the source has \(2, 3\)"):
        transfer(source[:2], source, same_models=False)


@pytest.mark.parametrize("target", [[[NAN], [NAN]], [[0.5], [NAN]], np.empty((2, 0))])
def test_without_rivals_there_is_no_probability(target):
    assert math.isnan(transfer([[0.2], [0.1]], target, same_models=False).probability)


def test_without_a_source_nothing_is_chosen():
    found = transfer([[NAN, NAN], [NAN, NAN]], [[0.2, 0.3], [0.1, 0.4]], same_models=False)
    assert found.chosen == ((), ())
    assert math.isnan(found.probability)


def test_a_table_is_the_mean_over_sources_and_targets_of_each_kind():
    scores = np.random.default_rng(0).normal(size=(3, 2, 4, 5))
    scores[0, 1, 2, 3] = NAN
    found = transfer_table(scores)
    cells = list(np.ndindex(3, 2))
    kinds = {"same": (1, 1), "other_metric": (1, 0), "other_data": (0, 1), "other_data_and_metric": (0, 0)}
    for name, kind in kinds.items():
        pairs = [(a, b) for a in cells for b in cells if (a[0] == b[0], a[1] == b[1]) == kind]
        each = [transfer(scores[a], scores[b], same_models=a[0] == b[0]).probability for a, b in pairs]
        assert getattr(found, name) == pytest.approx(np.mean(each))


def test_settings_that_are_good_on_their_own_data_alone_show_so():
    """On each of two data sets another half of the settings is good, by either metric."""
    good = np.array([[1, 1, 0, 0], [0, 0, 1, 1]])[:, None, :, None]
    scores = good + np.random.default_rng(0).uniform(0, 0.5, size=(2, 2, 4, 50))
    found = transfer_table(scores)
    assert min(found.same, found.other_metric) >= 0.7
    assert max(found.other_data, found.other_data_and_metric) <= 0.3


def test_one_data_set_or_metric_has_no_others():
    found = transfer_table(np.random.default_rng(0).normal(size=(1, 1, 4, 5)))
    assert not math.isnan(found.same)
    assert np.isnan([found.other_metric, found.other_data, found.other_data_and_metric]).all()
