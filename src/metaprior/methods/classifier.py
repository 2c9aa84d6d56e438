"""A classifier: a net and one linear layer on its features, both trained on labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from metaprior.core import (
    Batch,
    DataSpec,
    Group,
    Method,
    Optimizer,
    Player,
    Replacement,
    Step,
    Stream,
    Term,
)
from metaprior.methods.attributes import Attribute, find_known_attribute
from metaprior.methods.autoencoder import NetsRecipe

Augment: TypeAlias = Callable[[Tensor, Step], Tensor]
"""Images of a training batch to others, drawing its numbers from the step: crops, mirror images."""


class Classifier(Method):
    """Mean cross-entropy of a linear layer on a net's features B×D; the layer begins at zero.

    ``net`` maps images to features. Labels are the batch's, or the values of an attribute. Weight decay, where the
    optimiser has some, spares parameters of one dimension.
    """

    def __init__(
        self,
        net: nn.Module,
        width: int,
        classes: int,
        optimizer: Optimizer,
        stream: Stream,
        augment: Augment | None = None,
        attribute: Attribute | None = None,
    ) -> None:
        super().__init__()
        self.net, self.head = net, nn.Linear(width, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.optimizer, self.stream, self.augment = optimizer, stream, augment
        self.attribute = attribute

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
        images = self.augment(batch.inputs, step) if self.augment else batch.inputs
        labels = batch.labels if self.attribute is None else self.attribute.of(batch)
        return {"cross_entropy": Term(cross_entropy(self.classify(images), labels))}

    def encode(self, images: Tensor) -> Tensor:
        """Features B×D."""
        return self.net(images)

    def classify(self, images: Tensor) -> Tensor:
        """Logits B×K of the classes."""
        return self.head(self.encode(images))


class Codes(nn.Module):
    """The first of an encoder's heads, in the precision of its inputs: B×Z."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, inputs: Tensor) -> Tensor:
        return self.encoder(inputs)[0].to(inputs.dtype)


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe(NetsRecipe):
    """An encoder that learns from the labels of all examples; its codes are what a linear layer tells classes from."""

    latent_dim: int = 128
    """Number of codes."""
    attribute: str | None = None
    """Name of a factor, or label; none: the label, or the first factor where there are no classes."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`Classifier` for inputs of the data's shape."""
        attribute = find_known_attribute(data, self.attribute)
        encoder = self.build_nets(data, heads={"mean": self.latent_dim}).encoder
        shared = self.shared(data)
        net, stream = Codes(encoder), Replacement(shared["batch"])
        return Classifier(net, self.latent_dim, attribute.size, shared["optimizer"], stream, attribute=attribute)
