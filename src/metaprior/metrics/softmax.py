"""Multinomial logistic regression by L-BFGS on top of the Hessian of some of the rows.

With many classes the objective is badly conditioned, since neighbouring classes overlap, and plain L-BFGS takes a
hundred steps and more. The Hessian of a tenth of the rows knows these directions, and one step costs little more.
"""

from collections import deque
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

EXCESS = 1e-10
"""The search ends where the mean loss is about so many nats above its least value."""
MAX_STEPS = 500
MEMORY = 10
HESSIAN_ROWS = 1000
"""Rows whose Hessian stands for that of all, drawn once."""
HESSIAN_STEPS = 5
"""After so many steps the Hessian is computed anew."""
HESSIAN_PARAMETERS = 2500
"""Of more parameters than this the Hessian would cost more than the steps it saves: plain L-BFGS."""

Solve = Callable[[np.ndarray], np.ndarray]


def minimise_softmax(
    features: Float[np.ndarray, "n features"], label: Int[np.ndarray, " n"], penalty: float
) -> Float[np.ndarray, "classes parameters"]:
    r"""Weights and, last, bias that minimise :math:`\frac1n \sum_i -\log p(y_i|x_i) + \frac\lambda2 \|W\|^2`.

    Labels are 0…K−1, each of which occurs.
    """
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-10)
    x = np.hstack([(features - mean) / scale, np.ones((len(features), 1))])  # the bias is free, so it absorbs the mean
    penalties = np.append(penalty / scale**2, 0.0)
    k, n = int(label.max()) + 1, len(x)
    moments = np.stack([np.bincount(label, column, k) for column in x.T], axis=1) / n
    logits = np.empty((k, n))
    transposed = np.ascontiguousarray(x.T)

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        np.matmul(theta, transposed, out=logits)
        top = logits.max(axis=0)
        exponentials = np.exp(np.subtract(logits, top, out=logits), out=logits)
        total = exponentials.sum(axis=0)
        loss = (np.log(total) + top).mean() - np.vdot(theta, moments)
        gradient = exponentials @ (x / total[:, None]) / n - moments
        return loss + 0.5 * (penalties * theta**2).sum(), gradient + penalties * theta

    rows = x[np.random.default_rng(0).permutation(n)[:HESSIAN_ROWS]].astype(np.float32)
    curvature = (lambda theta: _newton(theta, rows, penalties)) if k * x.shape[1] <= HESSIAN_PARAMETERS else None
    theta = _lbfgs(objective, np.zeros((k, x.shape[1])), curvature)
    weights = theta[:, :-1] / scale
    return np.column_stack([weights, theta[:, -1] - weights @ mean])


def _lbfgs(
    objective: Callable[[np.ndarray], tuple[float, np.ndarray]],
    theta: np.ndarray,
    curvature: Callable[[np.ndarray], Solve] | None,
) -> np.ndarray:
    value, gradient = objective(theta)
    memory: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=MEMORY)
    solve = None
    for count in range(MAX_STEPS):
        if curvature is not None and count % HESSIAN_STEPS == 0:
            solve = curvature(theta)
        direction = -_two_loops(gradient, memory, solve)
        slope = np.vdot(gradient, direction)
        if slope > -2 * EXCESS:
            break
        step, (trial, ahead) = 1.0, objective(theta + direction)
        while trial > value + 1e-4 * step * slope:
            step /= 2
            trial, ahead = objective(theta + step * direction)
        memory.append((step * direction, ahead - gradient))
        theta, value, gradient = theta + step * direction, trial, ahead
    return theta


def _two_loops(gradient: np.ndarray, memory: deque[tuple[np.ndarray, np.ndarray]], solve: Solve | None) -> np.ndarray:
    """The inverse Hessian's estimate times the gradient (Nocedal & Wright 2006, algorithm 7.4)."""
    q, along = gradient, []
    for move, change in reversed(memory):
        along.append(np.vdot(move, q) / np.vdot(move, change))
        q = q - along[-1] * change
    if solve is not None:
        q = solve(q)
    elif memory:
        move, change = memory[-1]
        q = q * (np.vdot(move, change) / np.vdot(change, change))
    for (move, change), a in zip(memory, reversed(along), strict=True):
        q = q + (a - np.vdot(change, q) / np.vdot(move, change)) * move
    return q


def _newton(theta: np.ndarray, rows: Float[np.ndarray, "m parameters"], penalties: np.ndarray) -> Solve:
    """Multiplication by the inverse of these rows' Hessian."""
    from scipy.linalg import cho_factor, cho_solve

    k, p = theta.shape
    logits = theta.astype(np.float32) @ rows.T
    probability = np.exp(logits - logits.max(axis=0))
    probability /= probability.sum(axis=0)
    weighted = (probability[:, None] * rows.T).reshape(k * p, -1)
    hessian = -(weighted @ weighted.T)
    blocks, own = hessian.reshape(k, p, k, p), np.arange(k)
    blocks[own, :, own] = 0.0
    blocks[own, :, own] = -blocks.sum(axis=2)  # not from p(1 − p), which single precision loses where p is nearly 1
    hessian /= len(rows)
    diagonal = np.einsum("ii->i", hessian)
    ridge = 1e-4 * diagonal.mean()  # all classes moving together changes nothing, so the Hessian alone is singular
    diagonal += np.tile(penalties, k) + ridge
    factor = cho_factor(hessian, overwrite_a=True, check_finite=False)
    return lambda q: cho_solve(factor, q.ravel().astype(np.float32), check_finite=False).reshape(k, p).astype(float)
