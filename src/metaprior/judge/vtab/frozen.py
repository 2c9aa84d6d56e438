"""Adaptation without touching the encoder: probes of its features, chosen on the validation examples."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from metaprior.judge.probes import few_shot, knn_predict, logistic_path, ridge_path
from metaprior.judge.probes.result import as_examples
from metaprior.judge.vtab.adapted import Adapted, binomial, unseen
from metaprior.judge.vtab.recipes import LIGHTWEIGHT, VPT_LINEAR
from metaprior.judge.vtab.sgd_sweep import sgd_sweep
from metaprior.judge.vtab.trial import Trial, mildest

Labelled: TypeAlias = tuple[Float[np.ndarray, "n d"], Int64[np.ndarray, " n"]]

STRENGTHS = tuple(float(s) for s in 10.0 ** np.linspace(6, -2, 40))
"""Of ridge, on standardised features; the strongest first. 2**10 is what big_vision's few-shot evaluator takes."""
INVERSE_STRENGTHS = tuple(float(c) for c in 10.0 ** np.linspace(-6, 5, 45))
"""Of logistic regression: DINOv2's; the strongest penalty first."""
NEIGHBOURS = (100, 50, 20, 10, 5, 3, 1)
SHOTS = (1, 5, 10, 25)
"""big_vision's."""
DRAWS = 10
TOLERANCE = 1e-4
"""Of logistic regression: scikit-learn's. A tenth of it changes what is told of at most 1 validation example in 198."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features N×D, float32, and class indices N: of what trains, selects (VTAB's 800 and 200) and tests.

    Heads are fitted on ``device``.
    """

    train: Labelled
    val: Labelled
    test: Labelled
    device: str = "cpu"

    @property
    def trainval(self) -> Labelled:
        """What trains and what selects: the examples of the last fit."""
        (x, y), (z, u) = self.train, self.val
        return np.concatenate([x, z]), np.concatenate([y, u])


def ridge(features: Features, seed: int = 0) -> Adapted:
    """Ridge regression onto ±1 indicators of the classes, on standardised features."""

    def fit(x: Tensor, y: Tensor, z: Tensor, strengths: Sequence[float]) -> Tensor:
        return ridge_path(x, one_hot(y).to(x) * 2 - 1).classes(z, strengths)

    return _chosen(features, fit, STRENGTHS, "strength")


def logistic(features: Features, seed: int = 0) -> Adapted:
    """Multinomial logistic regression with an L2 penalty, on standardised features."""

    def fit(x: Tensor, y: Tensor, z: Tensor, inverse_strengths: Sequence[float]) -> Tensor:
        path = logistic_path(x, y, inverse_strengths, tolerance=TOLERANCE)
        return torch.stack([(z @ w + b).argmax(1) for w, b in zip(path.weights, path.bias, strict=True)])

    return _chosen(features, fit, INVERSE_STRENGTHS, "inverse_strength")


def knn(features: Features, seed: int = 0) -> Adapted:
    """The most frequent class among the nearest neighbours by cosine, features being as they are."""

    def fit(x: Tensor, y: Tensor, z: Tensor, neighbours: Sequence[int]) -> Tensor:
        return torch.stack([knn_predict(x, y, z, k) for k in neighbours])

    possible = [k for k in NEIGHBOURS if k <= len(features.train[1])]
    return _chosen(features, fit, possible, "k", scale=False)


Fit: TypeAlias = Callable[[Tensor, Tensor, Tensor, Sequence[Any]], Tensor]
"""From features and labels, other features, and S options: the classes that each option tells, S×M."""


def _chosen(features: Features, fit: Fit, options: Sequence[Any], name: str, scale: bool = True) -> Adapted:
    """Choose among options, the strongest first, on what selects; fit to all; test once."""
    x, y, z, correct = _tensors(features, features.train, features.val, scale)
    hits = (_told(fit, x, y, z, options) == correct).double().mean(1)
    best = int(hits.argmax())  # of equals the first
    x, y, z, correct = _tensors(features, features.trainval, features.test, scale)
    value = float((_told(fit, x, y, z, [options[best]])[0] == correct).double().mean())
    n, details = len(correct), unseen(features.trainval[1], features.test[1])
    return Adapted(value, binomial(value, n), n, {name: options[best]}, float(hits[best]), details)


def _told(fit: Fit, x: Tensor, y: Tensor, z: Tensor, options: Sequence[Any]) -> Tensor:
    """What each option tells, fitted to the classes that there are examples of."""
    present, y = y.unique(return_inverse=True)
    if len(present) == 1:
        return present.expand(len(options), len(z))
    return present[fit(x, y, z, options)]


def few_shots(features: Features, seed: int = 0, shots: int = 5) -> Adapted:
    """Ridge on a few examples of each class, drawn again and again; the strength by leave-one-out in each draw.

    A class with fewer examples gives all it has. Where none has more, there is but one draw.
    """
    x, y, z, correct = _tensors(features, features.trainval, features.test, scale=True)
    counts = y.unique(return_counts=True)[1]
    draws = DRAWS if int(counts.max()) > shots else 1
    found = few_shot(x, y, z, correct, shots, draws, seed, scarce="take")
    details = {"draws": draws, "scarce_classes": int((counts < shots).sum())}
    lost = unseen(features.trainval[1], features.test[1])
    return Adapted(found.value, found.se, found.n, {"shots": shots}, None, details | lost)


def linear(features: Features, seed: int = 0, trials: tuple[Trial, ...] = LIGHTWEIGHT) -> Adapted:
    """A linear layer from zero by SGD, features being as they are: all trials of the sweep at once, then the best."""
    classes = int(max(features.train[1].max(), features.val[1].max())) + 1
    x, y, z, correct = _tensors(features, features.train, features.val, scale=False)
    hits = sgd_sweep(x, y, classes, trials, seed).accuracies(z, correct)
    best = mildest(trials, hits)
    x, y, z, correct = _tensors(features, features.trainval, features.test, scale=False)
    [value] = sgd_sweep(x, y, classes, [trials[best]], seed).accuracies(z, correct)
    details = {"trials": len(trials), "vals": hits} | unseen(features.trainval[1], features.test[1])
    chosen = trials[best].told(len(y))
    return Adapted(value, binomial(value, len(correct)), len(correct), chosen, hits[best], details)


def _tensors(features: Features, train: Labelled, test: Labelled, scale: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, float32, and labels of each, checked; scaled: less the mean of what trains, by its deviation + 1e-5."""
    x, y, z, correct = (part.to(features.device) for part in as_examples(*train, *test, dtype=torch.float32))
    if scale:
        deviation, mean = torch.std_mean(x, dim=0, correction=0)
        x, z = ((each - mean) / (deviation + 1e-5) for each in (x, z))
    return x, y, z, correct


FROZEN: dict[str, Callable[[Features, int], Adapted]] = {
    "ridge": ridge,
    "logistic": logistic,
    "knn": knn,
    **{f"few-shot-{shots}": functools.partial(few_shots, shots=shots) for shots in SHOTS},
    "linear": linear,
    "linear/10": functools.partial(linear, trials=tuple(trial.shortened(10) for trial in LIGHTWEIGHT)),
    "linear/50": functools.partial(linear, trials=tuple(trial.shortened(50) for trial in LIGHTWEIGHT)),
    "linear/100": functools.partial(linear, trials=tuple(trial.shortened(100) for trial in LIGHTWEIGHT)),
    "vpt-linear": functools.partial(linear, trials=VPT_LINEAR),
}
"""Frozen protocols. ``linear`` is the paper's: the lightweight sweep of a layer on an encoder that stays as it is."""
