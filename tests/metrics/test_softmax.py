import numpy as np
import pytest

from metaprior.metrics import softmax
from metaprior.metrics.softmax import minimise_softmax


def gradient(theta: np.ndarray, features: np.ndarray, label: np.ndarray, penalty: float) -> np.ndarray:
    x = np.hstack([features, np.ones((len(features), 1))])
    probability = np.exp(theta @ x.T)
    probability /= probability.sum(axis=0)
    own = np.arange(len(theta))[:, None] == label
    return (probability - own) @ x / len(x) + penalty * np.hstack([theta[:, :-1], np.zeros((len(theta), 1))])


@pytest.mark.parametrize("parameters", [0, 10_000], ids=["plain", "with some rows' Hessian"])
@pytest.mark.parametrize(("classes", "scale"), [(3, 1.0), (12, 1.0), (12, 100.0)])
def test_the_gradient_vanishes_at_the_minimum(
    classes: int, scale: float, parameters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(softmax, "HESSIAN_PARAMETERS", parameters)
    rng = np.random.default_rng(0)
    label = np.append(np.arange(classes), rng.integers(classes, size=2000))
    features = (label[:, None] * [0.5, 0.0, 0.1] + rng.normal(size=(len(label), 3)) + [0.0, 5.0, 0.0]) * scale
    theta = minimise_softmax(features, label, 1e-3)
    assert gradient(theta, features, label, 1e-3) == pytest.approx(0.0, abs=1e-5 * scale)
