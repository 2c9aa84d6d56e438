"""Multinomial logistic regression at many L2 strengths, each from where the last one ended.

A path of strengths is followed from the strongest penalty to the weakest. Features are turned into their principal
directions, where the Hessian is nearly diagonal, and L-BFGS starts from that diagonal. Along a search direction the
logits are linear, so the line search needs no further product with the features.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from metaprior.core import MetapriorError
from metaprior.judge.probes.principal import principal
from metaprior.judge.probes.result import Probe, accuracy, as_examples
from metaprior.metrics.arrays import Array

INVERSE_STRENGTHS = tuple(float(10.0**power) for power in np.arange(-4, 4.5, 1.0))
MEMORY = 10


@dataclass(frozen=True, eq=False)
class LogisticPath:
    """One classifier for each of S inverse strengths C (scikit-learn's: the summed loss is multiplied by C)."""

    inverse_strengths: tuple[float, ...]
    weights: Float[Tensor, "s d k"]
    bias: Float[Tensor, "s k"]
    gradient: Float[Tensor, " s"]
    """Greatest absolute entry of the mean objective's gradient where the search ended, by principal directions."""
    steps: int
    """The most that one of the strengths took."""

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
    basis = principal(features)
    problem = _Problem(
        torch.cat([basis.scores, basis.scores.new_ones(len(features), 1)], dim=1),
        torch.cat([basis.squares / len(features), basis.squares.new_ones(1)]),
        one_hot(labels, k).to(features),
    )
    rounding = torch.finfo(features.dtype).eps * float(problem.scores.abs().max())
    order = sorted(range(len(inverse_strengths)), key=lambda place: inverse_strengths[place])
    factor = 2 if k == 2 else 1
    penalties = [factor / (inverse_strengths[place] * len(features)) for place in order]
    theta, gradient, steps = _follow(problem, penalties, max(tolerance, rounding), max_steps)
    back = torch.tensor(order, device=features.device).argsort()
    weights, bias = basis.directions @ theta[back, :-1], theta[back, -1]
    return LogisticPath(tuple(inverse_strengths), weights, bias - basis.mean @ weights, gradient[back], steps)


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


@dataclass(frozen=True, eq=False)
class _Problem:
    """The objective without its penalty; parameters are (r+1)×k, the last row being the bias."""

    scores: Float[Tensor, "n r+1"]
    """Principal scores, and a column of ones."""
    squares: Float[Tensor, " r+1"]
    """The columns' mean squares."""
    targets: Float[Tensor, "n k"]

    def penalties(self, penalty: float) -> Float[Tensor, "r+1 1"]:
        """A strength for each row of parameters: none for the bias."""
        rows = torch.full_like(self.squares, penalty)
        rows[-1] = 0
        return rows[:, None]

    def gradient(self, theta: Tensor, logits: Tensor, penalties: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient, and the diagonal of the Hessian as if p (1 - p) were the same for all examples and classes.

        One number for all classes keeps their parameters' sum at 0: nothing but the penalty tells where else.
        """
        p = logits.softmax(1)
        spread = (p * (1 - p)).mean().clamp_min(torch.finfo(p.dtype).eps)
        gradient = self.scores.T @ ((p - self.targets) / len(self.targets)) + penalties * theta
        return gradient, (self.squares * spread)[:, None] + penalties


def _follow(
    problem: _Problem, penalties: Sequence[float], tolerance: float, max_steps: int
) -> tuple[Tensor, Tensor, int]:
    """The minimisers at falling penalties, S×(r+1)×k, their gradients' greatest entries, and the most steps taken."""
    theta = before = problem.targets.new_zeros(problem.scores.shape[1], problem.targets.shape[1])
    logits = logits_before = torch.zeros_like(problem.targets)
    found, gradients, most = [], [], 0
    for value in penalties:
        penalty = problem.penalties(value)
        ahead, along = theta - before, logits - logits_before  # from the last minimiser but one to the last, and on
        step = _line_search(problem.targets, logits, along, theta, ahead, penalty)
        before, logits_before = theta, logits
        theta, logits = theta + step * ahead, logits + step * along
        theta, logits, gradient, steps = _minimise(problem, theta, logits, penalty, tolerance, max_steps)
        found.append(theta)
        gradients.append(gradient.abs().max())
        most = max(most, steps)
    return torch.stack(found), torch.stack(gradients), most


def _minimise(
    problem: _Problem, theta: Tensor, logits: Tensor, penalty: Tensor, tolerance: float, max_steps: int
) -> tuple[Tensor, Tensor, Tensor, int]:
    """L-BFGS from ``theta``: the minimiser, its logits, the gradient there, and the steps taken."""
    gradient, diagonal = problem.gradient(theta, logits, penalty)
    history: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=MEMORY)
    for steps in range(max_steps):
        if float(gradient.abs().max()) <= tolerance:
            return theta, logits, gradient, steps
        direction = -_two_loops(gradient, diagonal, history)
        along = problem.scores @ direction
        step = _line_search(problem.targets, logits, along, theta, direction, penalty)
        if step == 0:  # no further down, as far as this precision can tell
            return theta, logits, gradient, steps
        move = step * direction
        theta = theta + move
        logits = problem.scores @ theta if steps % 50 == 49 else logits + step * along
        last = gradient
        gradient, diagonal = problem.gradient(theta, logits, penalty)
        curvature = (move * (gradient - last)).sum()
        if curvature > 0:
            history.append((move, gradient - last, 1 / curvature))
    return theta, logits, gradient, max_steps


def _two_loops(gradient: Tensor, diagonal: Tensor, history: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """The inverse Hessian's estimate times the gradient (Nocedal & Wright 2006, algorithm 7.4)."""
    q, alphas = gradient, []
    for move, change, inverse in reversed(history):
        alpha = inverse * (move * q).sum()
        q = q - alpha * change
        alphas.append(alpha)
    q = q / diagonal
    if history:
        _, change, inverse = history[-1]
        q = q / (inverse * (change.square() / diagonal).sum())
    for (move, change, inverse), alpha in zip(history, reversed(alphas), strict=True):
        q = q + (alpha - inverse * (change * q).sum()) * move
    return q


def _line_search(
    targets: Tensor, logits: Tensor, along: Tensor, theta: Tensor, direction: Tensor, penalty: Tensor
) -> float:
    """The least point along a direction, nearly: Newton's method on a convex function, kept inside a bracket.

    0 where the direction does not lead down.
    """
    n = len(targets)
    aim = float((targets * along).sum()) / n - float((penalty * theta * direction).sum())
    bend = float((penalty * direction.square()).sum())

    def slopes(step: float) -> tuple[float, float]:
        """First and second derivative of the objective."""
        p = (logits + step * along).softmax(1)
        weighted = p * along
        mean = weighted.sum(1)
        second = (weighted * along).sum() - mean.square().sum()
        return float(mean.sum()) / n - aim + step * bend, float(second) / n + bend

    start, _ = slopes(0.0)
    if not start < 0:
        return 0.0
    low, high, step = 0.0, math.inf, 1.0
    for _ in range(20):
        first, second = slopes(step)
        if abs(first) <= 0.1 * abs(start):
            break
        low, high = (step, high) if first < 0 else (low, step)
        newton = step - first / second if second > 0 else math.inf
        middle = 4 * step if math.isinf(high) else (low + high) / 2
        step = newton if low < newton < min(high, 10 * step) else middle
    return step
