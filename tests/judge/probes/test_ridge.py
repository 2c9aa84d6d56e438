"""Ridge: the closed form against scikit-learn, leave-one-out against leaving one out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeClassifier

from metaprior.core import MetapriorError
from metaprior.judge.probes import ridge_path, ridge_probe, ridge_regression
from tests.conftest import random
from tests.judge.probes.blobs import blobs

STRENGTHS = [1e-3, 1.0, 30.0, 1e4]
SHAPES = {"more examples than features": (40, 7), "more features than examples": (15, 40), "as many": (12, 12)}
shapes = pytest.mark.parametrize(("n", "d"), SHAPES.values(), ids=SHAPES.keys())


def problem(n: int, d: int, targets: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlated features far from the origin, and targets that depend on them in part."""
    x = random(0, n, d, dtype=torch.float64) @ random(1, d, d, dtype=torch.float64) / d**0.5 + 3
    return x, x[:, :targets] + random(2, n, targets, dtype=torch.float64) - 1


def left_out(x: torch.Tensor, y: torch.Tensor, strength: float) -> torch.Tensor:
    """What each example is predicted as by a fit to the others."""
    rows = []
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        rows.append(Ridge(strength, solver="svd").fit(x[others], y[others]).predict(x[i : i + 1]).reshape(-1))
    return torch.from_numpy(np.stack(rows))


@shapes
@pytest.mark.parametrize("strength", STRENGTHS)
def test_weights_are_scikit_learns(n: int, d: int, strength: float) -> None:
    x, y = problem(n, d)
    theirs = Ridge(strength, solver="svd").fit(x, y)
    weights, bias = ridge_path(x, y).weights(strength)
    np.testing.assert_allclose(weights.T, theirs.coef_, atol=1e-9)
    np.testing.assert_allclose(bias, theirs.intercept_, atol=1e-9)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("strength", STRENGTHS)
def test_predictions_are_those_of_scikit_learns_classifier(classes: int, strength: float) -> None:
    train, test = blobs(0, 60, 5, classes), blobs(1, 200, 5, classes)
    theirs = RidgeClassifier(strength).fit(*train)
    assert ridge_probe(*train, test[0], theirs.predict(test[0]), [strength]).value == 1
    assert ridge_probe(*train, *test, [strength]).value == theirs.score(*test)


@shapes
@pytest.mark.parametrize("strength", STRENGTHS)
def test_leave_one_out_is_leaving_one_out(n: int, d: int, strength: float) -> None:
    x, y = problem(n, d)
    np.testing.assert_allclose(ridge_path(x, y).leave_one_out(strength), left_out(x, y, strength), atol=1e-8)


def test_leave_one_out_survives_features_that_dwarf_the_strength() -> None:
    x, y = problem(10, 30)
    found = ridge_path(1e9 * x, y).leave_one_out(1e-4)
    np.testing.assert_allclose(found, left_out(x, y, 1e-12), atol=1e-6)


def test_of_two_examples_each_foretells_the_other() -> None:
    x, y = problem(2, 3)
    np.testing.assert_allclose(ridge_path(x, y).leave_one_out(0.7), y.flip(0))


def test_of_equally_good_strengths_the_largest_is_taken() -> None:
    features, labels = blobs(0, 30, 4, noise=0.01)
    assert ridge_probe(features, labels, features, labels, [10.0, 1e-3, 1.0]).strength == 10


def test_the_strength_is_the_one_that_left_out_accuracy_prefers() -> None:
    features, labels = blobs(0, 30, 20)
    strengths = [10.0**power for power in range(-4, 7)]
    onto = torch.nn.functional.one_hot(torch.from_numpy(labels)).double() * 2 - 1
    hits = [np.mean(left_out(torch.from_numpy(features), onto, s).argmax(1).numpy() == labels) for s in strengths]
    best = max(strength for strength, hit in zip(strengths, hits, strict=True) if hit == max(hits))
    assert min(hits) < max(hits)
    assert ridge_probe(features, labels, features, labels, strengths).strength == best


