"""One choice of hyper-parameters of a training by gradient descent: what a sweep tries several of."""

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from metaprior.core import SGD, Adam, Buffered, Cosine, Epochs, MetapriorError, Optimizer, Piecewise, Schedule, Stream

Unit: TypeAlias = Literal["steps", "epochs"]


@dataclass(frozen=True)
class Trial:
    """An optimiser, its peak rate, a batch, and how long: ``length``, ``warmup`` and ``drops`` count the same ``unit``.

    The rate grows from 0 during the warm-up; then it falls by a half cosine, or to a tenth after each of the drops. A
    training counted in steps draws as tf.data does, :class:`~metaprior.core.Buffered`; one counted in epochs draws
    every example once an epoch. Weight decay spares biases and norms: parameters of one dimension.
    """

    lr: float
    batch: int
    length: int
    unit: Unit = "steps"
    warmup: int = 0
    drops: tuple[int, ...] | None = None
    """None: a half cosine."""
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
    momentum: float = 0.9
    """Of SGD alone."""
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if self.drops is not None and self.unit == "epochs":
            raise MetapriorError("a rate that drops is counted in steps, not in epochs")

    def drawn(self, examples: int) -> int:
        """Examples a step: the batch, or in a training counted in epochs no more than there are."""
        return min(self.batch, examples) if self.unit == "epochs" else self.batch

    def steps(self, examples: int) -> int:
        """Updates of a training on so many examples."""
        return self._in_steps(self.length, examples)

    def schedule(self, examples: int) -> Schedule:
        """The learning rate at each step.

        >>> rate = Trial(0.1, 512, 2500, drops=(750, 1500, 2250)).schedule(1000)
        >>> [round(rate(step), 6) for step in (0, 750, 751, 1501, 2251)]
        [0.1, 0.1, 0.01, 0.001, 0.0001]
        """
        warmup = self._in_steps(self.warmup, examples) if self.warmup else 0
        if self.drops is None:
            return Cosine(self.lr, self.steps(examples), warmup)
        values = tuple(self.lr / 10**i for i in range(len(self.drops) + 1))
        # tf.train.piecewise_constant keeps a value up to its boundary and at it, as BiT's rule does
        return Piecewise(values, tuple(drop + 1 for drop in self.drops), warmup)

    def build(self, examples: int) -> Optimizer:
        """The optimiser, its rate scheduled."""
        rate = self.schedule(examples)
        if self.optimizer == "sgd":
            return SGD(rate, momentum=self.momentum, weight_decay=self.weight_decay)
        return Adam(rate, weight_decay=self.weight_decay, decoupled=self.optimizer == "adamw")

    def stream(self, examples: int) -> Stream:
        """Which examples each step sees."""
        batch = self.drawn(examples)
        return Epochs(batch) if self.unit == "epochs" else Buffered(batch)

    def told(self, examples: int) -> dict[str, Any]:
        """The choice as plain values, as results record it."""
        return {
            "lr": self.lr,
            "schedule": str(self.schedule(examples)),
            "steps": self.steps(examples),
            "batch": self.drawn(examples),
            "optimizer": self.optimizer,
            "weight_decay": self.weight_decay,
        } | ({"momentum": self.momentum} if self.optimizer == "sgd" else {})

    def shortened(self, by: int, batch: int | None = None) -> "Trial":
        """A reduced budget: steps and drops divided, and maybe another batch.

        >>> Trial(0.1, 512, 2500, drops=(750, 1500, 2250)).shortened(100, batch=64)
        Trial(lr=0.1, batch=64, length=25, unit='steps', warmup=0, drops=(7, 15, 22), optimizer='sgd', momentum=0.9, \
weight_decay=0.0)
        """
        drops = None if self.drops is None else tuple(drop // by for drop in self.drops)
        length = max(self.length // by, 1)
        return replace(self, length=length, warmup=self.warmup // by, drops=drops, batch=batch or self.batch)

    def _in_steps(self, count: int, examples: int) -> int:
        return count if self.unit == "steps" else max(1, round(count * examples / self.drawn(examples)))


def mildest(trials: "tuple[Trial, ...]", accuracies: "list[float]") -> int:
    """The place of the most accurate trial; of equals the smallest learning rate, then the largest weight decay.

    >>> mildest((Trial(0.1, 8, 9), Trial(0.01, 8, 9), Trial(0.01, 8, 5)), [0.5, 0.5, 0.5])
    2
    """
    return min(
        range(len(trials)),
        key=lambda i: (-accuracies[i], trials[i].lr, -trials[i].weight_decay, trials[i].length, i),
    )
