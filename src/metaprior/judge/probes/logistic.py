"""Multinomial logistic regression at many L2 strengths at once, by a batched L-BFGS.

All strengths share the features, so their logits are one matrix product; along a search direction the logits are
linear, so the line search needs no further product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from metaprior.core import MetapriorError
from metaprior.judge.probes.result import Probe, accuracy, as_examples
from metaprior.metrics.arrays import Array

INVERSE_STRENGTHS = tuple(float(10.0**power) for power in np.arange(-4, 4.5, 1.0))
MEMORY = 12


@dataclass(frozen=True, eq=False)
class LogisticPath:
    """One classifier for each of S inverse strengths C (scikit-learn's: the summed loss is multiplied by C)."""

    inverse_strengths: tuple[float, ...]
    weights: Float[Tensor, "s d k"]
    bias: Float[Tensor, "s k"]
    gradient: Float[Tensor, " s"]
    """Greatest absolute entry of the gradient of the mean objective where the search ended."""
    steps: int

    def logits(self, features: Float[Tensor, "n d"]) -> Float[Tensor, "s n k"]:
        """Class logits under each strength."""
        return features @ self.weights + self.bias[:, None]


def logistic_path(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    inverse_strengths: Sequence[float] = INVERSE_STRENGTHS,
    classes: int | None = None,
    tolerance: float = 1e-7,
    max_steps: int = 1000,
) -> LogisticPath:
    r"""The minimisers of :math:`\frac1n \sum_i -\log p(y_i|x_i) + \frac{1}{2Cn} \|W\|^2`, bias free, for every C.

    Two classes follow scikit-learn, where one weight vector w separates them: here w is the difference of two, and
    the penalty is on it. Ends where each gradient's greatest entry is below ``tolerance`` (or below what the features'
    type can tell from 0), or after ``max_steps``.

    >>> x = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    >>> path = logistic_path(x, torch.tensor([0, 1]), [1.0])
    >>> round((path.weights[0, 0, 1] - path.weights[0, 0, 0]).item(), 4)
    0.6748
    """
    if not inverse_strengths or min(inverse_strengths) <= 0:
        raise MetapriorError(f"inverse strengths C must be positive; these are {list(inverse_strengths)}")
    k = classes or int(labels.max()) + 1
    if k < 2:
        raise MetapriorError("logistic regression needs at least 2 classes")
    mean = features.mean(0)  # a free bias absorbs it, and the search is better conditioned
    problem = _Problem(features - mean, one_hot(labels, k).to(features), _penalty(inverse_strengths, features, k))
    rounding = torch.finfo(features.dtype).eps * float(problem.features.abs().max())
    theta, gradient, steps = _minimise(problem, max(tolerance, rounding), max_steps)
    weights, bias = theta[:, :-1], theta[:, -1]
    return LogisticPath(
        tuple(inverse_strengths), weights, bias - mean @ weights, gradient.flatten(1).abs().amax(1), steps
    )


def logistic_probe(
    train: Array,
    train_labels: Tensor | np.ndarray,
    test: Array,
    test_labels: Tensor | np.ndarray,
    inverse_strengths: Sequence[float] = INVERSE_STRENGTHS,
    validation: float = 0.2,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Probe:
    """Accuracy of logistic regression; a random part of the training examples chooses C, then all of them are fitted.

    Of equally good strengths the smallest C is taken. ``strength`` in the result is C.
    """
    x, labels, z, correct = as_examples(train, train_labels, test, test_labels, dtype)
    classes = int(labels.max()) + 1
    order = sorted(inverse_strengths)
    if len(order) > 1:
        shuffled = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed)).to(x.device)
        held = shuffled[: max(round(len(x) * validation), 1)]
        rest = shuffled[len(held) :]
        if not len(rest):
            raise MetapriorError(f"{len(x)} examples are too few to hold some back for choosing C; give one C")
        path = logistic_path(x[rest], labels[rest], order, classes)
        hits = (path.logits(x[held]).argmax(-1) == labels[held]).double().mean(-1)
        order = [order[int(hits.argmax())]]
    path = logistic_path(x, labels, order, classes)
    return accuracy(
        path.logits(z)[0].argmax(-1), correct, order[0], "validation" if len(inverse_strengths) > 1 else None
    )


def _penalty(inverse_strengths: Sequence[float], features: Tensor, classes: int) -> Tensor:
    strength = 1 / torch.tensor(inverse_strengths, dtype=features.dtype, device=features.device) / len(features)
    return strength * (2 if classes == 2 else 1)


