"""Few-shot accuracy: draws by seed, their mean and its standard error."""

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.judge.probes import few_shot, ridge_probe
from tests.judge.probes.blobs import blobs

TRAIN, TEST = blobs(0, 90, 5), blobs(1, 200, 5)


def test_the_seed_decides() -> None:
    once, again, other = (few_shot(*TRAIN, *TEST, shots=3, seed=seed) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_mean_and_standard_error_are_those_of_the_draws() -> None:
    """The first r draws do not depend on how many follow, so growing means give the draws away."""
    means = [few_shot(*TRAIN, *TEST, shots=2, repeats=repeats).value for repeats in range(1, 6)]
    totals = np.arange(6) * [0.0, *means]
    values = np.diff(totals)
    found = few_shot(*TRAIN, *TEST, shots=2, repeats=5)
    assert values.std() > 0
    assert found.value == pytest.approx(values.mean())
    assert found.se == pytest.approx(values.std(ddof=1) / 5**0.5)
    assert found.n == 200


def test_one_draw_has_no_standard_error() -> None:
    assert few_shot(*TRAIN, *TEST, repeats=1).se is None


def test_drawing_every_example_leaves_nothing_to_chance() -> None:
    found = few_shot(*TRAIN, *TEST, shots=30, repeats=3)
    assert found.value == pytest.approx(ridge_probe(*TRAIN, *TEST).value)
    assert found.se == pytest.approx(0, abs=1e-12)


def test_more_shots_help() -> None:
    few, many = (few_shot(*TRAIN, *TEST, shots=shots, repeats=20) for shots in (1, 20))
    assert few.value + 3 * (few.se or 0) < many.value


def test_draws_are_of_examples_that_are_there() -> None:
    """A class whose examples are all alike is drawn from those alone, however the others are mixed in."""
    features, labels = np.repeat(np.eye(2), [5, 50], axis=0), np.repeat([0, 1], [5, 50])
    assert few_shot(features, labels, features, labels, shots=5).value == 1


def test_a_scarce_class_is_named() -> None:
    features, labels = TRAIN
    rows = np.concatenate([np.flatnonzero(labels != 1), np.flatnonzero(labels == 1)[:2]])
    with pytest.raises(MetapriorError, match=r"^class 1 has 2 training examples, and 3 are to be drawn$"):
        few_shot(features[rows], labels[rows], *TEST, shots=3)


def test_a_scarce_class_may_give_all_it_has() -> None:
    features, labels = TRAIN
    rows = np.concatenate([np.flatnonzero(labels != 1), np.flatnonzero(labels == 1)[:2]])
    whole = few_shot(features[rows], labels[rows], *TEST, shots=60, repeats=3, scarce="take")
    assert whole.value == pytest.approx(ridge_probe(features[rows], labels[rows], *TEST).value)
    some = few_shot(features[rows], labels[rows], *TEST, shots=3, repeats=3, scarce="take")
    assert some.se is not None
    assert some.se > 0


@pytest.mark.parametrize("options", [{"repeats": 0}, {"shots": 0}])
def test_nothing_to_draw_is_an_error(options: dict[str, int]) -> None:
    with pytest.raises(MetapriorError, match="at least"):
        few_shot(*TRAIN, *TEST, **options)


def test_one_example_a_class_is_fitted_by_a_strength_that_nothing_chose() -> None:
    (x, y), (z, correct) = blobs(0, 5, 5, 5), blobs(1, 200, 5, 5)
    places = np.array([int(np.flatnonzero(y == c)[0]) for c in np.unique(y)])
    found = few_shot(x[places], y[places], z, correct, shots=1, repeats=1)
    assert found.chosen_by is None
    assert found.value == ridge_probe(x[places], y[places], z, correct, strengths=[2.0**10]).value
