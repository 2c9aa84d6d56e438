"""Labelled pictures of any size, decoded when they are read: what a task of a visual benchmark is made of."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.core import MetapriorError


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures by their keys, each of its own size: uint8, C×H×W with C = 1 or 3.

    ``origin`` says where they are from, as in ``eurosat from tfds``: two sets of the same origin and keys hold the same
    pictures, whatever labels go with them, so that features of one serve the other. ``encoded`` gives the file, PNG,
    JPEG …, that ``read`` decodes, where there is one.
    """

    origin: str
    keys: Sequence[str]
    read: Callable[[int], UInt8[Tensor, "c h w"]]
    encoded: Callable[[int], bytes | None] = lambda place: None

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, place: int) -> UInt8[Tensor, "c h w"]:
        return self.read(place)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on the origin and on every key, in order."""
        content = hashlib.blake2b(f"{self.origin}\n".encode(), digest_size=8)
        for key in self.keys:
            content.update(f"{key}\n".encode())
        return content.hexdigest()

    def take(self, places: Sequence[int] | Int64[np.ndarray, " m"]) -> "Pictures":
        """The pictures at these places, in that order."""
        chosen = [int(place) for place in places]
        keys = [self.keys[place] for place in chosen]
        return Pictures(self.origin, keys, lambda i: self.read(chosen[i]), lambda i: self.encoded(chosen[i]))

    def __add__(self, other: "Pictures") -> "Pictures":
        """These, then the others."""
        origin = self.origin if other.origin == self.origin else f"{self.origin}, {other.origin}"
        first = len(self)
        return Pictures(
            origin,
            [*self.keys, *other.keys],
            lambda i: self.read(i) if i < first else other.read(i - first),
            lambda i: self.encoded(i) if i < first else other.encoded(i - first),
        )


@dataclass(frozen=True, eq=False)
class Examples:
    """Pictures with a class each, int64, below ``classes``; an error names the first label that is not."""

    pictures: Pictures
    labels: Int64[np.ndarray, " n"]
    classes: int

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.pictures):
            raise MetapriorError(
                f"{self.pictures.origin} has {len(self.pictures)} pictures and {len(self.labels)} labels"
            )
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= self.classes))
        if len(wrong):
            raise MetapriorError(
                f"{self.pictures.origin} has the label {self.labels[wrong[0]]} at {self.pictures.keys[wrong[0]]}, and "
                f"classes are 0 to {self.classes - 1}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Sequence[int] | Int64[np.ndarray, " m"]) -> "Examples":
        """The examples at these places, in that order."""
        return Examples(self.pictures.take(places), self.labels[np.asarray(places, dtype=np.int64)], self.classes)

    def __add__(self, other: "Examples") -> "Examples":
        """These, then the others."""
        labels = np.concatenate([self.labels, other.labels])
        return Examples(self.pictures + other.pictures, labels, max(self.classes, other.classes))