@dataclass(frozen=True, eq=False)
class _Problem:
    """S objectives that differ in their penalty; parameters are S×(d+1)×k, the last row of d+1 being the bias."""

    features: Float[Tensor, "n d"]
    targets: Float[Tensor, "n k"]
    penalty: Float[Tensor, " s"]

    def logits(self, theta: Tensor) -> Float[Tensor, "s n k"]:
        return self.features @ theta[:, :-1] + theta[:, -1:]

    def gradient(self, theta: Tensor, logits: Tensor) -> Tensor:
        error = (logits.softmax(-1) - self.targets) / len(self.features)
        weights = self.features.T @ error + self.penalty[:, None, None] * theta[:, :-1]
        return torch.cat([weights, error.sum(1, keepdim=True)], dim=1)

    def slopes(
        self, step: Tensor, logits: Tensor, along: Tensor, theta: Tensor, direction: Tensor
    ) -> tuple[Tensor, Tensor]:
        """First and second derivative of each objective along its direction, at ``step``."""
        p = (logits + step[:, None, None] * along).softmax(-1)
        mean = (p * along).sum(-1, keepdim=True)
        first = ((p - self.targets) * along).sum((1, 2)) / len(self.features)
        second = (p * (along - mean).square()).sum((1, 2)) / len(self.features)
        bend = self.penalty * direction[:, :-1].square().sum((1, 2))
        return first + self.penalty * (theta * direction)[:, :-1].sum((1, 2)) + step * bend, second + bend


def _minimise(problem: _Problem, tolerance: float, max_steps: int) -> tuple[Tensor, Tensor, int]:
    s, (d, k) = len(problem.penalty), (problem.features.shape[1], problem.targets.shape[1])
    theta = problem.features.new_zeros(s, d + 1, k)
    logits = problem.logits(theta)
    gradient = problem.gradient(theta, logits)
    history: list[tuple[Tensor, Tensor, Tensor]] = []
    steps = 0
    for _ in range(max_steps):
        unsolved = gradient.flatten(1).abs().amax(1) > tolerance
        if not bool(unsolved.any()):
            break
        steps += 1
        direction = -_two_loops(gradient, history) * unsolved[:, None, None]  # problems that are solved stand still
        along = problem.logits(direction)
        step = _line_search(problem, logits, along, theta, direction)
        move = step[:, None, None] * direction
        theta = theta + move
        logits = problem.logits(theta) if steps % 50 == 0 else logits + step[:, None, None] * along
        before, gradient = gradient, problem.gradient(theta, logits)
        change = gradient - before
        curvature = _dot(move, change)
        history = [*history, (move, change, torch.where(curvature > 0, 1 / curvature, 0.0))][-MEMORY:]
    return theta, gradient, steps


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum((1, 2))


def _two_loops(gradient: Tensor, history: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """The inverse Hessian's estimate times the gradient, each of the S problems on its own (Nocedal & Wright, 7.4)."""
    q, alphas = gradient, []
    for move, change, inverse in reversed(history):
        alpha = inverse * _dot(move, q)
        q = q - alpha[:, None, None] * change
        alphas.append(alpha)
    if history:
        move, change, inverse = history[-1]
        scale = torch.where(inverse > 0, 1 / (inverse * _dot(change, change)).clamp_min(1e-300), 1.0)
        q = q * scale[:, None, None]
    for (move, change, inverse), alpha in zip(history, reversed(alphas), strict=True):
        q = q + (alpha - inverse * _dot(change, q))[:, None, None] * move
    return q


def _line_search(problem: _Problem, logits: Tensor, along: Tensor, theta: Tensor, direction: Tensor) -> Tensor:
    """The least point along each direction, nearly: Newton's method on a convex function, kept inside a bracket."""
    start, _ = problem.slopes(torch.zeros_like(problem.penalty), logits, along, theta, direction)
    low, high = torch.zeros_like(start), torch.full_like(start, torch.inf)
    step = torch.ones_like(start)
    for _ in range(20):
        first, second = problem.slopes(step, logits, along, theta, direction)
        if bool((first.abs() <= 0.1 * start.abs()).all()):
            break
        low, high = torch.where(first < 0, step, low), torch.where(first < 0, high, step)
        newton = step - first / second.clamp_min(1e-300)
        middle = torch.where(high.isinf(), 4 * step, (low + high) / 2)
        inside = (newton > low) & (newton < high) & (newton < 10 * step)
        step = torch.where(first.abs() <= 0.1 * start.abs(), step, torch.where(inside, newton, middle))
    return step
