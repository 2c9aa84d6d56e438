"""Ridge regression at every strength at once, with exact leave-one-out errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from metaprior.core import MetapriorError
from metaprior.judge.probes.principal import Principal, principal
from metaprior.judge.probes.result import Probe, accuracy, as_examples, as_features_alike
from metaprior.metrics.arrays import Array

STRENGTHS = tuple(float(10.0**power) for power in np.arange(-4, 6.5, 0.5))


@dataclass(frozen=True, eq=False)
class RidgePath:
    r"""The minimisers of :math:`\|Y - XW - 1b\|^2 + \lambda \|W\|^2` for every λ, from one decomposition of X.

    The bias is free, so features and targets are centred. With Xc = U S Vᵀ the ``products`` are S Uᵀ Y (r×k).
    """

    basis: Principal
    products: Float[Tensor, "r k"]
    targets: Float[Tensor, "n k"]
    target_mean: Float[Tensor, " k"]

    def predict(self, features: Float[Tensor, "m d"], strength: float) -> Float[Tensor, "m k"]:
        """Predictions for new examples."""
        weights, bias = self.weights(strength)
        return features @ weights + bias

    def weights(self, strength: float) -> tuple[Float[Tensor, "d k"], Float[Tensor, " k"]]:
        """Weights and bias at one strength."""
        weights = self.basis.directions @ (self.products / (self.basis.squares + strength)[:, None])
        return weights, self.target_mean - self.basis.mean @ weights

    def classes(self, features: Float[Tensor, "m d"], strengths: Sequence[float]) -> Int64[Tensor, "s m"]:
        """The target of the greatest prediction at every strength: features are turned once for all of them."""
        scores = self.basis.of(features)
        filtered = (self.products / (self.basis.squares + strength)[:, None] for strength in strengths)
        return torch.stack([(scores @ each + self.target_mean).argmax(1) for each in filtered])

    def leave_one_out(self, strength: float) -> Float[Tensor, "n k"]:
        r"""What each training example would be predicted as, had the others alone been fitted.

        .. math:: y_i - \frac{y_i - \hat y_i}{1 - h_i}, \quad h_i = \frac1n + \sum_j \frac{(US)_{ij}^2}{s_j^2 + \lambda}

        The 1/n is the free bias's; centring without it would be wrong (Hastie et al. 2009, eq. 7.64, for any linear
        smoother; one with a free bias is one). Residual and 1 - h are summed from what each direction leaves over,
        λ / (s² + λ), since both vanish where λ is small and the features outnumber the examples.
        """
        scores, squares = self.basis.scores, self.basis.squares
        over = strength / (squares + strength)
        residual, free = self.outside
        residual = residual + scores @ (self.products / squares[:, None] * over[:, None])
        free = free + scores.square() @ (over / squares)
        return self.targets - residual / free[:, None]

    @cached_property
    def outside(self) -> tuple[Float[Tensor, "n k"], Float[Tensor, " n"]]:
        """Residual and 1 - h as λ goes to 0: what lies in no direction of the features, nor in that of the bias."""
        scores, squares = self.basis.scores, self.basis.squares
        n, r = scores.shape
        if r == n - 1:  # the directions and the bias span everything
            return torch.zeros_like(self.targets), torch.zeros_like(self.targets[:, 0])
        fitted = self.target_mean + scores @ (self.products / squares[:, None])
        return self.targets - fitted, 1 - 1 / n - scores.square() @ (1 / squares)


def ridge_path(features: Float[Tensor, "n d"], targets: Float[Tensor, "n k"]) -> RidgePath:
    """Decompose the features once, for every strength.

    >>> x = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    >>> weights, bias = ridge_path(x, 3 * x + 1).weights(1e-9)
    >>> round(weights.item(), 6), round(bias.item(), 6)
    (3.0, 1.0)
    """
    if len(features) < 2:
        raise MetapriorError(f"ridge regression needs at least 2 examples, not {len(features)}")
    basis, target_mean = principal(features), targets.mean(0)
    products = basis.scores.T @ (targets - target_mean)
    return RidgePath(basis, products, targets, target_mean)


def ridge_probe(
    train: Array,
    train_labels: Tensor | np.ndarray,
    test: Array,
    test_labels: Tensor | np.ndarray,
    strengths: Sequence[float] = STRENGTHS,
) -> Probe:
    """Accuracy of ridge regression onto ±1 indicators of the classes; leave-one-out accuracy picks the strength.

    Of equally good strengths the largest is taken.
    """
    x, labels, z, correct = as_examples(train, train_labels, test, test_labels)
    path = ridge_path(x, one_hot(labels, int(labels.max()) + 1).to(x.dtype) * 2 - 1)
    order = sorted(_positive(strengths), reverse=True)
    hits = [float((path.leave_one_out(strength).argmax(1) == labels).double().mean()) for strength in order]
    best = order[int(np.argmax(hits))]
    return accuracy(path.predict(z, best).argmax(1), correct, best, "leave-one-out")


def ridge_regression(
    train: Array, train_targets: Array, test: Array, test_targets: Array, strengths: Sequence[float] = STRENGTHS
) -> Probe:
    """R² of ridge regression, averaged over target columns; the leave-one-out squared error picks the strength."""
    x, z = as_features_alike(train, test)
    y, truth = as_features_alike(train_targets, test_targets, "targets")
    for features, targets in ((x, y), (z, truth)):
        if len(features) != len(targets):
            raise MetapriorError(f"there are {len(features)} rows of features and {len(targets)} of targets")
    path = ridge_path(x, y)
    order = sorted(_positive(strengths), reverse=True)
    errors = [float((path.leave_one_out(strength) - y).square().mean()) for strength in order]
    best = order[int(np.argmin(errors))]
    residual = (truth - path.predict(z, best)).square().sum(0)
    total = (truth - truth.mean(0)).square().sum(0)
    if bool((total == 0).any()):
        raise MetapriorError("a test target is constant, so R² has no meaning for it; leave it out")
    return Probe(float((1 - residual / total).mean()), None, len(truth), best, "leave-one-out")


def _positive(strengths: Sequence[float]) -> Sequence[float]:
    if not strengths or min(strengths) <= 0:
        raise MetapriorError(f"strengths must be positive, and at least one; these are {list(strengths)}")
    return strengths
