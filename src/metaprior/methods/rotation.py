"""Rotation: an encoder that learns, without labels, which way up pictures are; with labels, what they show too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metaprior.core import (
    Adam,
    Batch,
    DataSpec,
    MetapriorError,
    Method,
    Player,
    Replacement,
    Step,
    Stream,
    Term,
)
from metaprior.methods.attributes import Attribute, find_attribute
from metaprior.methods.autoencoder import NetsRecipe
from metaprior.nets import glorot_uniform
from metaprior.objectives import categorical_nll

TURNS = 4
"""Quarter turns: by 0, 90, 180 and 270 degrees."""


def turned(images: Float[Tensor, "b c s s"]) -> Float[Tensor, "4b c s s"]:
    """All images as they are, then all a quarter turn on, and so forth.

    >>> turned(torch.arange(4.0).reshape(1, 1, 2, 2)).flatten(1).tolist()
    [[0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 0.0, 2.0], [3.0, 2.0, 1.0, 0.0], [2.0, 0.0, 3.0, 1.0]]
    """
    return torch.cat([images.rot90(turn, dims=(2, 3)) for turn in range(TURNS)])


class Rotation(Method):
    """E[-log p(turn | picture turned)], linear in rectified codes; each picture is shown all four ways in one batch.

    Source: Gidaris et al. 2018, equations 2 and 3; the model Rotation of the visual task adaptation benchmark.
    """

    cohort = True

    def __init__(
        self,
        encoder: nn.Module,
        latent_dim: int,
        *,
        optimizer: Adam = Adam(lr=1e-4),  # noqa: B008 - frozen
        batch: int = 64,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.turn = nn.Linear(latent_dim, TURNS)
        glorot_uniform(self.turn)
        self.optimizer = optimizer
        self.batch = batch

    def players(self) -> tuple[Player, ...]:
        return (Player("encoder", modules=("encoder", "turn"), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        return {"unlabelled": Replacement(self.batch)}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        codes = self.encode(turned(batch.images))
        turns = torch.arange(TURNS, device=codes.device).repeat_interleave(batch.size)
        return {"turn": Term(categorical_nll(self.logits(self.turn, codes), turns).mean())} | self.told(codes, batch)

    def told(self, codes: Float[Tensor, "4b z"], batch: Batch) -> dict[str, Term]:
        """Further terms, from the codes of all four ways: here none."""
        return {}

    def logits(self, head: nn.Module, codes: Tensor) -> Tensor:
        """What a linear head makes of rectified codes, in their precision."""
        return head(codes.relu()).to(codes.dtype)

    def encode(self, images: Tensor) -> Tensor:
        """Codes of images, B×Z."""
        return self.encoder(images)[0].to(images.dtype)


class LabelledRotation(Rotation):
    """Rotation, and E[-log p(y | picture turned)] of a label y, whichever way up (Zhai et al. 2019, "S4L", section 3).

    The model Sup-Rotation of the visual task adaptation benchmark. Where a label is missing, it adds nothing.
    """

    def __init__(self, encoder: nn.Module, latent_dim: int, attribute: Attribute, **options: Any) -> None:
        super().__init__(encoder, latent_dim, **options)
        self.classifier = nn.Linear(latent_dim, attribute.size)
        glorot_uniform(self.classifier)
        self.attribute = attribute

    def extra_repr(self) -> str:
        """The attribute, which members of a cohort have in common."""
        return repr(self.attribute)

    def players(self) -> tuple[Player, ...]:
        return (Player("encoder", modules=("encoder", "turn", "classifier"), optimizer=self.optimizer),)

    def told(self, codes: Float[Tensor, "4b z"], batch: Batch) -> dict[str, Term]:
        labels = self.attribute.of(batch).repeat(TURNS)
        return {"label": Term(categorical_nll(self.logits(self.classifier, codes), labels).mean())}

    def classify(self, images: Tensor) -> Tensor:
        """Logits of the label, B×K."""
        return self.logits(self.classifier, self.encode(images))


@dataclass(frozen=True, kw_only=True)
class RotationRecipe(NetsRecipe):
    """An encoder that learns which way up pictures are."""

    latent_dim: int = 128
    """Number of codes."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`Rotation` for square images of the data's shape."""
        return Rotation(self.build_encoder(data), self.latent_dim, **self.shared(data))

    def build_encoder(self, data: DataSpec) -> nn.Module:
        """The encoder of square images."""
        if data.image_shape is None or data.image_shape[1] != data.image_shape[2]:
            raise MetapriorError("pictures that are to be turned must be square images; take data of such pictures")
        return self.build_nets(data, heads={"mean": self.latent_dim}).encoder


@dataclass(frozen=True, kw_only=True)
class LabelledRotationRecipe(RotationRecipe):
    """An encoder that learns what pictures show, and which way up they are."""

    attribute: str | None = None
    """Name of a factor, or label; none: the label, or the first factor where there are no classes."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`LabelledRotation` for square images of the data's shape."""
        encoder, attribute = self.build_encoder(data), find_attribute(data, self.attribute)
        return LabelledRotation(encoder, self.latent_dim, attribute, **self.shared(data))
