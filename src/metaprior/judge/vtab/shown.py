"""Labelled pictures as a net sees them, for training on: held on its device where they fit."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from metaprior.core import Batch
from metaprior.data.vtab.examples import Examples

Show: TypeAlias = Callable[[Examples], Float32[Tensor, "n c s s"]]
"""Pictures of examples, each of its own size, as images of one size."""
HELD = 2**32
"""Bytes of images that are held: 7,000 pictures of 224 px. More are made when they are drawn, again and again."""
AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Shown:
    """A source of ``images`` and ``labels``."""

    show: Show
    examples: Examples
    labels: Int64[Tensor, " n"]
    held: Float32[Tensor, "n c s s"] | None = None

    @classmethod
    def of(cls, show: Show, examples: Examples, hold: bool = True) -> "Shown":
        """Images that are made once, if they fit; or each time, where they will be seen but once."""
        made_anew = cls(show, examples, torch.from_numpy(examples.labels))
        if not hold or show(examples.take([0])).nbytes * len(examples) > HELD:
            return made_anew
        parts = [range(begin, min(begin + AT_ONCE, len(examples))) for begin in range(0, len(examples), AT_ONCE)]
        return replace(made_anew, held=torch.cat([show(examples.take(part)) for part in parts]))

    def __len__(self) -> int:
        return len(self.examples)

    def part(self, begin: int, end: int) -> "Shown":
        """The examples from ``begin`` to before ``end``, not made again."""
        held = None if self.held is None else self.held[begin:end]
        return Shown(self.show, self.examples.take(range(begin, end)), self.labels[begin:end], held)

    def gather(self, indices: Tensor) -> Batch:
        """The examples at ``indices``, int64, B."""
        labels = self.labels[indices.to(self.labels.device)]
        if self.held is not None:
            return Batch({"images": self.held[indices.to(self.held.device)], "labels": labels})
        return Batch({"images": self.show(self.examples.take(indices.tolist())), "labels": labels})

    def to(self, device: torch.device) -> "Shown":
        """The same examples, the labels and the images that are held on ``device``."""
        return replace(self, labels=self.labels.to(device), held=None if self.held is None else self.held.to(device))
