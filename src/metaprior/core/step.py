"""The step: what a method may ask of the moment it is called in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from metaprior.core.randomness import generator


@dataclass(frozen=True)
class Term:
    """One term of a loss: its value, logged as it is, and the weight it enters the player's loss with."""

    value: Tensor
    weight: float | Tensor = 1.0


class Draws(Protocol):
    """Random numbers by name: drawn on the spot, or drawn beforehand for the members of a cohort."""

    def __call__(self, kind: str, name: str, shape: tuple[int, ...]) -> Tensor: ...


@dataclass(frozen=True)
class Counter:
    """Random numbers as a function of (seed, name, step, turn); ``kind`` is ``normal`` or ``uniform``."""

    seed: int
    step: int = 0
    turn: int = 0
    device: torch.device | str = "cpu"
    dtype: torch.dtype = torch.float32

    def __call__(self, kind: str, name: str, shape: tuple[int, ...]) -> Tensor:
        source = generator(self.seed, name, self.step, self.turn, device=self.device)
        draw = {"normal": torch.randn, "uniform": torch.rand}[kind]
        return draw(shape, generator=source, device=self.device, dtype=self.dtype)


@dataclass(frozen=True)
class Part:
    """Which part of the global batch a call sees: part ``index`` of ``count`` equal ones.

    The parts of a step are its processes times its accumulated micro-batches. ``all_gather`` joins the parts of
    all processes, differentiably.
    """

    index: int = 0
    count: int = 1
    all_gather: Callable[[Tensor], Tensor] = field(default=lambda x: x)

    def slice(self, whole: Tensor) -> Tensor:
        """The rows of a tensor of the global batch that belong to this part."""
        rows = len(whole) // self.count
        return whole[self.index * rows : (self.index + 1) * rows]


@dataclass
class Step:
    """The counter, the scalars, the random numbers, the carried state.

    ``hyper`` holds the method's scalar hyper-parameters at this step as 0-d tensors (of one member, in a cohort).
    ``state`` is carried from step to step and saved in checkpoints: an LSTM's, say. ``shared`` passes tensors from
    one player's turn to the next within a step, so that players may update from one forward pass. ``restarted`` names
    the streams whose examples do not continue those of the last turn.
    """

    index: int = 0
    turn: int = 0
    hyper: Mapping[str, Tensor] = field(default_factory=dict)
    draws: Draws = field(default_factory=lambda: Counter(0))
    part: Part = field(default_factory=Part)
    state: dict[str, Tensor] = field(default_factory=dict)
    shared: dict[str, Tensor] = field(default_factory=dict)
    restarted: frozenset[str] = frozenset()

    def randn(self, name: str, *shape: int) -> Tensor:
        """Standard normal numbers; the first axis is the batch, and each example's do not depend on how it is split.

        Two players that ask for one name at one turn get the same numbers: name them apart where they must differ.
        """
        return self._draw("normal", name, shape)

    def rand(self, name: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), otherwise as :meth:`randn`."""
        return self._draw("uniform", name, shape)

    def _draw(self, kind: str, name: str, shape: tuple[int, ...]) -> Tensor:
        return self.part.slice(self.draws(kind, name, (shape[0] * self.part.count, *shape[1:])))

    def gather(self, rows: Tensor) -> Tensor:
        """The rows of the global batch, differentiably: for terms that couple the batch (TC, covariance, MMD)."""
        return self.part.all_gather(rows)

    def total(self, values: Tensor) -> Tensor:
        """A sum over the global batch, written so that the mean over parts that the loop takes gives that sum."""
        return values.sum() * self.part.count

    def shuffle_each_column(self, rows: Tensor) -> Tensor:
        """Rows whose columns are permuted over the global batch, each on its own: samples of the product of marginals.

        Gradients do not flow through it. ``rows`` is B×D and so is the result.
        """
        whole = self.gather(rows.detach())
        order = self.draws("uniform", "shuffle", tuple(whole.shape)).argsort(dim=0)
        return self.part.slice(whole.gather(0, order))