@shapes
def test_regression_is_judged_by_r2_at_the_strength_of_least_left_out_error(n: int, d: int) -> None:
    (x, y), (z, truth) = problem(n, d), problem(n + 50, d)
    found = ridge_regression(x, y, z, truth, STRENGTHS)
    errors = [float((left_out(x, y, strength) - y).square().mean()) for strength in STRENGTHS]
    assert found.strength == STRENGTHS[int(np.argmin(errors))]
    assert found.value == pytest.approx(Ridge(found.strength, solver="svd").fit(x, y).score(z, truth))
    assert found.n == len(z)


@shapes
def test_classes_at_every_strength_are_those_at_each(n: int, d: int) -> None:
    x, y = problem(n, d, 3)
    path = ridge_path(x, y)
    z = random(5, 25, d, dtype=torch.float64) + 3
    each = torch.stack([path.predict(z, strength).argmax(1) for strength in STRENGTHS])
    assert torch.equal(path.classes(z, STRENGTHS), each)


def test_a_constant_feature_has_no_weight_and_changes_nothing() -> None:
    x, y = problem(20, 4)
    weights, bias = ridge_path(torch.cat([x, torch.full((20, 1), 7.0)], dim=1), y).weights(1.0)
    alone, alone_bias = ridge_path(x, y).weights(1.0)
    assert weights[-1].abs().max() < 1e-12
    assert torch.allclose(weights[:-1], alone)
    assert torch.allclose(bias, alone_bias)


def test_features_that_are_all_constant_predict_the_mean() -> None:
    _, y = problem(20, 4)
    path = ridge_path(torch.ones(20, 3, dtype=torch.float64), y)
    assert torch.allclose(path.predict(torch.zeros(5, 3, dtype=torch.float64), 1.0), y.mean(0).expand(5, 2))
    np.testing.assert_allclose(path.leave_one_out(1.0), (y.sum(0) - y) / 19)


@settings(max_examples=25)
@given(st.integers(0, 99), st.floats(-1e3, 1e3), st.sampled_from([(20, 4), (8, 12)]))
def test_shifting_and_turning_the_features_changes_no_prediction(seed: int, shift: float, shape: tuple) -> None:
    x, y = random(seed, *shape, dtype=torch.float64), random(seed + 1, shape[0], 2, dtype=torch.float64)
    turn = torch.linalg.qr(random(seed + 2, shape[1], shape[1], dtype=torch.float64))[0]
    plain, moved = ridge_path(x, y), ridge_path(x @ turn + shift, y)
    assert torch.allclose(plain.predict(x, 0.5), moved.predict(x @ turn + shift, 0.5), atol=1e-7)
    assert torch.allclose(plain.leave_one_out(0.5), moved.leave_one_out(0.5), atol=1e-7)


@settings(max_examples=25)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_scaling_the_features_scales_the_strength_by_the_square(scale: float, strength: float) -> None:
    x, y = problem(20, 4)
    scaled = ridge_path(scale * x, y).leave_one_out(scale**2 * strength)
    assert torch.allclose(scaled, ridge_path(x, y).leave_one_out(strength), atol=1e-8)


@pytest.mark.parametrize("strengths", [[], [0.0], [-1.0, 1.0]])
def test_strengths_must_be_positive(strengths: list[float]) -> None:
    features, labels = blobs(0, 30, 4)
    with pytest.raises(MetapriorError, match="strengths must be positive"):
        ridge_probe(features, labels, features, labels, strengths)


def test_a_constant_test_target_has_no_r2() -> None:
    x, y = problem(20, 4)
    with pytest.raises(MetapriorError, match="constant"):
        ridge_regression(x, y, x, torch.ones_like(y))


def test_one_example_is_too_few() -> None:
    with pytest.raises(MetapriorError, match="at least 2 examples"):
        ridge_path(torch.ones(1, 3), torch.ones(1, 1))
