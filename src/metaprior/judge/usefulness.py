"""Label distortion: what codes leave open of labels, by a simple predictor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metaprior.core import MetapriorError, generator
from metaprior.judge.probes.logistic import logistic_path
from metaprior.judge.probes.result import as_examples
from metaprior.metrics.arrays import Array

INVERSE_STRENGTHS = tuple(float(10.0**power) for power in range(-2, 5))
TOLERANCE = 1e-4
"""Of the gradient's entries: losses are then right to a few thousandths of a nat, but for codes far smaller than 1."""


@dataclass(frozen=True, eq=False)
class Usefulness:
    """How well logistic regression on codes tells the labels of examples that it did not see."""

    loss: Float[np.ndarray, " n"]
    """-log p(y | code) of each test example, in nats; NaN where its label was not among those learned from."""
    correct: Float[np.ndarray, " n"]
    """1 where the most probable label is the right one, else 0; a label never seen is never told."""
    entropy: float
    """Of the labels that are tested, in nats: what knowing nothing but how frequent each is costs."""
    strength: float
    """The inverse strength C that was chosen, scikit-learn's."""

    @property
    def distortion(self) -> float:
        """D_y = -E log p(y | code), in nats."""
        return float(np.nanmean(self.loss))

    @property
    def accuracy(self) -> float:
        """The share of labels that are told."""
        return float(self.correct.mean())


def usefulness(
    train: Float[Array, "n d"],
    train_labels: Int[np.ndarray, " n"],
    test: Float[Array, "m d"],
    test_labels: Int[np.ndarray, " m"],
    strengths: Sequence[float] = INVERSE_STRENGTHS,
    seed: int = 0,
) -> Usefulness:
    """Multinomial logistic regression; a fifth of the training examples chooses C by its loss, then all are fitted.

    The smallest C is taken, the simplest predictor, whose loss is no more than a standard error above the least: a
    larger one may hang on codes that hardly vary, and be far off where new examples are a little unlike the others.
    """
    x, labels, z, truth = as_examples(train, train_labels, test, test_labels)
    if len(x) < 5:
        raise MetapriorError(f"a label distortion needs at least 5 examples to learn from, not {len(x)}")
    known, labels = labels.unique(return_inverse=True)
    if len(known) < 2:
        raise MetapriorError("a label distortion needs labels of at least 2 classes")
    place = torch.searchsorted(known, truth).clamp(max=len(known) - 1)
    seen = known[place] == truth
    if not bool(seen.any()):
        raise MetapriorError("none of the labels to test on are among those to learn from")
    shuffled = torch.randperm(len(x), generator=generator(seed, "label distortion"))
    held, rest = shuffled[: len(x) // 5], shuffled[len(x) // 5 :]
    order = sorted(strengths)
    trial = logistic_path(x[rest], labels[rest], order, len(known), TOLERANCE)
    chosen = order[simplest(_loss(trial.logits(x[held]), labels[held]))]
    logits = logistic_path(x, labels, [chosen], len(known), TOLERANCE).logits(z)
    loss = _loss(logits, place)[0].where(seen, torch.nan)
    right = (logits[0].argmax(dim=1) == place) & seen
    shares = place[seen].bincount() / int(seen.sum())
    entropy = -float(torch.special.xlogy(shares, shares).sum())
    return Usefulness(loss.numpy(), right.double().numpy(), entropy, chosen)


def simplest(losses: Float[Tensor, "s n"]) -> int:
    """The first of S predictors that is not worse than the best by more than the standard error of their difference.

    Source: the one-standard-error rule of Breiman et al. 1984, of paired losses.

    >>> simplest(torch.tensor([[3.0, 2.0, 4.0], [1.0, 0.2, 0.9], [0.5, 0.5, 0.5]]))
    1
    """
    worse = losses - losses[losses.mean(dim=1).argmin()]
    error = worse.std(dim=1) / losses.shape[1] ** 0.5 if losses.shape[1] > 1 else torch.zeros(len(losses))
    return int((worse.mean(dim=1) <= error).int().argmax())


def _loss(logits: Float[Tensor, "s n k"], labels: Int[Tensor, " n"]) -> Float[Tensor, "s n"]:
    """-log p of each label under each of S predictors."""
    told = logits.log_softmax(dim=-1)
    return -told.gather(2, labels.expand(len(logits), -1)[..., None])[..., 0]
