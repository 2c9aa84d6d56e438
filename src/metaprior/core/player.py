"""Players: who minimises what, with which optimiser, how often."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from metaprior.core.errors import MetapriorError
from metaprior.core.schedule import Scalar


class Optimizer(Protocol):
    """A typed description of an optimiser; ``lr`` may be a schedule, which the loop evaluates at each step."""

    @property
    def lr(self) -> Scalar: ...

    def build(self, groups: list[dict[str, Any]], fused: bool) -> torch.optim.Optimizer:
        """The optimiser over parameter groups that already hold ``params``, ``lr`` and ``weight_decay``."""
        ...


@dataclass(frozen=True)
class Adam:
    """Adam; with ``decoupled`` weight decay it is AdamW (Loshchilov & Hutter 2019)."""

    lr: Scalar = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False

    def build(self, groups: list[dict[str, Any]], fused: bool) -> torch.optim.Optimizer:
        """A ``torch.optim.Adam`` or ``AdamW``."""
        kind = torch.optim.AdamW if self.decoupled else torch.optim.Adam
        return kind(groups, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay, fused=fused)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum."""

    lr: Scalar = 0.1
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def build(self, groups: list[dict[str, Any]], fused: bool) -> torch.optim.Optimizer:
        """A ``torch.optim.SGD``."""
        return torch.optim.SGD(
            groups, momentum=self.momentum, nesterov=self.nesterov, weight_decay=self.weight_decay, fused=fused
        )


@dataclass(frozen=True)
class Group:
    """Parameters whose names match a shell pattern get their own learning rate or weight decay; the first match wins.

    Names are relative to the method: ``encoder.*.bias``. ``lr=None`` keeps the player's.
    """

    pattern: str
    lr: Scalar | None = None
    weight_decay: float | None = None


@dataclass(frozen=True)
class Player:
    """One player of a game (an ordinary method has one): its modules, its optimiser, its turns a step.

    ``modules`` are names of sub-modules of the method, dots allowed; parameters are looked up late. ``repeats`` turns
    are taken a step, each on fresh batches. ``ema`` is the decay of an average of the player's parameters.
    """

    name: str
    modules: tuple[str, ...]
    optimizer: Optimizer = field(default_factory=Adam)
    groups: tuple[Group, ...] = ()
    repeats: int = 1
    ema: float | None = None

    def __post_init__(self) -> None:
        if not self.modules:
            raise MetapriorError(f"player '{self.name}' names no modules, so it has nothing to train")
        if self.repeats < 1:
            raise MetapriorError(f"player '{self.name}' must take at least one turn a step, not {self.repeats}")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise MetapriorError(f"the decay of player '{self.name}' must lie in [0, 1), not {self.ema}")
