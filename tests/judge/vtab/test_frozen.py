"""Frozen protocols: selected on what selects, refitted to both, tested once."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

from metaprior.core import MetapriorError
from metaprior.judge.vtab.frozen import FROZEN, INVERSE_STRENGTHS, NEIGHBOURS, STRENGTHS, Features, linear
from metaprior.judge.vtab.trial import Trial
from tests.judge.probes.blobs import blobs

QUICK = [name for name in FROZEN if "linear" not in name]


def task(d: int = 12, classes: int = 4, noise: float = 1.5) -> Features:
    sets = (blobs(seed, n, d, classes, noise) for seed, n in ((0, 120), (1, 40), (2, 400)))
    scale = np.geomspace(1e-2, 1e2, d)
    return Features(*((((x * scale) + 5).astype(np.float32), y) for x, y in sets))


def standardised(x: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    mean, deviation = x.mean(0), x.std(0) + 1e-5
    return [((each - mean) / deviation).astype(np.float64) for each in (x, *others)]


CLASSIFIERS = {
    "ridge": ("strength", STRENGTHS, RidgeClassifier),
    "logistic": ("inverse_strength", INVERSE_STRENGTHS, lambda c: LogisticRegression(C=c, tol=1e-6, max_iter=5000)),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_probe_is_scikit_learns_at_the_strength_that_validation_prefers(name: str) -> None:
    features = task()
    (key, options, classifier), found = CLASSIFIERS[name], FROZEN[name](features, 0)
    x, z = standardised(features.train[0], features.val[0])
    hits = [classifier(option).fit(x, features.train[1]).score(z, features.val[1]) for option in options]
    assert found.val == pytest.approx(max(hits), abs=1 / 40)
    assert hits[options.index(found.chosen[key])] == pytest.approx(max(hits), abs=1 / 40)
    x, z = standardised(features.trainval[0], features.test[0])
    value = classifier(found.chosen[key]).fit(x, features.trainval[1]).score(z, features.test[1])
    assert found.value == pytest.approx(value, abs=0.005)
    assert found.n == 400
    assert found.se == pytest.approx((value * (1 - value) / 400) ** 0.5, abs=0.002)


def test_neighbours_are_scikit_learns() -> None:
    features, found = task(), FROZEN["knn"](task(), 0)
    nearest = KNeighborsClassifier(found.chosen["k"], metric="cosine").fit(*features.trainval)
    assert found.value == pytest.approx(nearest.score(*features.test), abs=0.02)  # ties in votes, ties in distance
    assert found.chosen["k"] in NEIGHBOURS


@pytest.mark.parametrize(("name", "strongest"), [("ridge", 1e6), ("logistic", 1e-6), ("knn", 100)])
def test_of_equals_the_strongest_is_taken(name: str, strongest: float) -> None:
    features = task(noise=0.01)
    features = replace(features, val=(features.val[0], np.full_like(features.val[1], 9)))  # nothing tells these
    [chosen] = FROZEN[name](features, 0).chosen.values()
    assert chosen == pytest.approx(strongest)


@pytest.mark.parametrize("name", QUICK)
def test_the_test_decides_nothing(name: str) -> None:
    features, rng = task(), np.random.default_rng(0)
    moved = replace(features, test=(features.test[0], rng.permutation(features.test[1])))
    one, other = FROZEN[name](features, 0), FROZEN[name](moved, 0)
    assert one.chosen == other.chosen
    assert one.val == other.val
    assert one.value > other.value


@pytest.mark.parametrize("name", QUICK)
def test_validation_examples_join_the_last_fit(name: str) -> None:
    """A class that only they show can be told in the end; one that none shows cannot, and that is said."""
    features = task(noise=0.2)
    (x, y), (z, u) = features.val, features.train  # the fewer train
    train, val = (y != 1) & (y != 2), u != 2
    train[np.flatnonzero(train)[:3]] = False  # not quite balanced: the strongest penalty would tell one class alone
    features = replace(features, train=(x[train], y[train]), val=(z[val], u[val]))
    found = FROZEN[name](features, 0)
    assert found.details["unseen_classes"] == 1
    assert found.details["unseen_share"] == pytest.approx(0.25)
    assert 0.5 < found.value <= 0.75


def test_few_shots_say_which_classes_are_scarce() -> None:
    features = task()
    few, many = (FROZEN[f"few-shot-{shots}"](features, 0) for shots in (5, 25))
    assert (few.details["draws"], few.details["scarce_classes"], few.val) == (10, 0, None)
    assert few.se is not None
    assert many.value >= few.value
    scarce = replace(features, train=(features.train[0][:30], features.train[1][:30]))
    assert FROZEN["few-shot-25"](scarce, 0).details == {"draws": 1, "scarce_classes": 4}


def test_few_shots_depend_on_the_seed_and_others_do_not() -> None:
    features = task()
    assert FROZEN["few-shot-5"](features, 0) == FROZEN["few-shot-5"](features, 0) != FROZEN["few-shot-5"](features, 1)
    assert FROZEN["ridge"](features, 0) == FROZEN["ridge"](features, 1)


def test_a_linear_layer_is_chosen_among_trials() -> None:
    features = Features(*((x / 100, y) for x, y in (task().train, task().val, task().test)))
    trials = (Trial(1e-9, 32, 50, drops=()), Trial(0.5, 32, 200, drops=(100,)), Trial(1e30, 32, 20, drops=()))
    found = linear(features, 0, trials)
    assert found.chosen["lr"] == 0.5
    assert found.chosen["steps"] == 200
    assert found.details["vals"][1] == found.val == max(found.details["vals"])
    assert found.value > 0.4


def test_a_linear_layer_is_chosen_on_validation_and_fitted_to_all() -> None:
    """A class that validation alone shows is not told there, and is told in the end."""

    def of(*labels: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.repeat(labels, 10)
        return 3 * np.eye(3, dtype=np.float32)[y], y

    found = linear(Features(of(0, 1), of(1, 1, 1, 2), of(0, 1, 2, 2)), 0, (Trial(0.5, 16, 60, drops=()),))
    assert found.val == 0.75
    assert found.value == 1.0


def test_the_paper_s_linear_layer_is_the_lightweight_sweep() -> None:
    features = Features(*((x[:, :3] * 10, y) for x, y in (task().train, task().val, task().test)))
    found = FROZEN["linear/10"](features, 0)
    assert found.details["trials"] == 4
    assert found.chosen["steps"] in (250, 1000)


def test_one_class_is_all_that_can_be_told() -> None:
    features = task()
    only = replace(features, train=(features.train[0], np.zeros_like(features.train[1])))
    for name in ("ridge", "logistic", "knn"):
        assert FROZEN[name](only, 0).val == pytest.approx(0.25)


def test_features_that_are_no_numbers_are_an_error() -> None:
    features = task()
    broken = features.test[0].copy()
    broken[3, 2] = np.nan
    with pytest.raises(MetapriorError, match="test features"):
        FROZEN["ridge"](replace(features, test=(broken, features.test[1])), 0)


def test_features_of_other_widths_are_an_error() -> None:
    features = task()
    with pytest.raises(MetapriorError, match="12 columns and test features 11"):
        FROZEN["ridge"](replace(features, test=(features.test[0][:, 1:], features.test[1])), 0)


def test_wide_features_are_no_different() -> None:
    torch.manual_seed(0)
    assert FROZEN["logistic"](task(d=300, noise=3), 0).value > 0.8
