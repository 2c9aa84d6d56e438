"""A classifier: a net and one linear layer on its features, both trained on labels."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from metaprior.core import Batch, Group, Method, Optimizer, Player, Step, Stream, Term

Augment: TypeAlias = Callable[[Tensor, Step], Tensor]
"""Images of a training batch to others, drawing its numbers from the step: crops, mirror images."""


class Classifier(Method):
    """Mean cross-entropy of a linear layer on a net's features B×D; the layer begins at zero.

    ``net`` maps images to features. Weight decay, where the optimiser has some, spares parameters of one dimension.
    """

    def __init__(
        self,
        net: nn.Module,
        width: int,
        classes: int,
        optimizer: Optimizer,
        stream: Stream,
        augment: Augment | None = None,
    ) -> None:
        super().__init__()
        self.net, self.head = net, nn.Linear(width, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.optimizer, self.stream, self.augment = optimizer, stream, augment

    def players(self) -> tuple[Player, ...]:
        modules = {"net": self.net, "head": self.head}
        trained = tuple(name for name, module in modules.items() if any(True for _ in module.parameters()))
        plain = [name for name, parameter in self.named_parameters() if parameter.dim() < 2]
        groups = tuple(Group(name, weight_decay=0.0) for name in plain) if self.decays else ()
        return (Player("classifier", modules=trained, optimizer=self.optimizer, groups=groups),)

    @property
    def decays(self) -> bool:
        """Whether the optimiser decays weights."""
        return bool(getattr(self.optimizer, "weight_decay", 0.0))

    def streams(self) -> dict[str, Stream]:
        return {"train": self.stream}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["train"]
        images = self.augment(batch.images, step) if self.augment else batch.images
        return {"cross_entropy": Term(cross_entropy(self.classify(images), batch.labels))}

    def encode(self, images: Tensor) -> Tensor:
        """Features B×D."""
        return self.net(images)

    def classify(self, images: Tensor) -> Tensor:
        """Logits B×K of the classes."""
        return self.head(self.encode(images))
