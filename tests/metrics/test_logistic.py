import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from metaprior.core import MetapriorError
from metaprior.metrics.logistic import Logistic, Variant, logistic_regression


def drawn(classes: int, n: int = 300, d: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.append(np.arange(classes), rng.integers(classes, size=n - classes))
    features = labels[:, None] * rng.normal(size=d) / classes + rng.normal(size=(n, d)) * [1.0, 0.1, 10.0, 1.0][:d] + 1
    return features, labels


def objective(fit: Logistic, features: np.ndarray, labels: np.ndarray, c: float) -> float:
    """C Σ −log p + ½ ‖W‖², with the penalty on the one vector w that two classes have, and on biases for ``ovr``."""
    weights, bias, own = fit.weights, fit.bias, fit.classes[:, None] == labels
    if len(fit.classes) == 2:
        weights, bias, own = np.diff(weights, axis=0), np.diff(bias), own[1:]
        if fit.variant == "ovr":
            weights, bias = weights / 2, bias / 2
    logits = weights @ features.T + bias[:, None]
    if fit.variant == "multinomial" and len(weights) > 1:
        loss = np.log(np.exp(logits).sum(axis=0)).sum() - logits[own].sum()
    else:
        loss = np.logaddexp(0.0, np.where(own, -logits, logits)).sum()
    return c * loss + 0.5 * (np.square(weights).sum() + np.square(bias).sum() * (fit.variant == "ovr"))


def scikit_learn(features: np.ndarray, labels: np.ndarray, variant: Variant, c: float):
    if variant == "multinomial":
        return LogisticRegression(C=c, tol=1e-9, max_iter=10_000, solver="newton-cg").fit(features, labels)
    one = LogisticRegression(C=c, tol=1e-9, max_iter=10_000, solver="liblinear")
    return (OneVsRestClassifier(one) if len(np.unique(labels)) > 2 else one).fit(features, labels)


@pytest.mark.parametrize("c", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("classes", [2, 3, 8])
@pytest.mark.parametrize("variant", ["multinomial", "ovr"])
def test_probabilities_are_those_of_scikit_learn(variant: Variant, classes: int, c: float) -> None:
    features, labels = drawn(classes)
    ours, theirs = logistic_regression(features, labels, variant, c), scikit_learn(features, labels, variant, c)
    found = ours.probabilities(features).T
    assert found == pytest.approx(theirs.predict_proba(features), abs=1e-4)
    assert np.mean(ours.predict(features) == theirs.predict(features)) > 0.99


@pytest.mark.parametrize("classes", [2, 3, 8])
@pytest.mark.parametrize("variant", ["multinomial", "ovr"])
def test_no_nearby_weights_do_better(variant: Variant, classes: int) -> None:
    features, labels = drawn(classes)
    fit, rng = logistic_regression(features, labels, variant), np.random.default_rng(1)
    least = objective(fit, features, labels, 1.0)
    for size in 10.0 ** np.arange(-4, 0):
        weights = fit.weights + size * rng.normal(size=fit.weights.shape)
        bias = fit.bias + size * rng.normal(size=fit.bias.shape)
        if classes == 2:  # one vector: the two rows are opposite
            weights, bias = weights - weights.mean(axis=0), bias - bias.mean()
        assert objective(Logistic(weights, bias, fit.classes, variant), features, labels, 1.0) >= least - 1e-7


@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 1], [0, 0, 1, 1, 2]])
@pytest.mark.parametrize("variant", ["multinomial", "ovr"])
def test_separable_classes_have_a_finite_optimum(variant: Variant, labels: list[int]) -> None:
    features = np.array([[-2.0], [-1.0], [1.0], [2.0], [9.0]])
    fit = logistic_regression(features, np.array(labels), variant, 1e6)
    assert np.isfinite(fit.weights).all()
    assert (fit.predict(features) == 0).tolist() == [True, True, False, False, False]


def test_labels_may_be_any_integers_and_features_single_precision() -> None:
    features, labels = drawn(3)
    fit = logistic_regression(features, labels)
    renamed = logistic_regression(features.astype(np.float32), labels * 10 - 7)
    assert renamed.classes.tolist() == [-7, 3, 13]
    assert renamed.weights == pytest.approx(fit.weights, abs=1e-4)


def test_constant_features_and_no_features_tell_the_shares_of_the_classes() -> None:
    labels = np.repeat([0, 1, 2], [10, 30, 60])
    for features in (np.full((100, 2), 7.0), np.empty((100, 0))):
        probabilities = logistic_regression(features, labels).probabilities(features)
        assert probabilities[:, 0] == pytest.approx([0.1, 0.3, 0.6], abs=1e-4)


def test_one_class_and_unknown_variants_are_refused() -> None:
    with pytest.raises(MetapriorError, match="at least 2 classes"):
        logistic_regression(np.eye(3), np.zeros(3, dtype=int))
    with pytest.raises(MetapriorError, match="unknown variant 'ovrr'; did you mean 'ovr'"):
        logistic_regression(np.eye(2), np.arange(2), "ovrr")  # type: ignore[arg-type]
