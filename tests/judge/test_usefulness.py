"""Label distortion: its closed form for two normal classes, what it is of labels that codes tell or do not."""

import math

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.judge.usefulness import usefulness


def two_classes(count: int, seed: int, apart: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Codes N(±apart, 1) of two equally frequent classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return rng.normal(size=(count, 1)) + apart * (2 * labels[:, None] - 1), labels


def test_two_normal_classes_leave_the_entropy_of_the_true_posterior_open() -> None:
    """log p(1 | z) / p(0 | z) = 2 apart z is linear, so the regression finds it: D_y = E ln(1 + exp(-2 (1 + e)))."""
    found = usefulness(*two_classes(40_000, 0), *two_classes(40_000, 1))
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    exact = float(weights @ np.log1p(np.exp(-2 * (1 + nodes))) / weights.sum())
    assert found.distortion == pytest.approx(exact, abs=0.01)
    assert found.accuracy == pytest.approx(0.5 * (1 + math.erf(1 / math.sqrt(2))), abs=0.01)
    assert found.entropy == pytest.approx(math.log(2), abs=1e-6)


def test_codes_that_tell_nothing_leave_all_of_the_entropy_open_and_codes_that_tell_all_none() -> None:
    rng = np.random.default_rng(0)
    labels, noise = np.arange(3000) % 5, rng.normal(size=(3000, 3))
    nothing = usefulness(noise[:2000], labels[:2000], noise[2000:], labels[2000:])
    assert nothing.distortion == pytest.approx(math.log(5), abs=0.02)
    codes = np.eye(5)[labels]
    everything = usefulness(codes[:2000], labels[:2000], codes[2000:], labels[2000:])
    assert everything.distortion < 0.01
    assert everything.accuracy == 1


def test_labels_may_be_any_numbers_and_those_never_learned_from_are_left_out_of_the_loss() -> None:
    codes, labels = two_classes(600, 0, apart=9.0)
    test, truth = two_classes(100, 1, apart=9.0)
    plain = usefulness(codes, labels, test, truth)
    renamed = usefulness(codes, 3 + 4 * labels, np.vstack([test, test[:20]]), np.append(3 + 4 * truth, [5] * 20))
    assert renamed.distortion == pytest.approx(plain.distortion)
    assert np.isnan(renamed.loss).sum() == 20
    assert renamed.accuracy == pytest.approx(100 / 120)  # a label never seen is never told


def test_what_no_predictor_can_learn_from_is_refused() -> None:
    codes, labels = two_classes(20, 0)
    with pytest.raises(MetapriorError, match="at least 2 classes"):
        usefulness(codes, labels * 0, codes, labels)
    with pytest.raises(MetapriorError, match="at least 5 examples"):
        usefulness(codes[:4], labels[:4], codes, labels)
    with pytest.raises(MetapriorError, match="none of the labels to test on"):
        usefulness(codes, labels, codes, labels + 2)
