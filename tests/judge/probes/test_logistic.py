"""Logistic regression: every strength at once finds what scikit-learn finds one by one."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from metaprior.core import MetapriorError
from metaprior.judge.probes import LogisticPath, logistic_path, logistic_probe
from tests.judge.probes.blobs import blobs

STRENGTHS = [1e-3, 0.1, 1.0, 50.0]
several_classes = pytest.mark.parametrize("classes", [2, 3, 5])


def problem(classes: int, n: int = 80, d: int = 6, noise: float = 1.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping classes, features far from the origin and of unlike scales."""
    features, labels = blobs(0, n, d, classes, noise)
    return torch.from_numpy(features * np.linspace(0.3, 3, d) + 4), torch.from_numpy(labels)


def scikit_learns(x: torch.Tensor, y: torch.Tensor, c: float) -> Any:
    return LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x, y)


def objective(x: torch.Tensor, y: torch.Tensor, c: float, weights: np.ndarray, bias: np.ndarray) -> float:
    """The mean loss with the penalty on all weights, or with two classes on their difference."""
    likelihood = log_softmax(x.numpy() @ weights + bias, axis=1)[np.arange(len(x)), y.numpy()].mean()
    penalised = weights[:, 1] - weights[:, 0] if weights.shape[1] == 2 else weights
    return -likelihood + np.square(penalised).sum() / (2 * c * len(x))


@several_classes
def test_each_strength_is_scikit_learns(classes: int) -> None:
    x, y = problem(classes)
    path = logistic_path(x, y, STRENGTHS)
    for c, weights, bias, logits in zip(STRENGTHS, path.weights, path.bias, path.logits(x), strict=True):
        theirs = scikit_learns(x, y, c)
        np.testing.assert_allclose(logits.softmax(1), theirs.predict_proba(x), atol=1e-5)
        if classes == 2:
            weights, bias = (weights[:, 1:] - weights[:, :1]), (bias[1:] - bias[:1])
        np.testing.assert_allclose(weights.T, theirs.coef_, atol=1e-4)
        np.testing.assert_allclose(bias - bias.mean(), theirs.intercept_ - theirs.intercept_.mean(), atol=1e-3)


@several_classes
def test_no_direction_leads_further_down(classes: int) -> None:
    x, y = problem(classes)
    path = logistic_path(x, y, STRENGTHS)
    assert path.gradient.max() <= 1e-7
    rng = np.random.default_rng(0)
    for c, weights, bias in zip(STRENGTHS, path.weights.numpy(), path.bias.numpy(), strict=True):
        least = objective(x, y, c, weights, bias)
        for size in (1e-1, 1e-3):
            step, shift = size * rng.normal(size=weights.shape), size * rng.normal(size=bias.shape)
            assert objective(x, y, c, weights + step, bias + shift) > least - 1e-12
            assert objective(x, y, c, weights - step, bias - shift) > least - 1e-12


@several_classes
def test_a_batch_of_strengths_is_one_by_one(classes: int) -> None:
    x, y = problem(classes)
    together = logistic_path(x, y, STRENGTHS, tolerance=1e-9)
    for place, c in enumerate(STRENGTHS):
        alone = logistic_path(x, y, [c], tolerance=1e-9)
        assert torch.allclose(together.weights[place], alone.weights[0], atol=1e-5)
        assert torch.allclose(together.logits(x)[place], alone.logits(x)[0], atol=1e-5)


@several_classes
def test_more_features_than_examples_are_scikit_learns_too(classes: int) -> None:
    features, labels = blobs(0, 30, 70, classes, noise=0.5)
    x, y = torch.from_numpy(features), torch.from_numpy(labels)
    path = logistic_path(x, y, STRENGTHS)
    for c, logits in zip(STRENGTHS, path.logits(x), strict=True):
        np.testing.assert_allclose(logits.softmax(1), scikit_learns(x, y, c).predict_proba(x), atol=1e-4)


def test_strengths_are_answered_in_the_order_they_are_asked_in() -> None:
    x, y = problem(3)
    rising, shuffled = logistic_path(x, y, STRENGTHS), logistic_path(x, y, [STRENGTHS[i] for i in (2, 0, 3, 1)])
    assert torch.equal(shuffled.weights, rising.weights[[2, 0, 3, 1]])
    assert torch.equal(shuffled.gradient, rising.gradient[[2, 0, 3, 1]])


