"""Labelled pictures as a net sees them, for training on: held on its device where they fit."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from jaxtyping import Float32
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
    held: Tensor | None = None
    device: torch.device | str = "cpu"

    @classmethod
    def of(cls, show: Show, examples: Examples) -> "Shown":
        """Images that are made once, if they fit."""
        first = show(examples.take([0]))
        if first.numel() * first.element_size() * len(examples) > HELD:
            return cls(show, examples)
        parts = [range(begin, min(begin + AT_ONCE, len(examples))) for begin in range(0, len(examples), AT_ONCE)]
        return cls(show, examples, torch.cat([show(examples.take(part)) for part in parts]))

    def __len__(self) -> int:
        return len(self.examples)

    def part(self, begin: int, end: int) -> "Shown":
        """The examples from ``begin`` to before ``end``, not made again."""
        held = None if self.held is None else self.held[begin:end]
        return replace(self, examples=self.examples.take(range(begin, end)), held=held)

    def gather(self, indices: Tensor) -> Batch:
        """The examples at ``indices``, int64, B."""
        labels = torch.from_numpy(self.examples.labels[indices.cpu().numpy()]).to(self.device)
        if self.held is not None:
            return Batch({"images": self.held[indices.to(self.held.device)], "labels": labels})
        images = self.show(self.examples.take(indices.tolist())).to(self.device)
        return Batch({"images": images, "labels": labels})

    def to(self, device: torch.device) -> "Shown":
        """The same examples, the images that are held on ``device``."""
        return replace(self, device=device, held=None if self.held is None else self.held.to(device))
