"""Logistic regression as scikit-learn defines it, solved to its optimum: how much can be told from the codes?"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from metaprior.core import MetapriorError, unknown
from metaprior.metrics.softmax import EXCESS, MAX_STEPS, minimise_softmax

Variant: TypeAlias = Literal["multinomial", "ovr"]
"""One softmax over all classes (scikit-learn's default), or one sigmoid a class (its default until 2019)."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted classifier: the logits are the weights times the features, plus the bias."""

    weights: Float[np.ndarray, "classes features"]
    bias: Float[np.ndarray, " classes"]
    classes: Int[np.ndarray, " classes"]
    """The labels, ascending."""
    variant: Variant

    def logits(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "classes n"]:
        return self.weights @ features.T + self.bias[:, None]

    def probabilities(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "classes n"]:
        """Softmax of the logits or, for one against the rest, their sigmoids divided by the sum of those."""
        logits = self.logits(features)
        scores = _sigmoid(logits) if self.variant == "ovr" else np.exp(logits - logits.max(axis=0))
        return scores / scores.sum(axis=0)

    def predict(self, features: Float[np.ndarray, "n features"]) -> Int[np.ndarray, " n"]:
        """The label with the greatest logit."""
        return self.classes[self.logits(features).argmax(axis=0)]


def logistic_regression(
    features: Float[np.ndarray, "n features"],
    labels: Int[np.ndarray, " n"],
    variant: Variant = "multinomial",
    inverse_strength: float = 1.0,
) -> Logistic:
    r"""The minimiser of :math:`C \sum_i -\log p(y_i|x_i) + \frac12 \|W\|^2`, with C the ``inverse_strength``.

    ``multinomial`` leaves the bias free, as scikit-learn's default solver does. ``ovr`` fits each class against the
    rest and penalises its bias like a weight, as liblinear does, the default solver until 2019. In either, two
    classes are told apart by one weight vector.

    >>> fit = logistic_regression(np.array([[-1.0], [1.0]]), np.array([0, 1]))
    >>> (fit.weights[1] - fit.weights[0]).round(4).tolist()
    [0.6748]
    """
    if variant not in get_args(Variant):
        raise unknown("variant", variant, get_args(Variant))
    classes, label = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise MetapriorError("logistic regression needs labels of at least 2 classes")
    features = features.astype(np.float64)
    penalty = 1 / (inverse_strength * len(features))
    if len(classes) == 2:
        theta = _minimise_sigmoids(features, label[None] == 1, penalty, free_bias=variant == "multinomial")
        theta = np.vstack([-theta, theta]) / (2 if variant == "multinomial" else 1)
    elif variant == "multinomial":
        theta = minimise_softmax(features, label, penalty)
    else:
        theta = _minimise_sigmoids(features, label == np.arange(len(classes))[:, None], penalty, free_bias=False)
    return Logistic(theta[:, :-1], theta[:, -1], classes, variant)


def _minimise_sigmoids(
    features: Float[np.ndarray, "n features"], positive: Bool[np.ndarray, "k n"], penalty: float, free_bias: bool
) -> Float[np.ndarray, "k parameters"]:
    """Weights and, last, bias of k classifiers at once, by Newton's method."""
    n, d = features.shape
    x = np.hstack([features, np.ones((n, 1))])
    penalties = np.append(np.full(d, penalty), 0.0 if free_bias else penalty)
    sign = np.where(positive, 1.0, -1.0)
    row, column = np.triu_indices(d + 1)
    products = x[:, row] * x[:, column]

    def objective(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        margin = sign * (theta @ x.T)
        loss = np.log1p(np.exp(-np.abs(margin))) - np.minimum(margin, 0.0)
        return loss.mean(axis=1) + 0.5 * (penalties * theta**2).sum(axis=1), margin

    theta = np.zeros((len(positive), d + 1))
    value, margin = objective(theta)
    hessian = np.empty((len(positive), d + 1, d + 1))
    for _ in range(MAX_STEPS):
        wrong = _sigmoid(-margin)
        gradient = penalties * theta - (sign * wrong) @ x / n
        hessian[:, row, column] = hessian[:, column, row] = (wrong * (1 - wrong)) @ products / n
        move = -np.linalg.solve(hessian + np.diag(penalties), gradient[..., None])[..., 0]
        slope = (gradient * move).sum(axis=1, keepdims=True)
        step = (slope < -2 * EXCESS).astype(float)  # a classifier that is at its optimum stands still
        if not step.any():
            break
        trial, margin = objective(theta + step * move)
        while (worse := trial > value + 1e-4 * (step * slope)[:, 0]).any():
            step[worse] /= 2
            trial, margin = objective(theta + step * move)
        theta, value = theta + step * move, trial
    return theta


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0, small) / (1.0 + small)