@several_classes
def test_few_steps_are_enough_from_the_last_strength_and_from_nothing(classes: int) -> None:
    x, y = problem(classes)
    assert logistic_path(x, y, STRENGTHS, tolerance=1e-9).steps < 60
    assert all(logistic_path(x, y, [c], tolerance=1e-9).steps < 60 for c in STRENGTHS)


def finite(path: LogisticPath) -> bool:
    return all(bool(part.isfinite().all()) for part in (path.weights, path.bias, path.gradient))


@several_classes
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_classes_that_can_be_separated_are_and_nothing_overflows(classes: int, dtype: torch.dtype) -> None:
    x, y = problem(classes, noise=0.01)
    path = logistic_path(x.to(dtype), y, [1.0, 1e8, 1e14])
    assert finite(path)
    assert bool((path.logits(x.to(dtype)).argmax(-1) == y).all())


def test_the_loss_falls_and_the_weights_grow_with_c() -> None:
    x, y = problem(3)
    path = logistic_path(x, y, STRENGTHS)
    losses = [torch.nn.functional.cross_entropy(logits, y).item() for logits in path.logits(x)]
    norms = path.weights.square().sum((1, 2)).tolist()
    assert losses == sorted(losses, reverse=True)
    assert norms == sorted(norms)


def test_with_no_information_probabilities_are_the_frequencies() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    path = logistic_path(torch.ones(6, 2, dtype=torch.float64), labels, [1.0])
    expected = torch.tensor([3, 2, 1]) / 6
    assert torch.allclose(path.logits(torch.ones(1, 2).double())[0, 0].softmax(0), expected.double(), atol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_float32_agrees_with_float64(offset: float) -> None:
    x, y = problem(3)
    single, double = (logistic_path((x + offset).to(kind), y, STRENGTHS) for kind in (torch.float32, torch.float64))
    assert finite(single)
    assert single.steps < 1000
    difference = single.logits((x + offset).float()).softmax(-1) - double.logits(x + offset).softmax(-1)
    assert difference.abs().max() < 1e-3


def test_the_probe_scores_a_fit_to_all_examples_at_the_chosen_strength() -> None:
    train, test = blobs(0, 100, 10), blobs(1, 200, 10)
    found = logistic_probe(*train, *test, inverse_strengths=STRENGTHS)
    assert found.strength in STRENGTHS
    assert found.chosen_by == "validation"
    assert found.value == LogisticRegression(C=found.strength, tol=1e-10, max_iter=10_000).fit(*train).score(*test)
    assert found.n == 200


def test_noise_is_met_with_a_small_c() -> None:
    """Features that tell nothing, many of them: the more a fit follows them, the worse."""
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(150, 60)), (rng.random(150) < 0.2).astype(int)
    found = logistic_probe(features, labels, features, labels, inverse_strengths=[1e-4, 1e4])
    assert found.strength == 1e-4


def test_of_equally_good_strengths_the_smallest_c_is_taken() -> None:
    features, labels = blobs(0, 60, 4, noise=0.01)
    assert logistic_probe(features, labels, features, labels, [10.0, 1.0, 100.0]).strength == 1


def test_one_strength_leaves_nothing_to_choose() -> None:
    features, labels = blobs(0, 40, 4)
    assert logistic_probe(features, labels, features, labels, [1.0]).chosen_by is None


@pytest.mark.parametrize("strengths", [[], [0.0], [1.0, -1.0]])
def test_strengths_must_be_positive(strengths: list[float]) -> None:
    with pytest.raises(MetapriorError, match="must be positive"):
        logistic_path(*problem(2), strengths)


def test_one_class_is_an_error() -> None:
    with pytest.raises(MetapriorError, match="at least 2 classes"):
        logistic_path(torch.zeros(3, 2), torch.zeros(3, dtype=torch.long))


def test_too_few_to_hold_some_back_is_an_error() -> None:
    features, labels = np.zeros((1, 2)), np.ones(1, dtype=int)
    with pytest.raises(MetapriorError, match="too few"):
        logistic_probe(features, labels, features, labels)
