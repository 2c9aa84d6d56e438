"""Labelled pictures of any size, decoded when they are read: what a task of a visual benchmark is made of."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.core import MetapriorError

PNG = b"\x89PNG"
"""How a file begins that holds pixels exactly: its content are they, so that pixels written as PNG stay the same."""


def fingerprint(content: bytes) -> bytes:
    """8 bytes that depend on every byte."""
    return hashlib.blake2b(content, digest_size=8).digest()


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures by their keys, each of its own size: uint8, C×H×W with C = 1 or 3.

    ``origin`` says where they are from, as in ``eurosat from tfds``. ``encoded`` gives the file, PNG, JPEG …, that
    ``read`` decodes, where there is one. ``prints`` gives :func:`fingerprint` of the bytes that a picture is made from,
    where its file or its pixels are not had as cheaply.
    """

    origin: str
    keys: Sequence[str]
    read: Callable[[int], UInt8[Tensor, "c h w"]]
    encoded: Callable[[int], bytes | None] = lambda place: None
    prints: Callable[[int], bytes] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, place: int) -> UInt8[Tensor, "c h w"]:
        picture = self.read(place)
        if picture.dtype != torch.uint8 or picture.ndim != 3 or len(picture) not in (1, 3):
            raise MetapriorError(
                f"{self.keys[place]}, {self.origin}, is {tuple(picture.shape)}, {picture.dtype}; a picture is uint8, "
                "channels x height x width, of 1 or 3 channels"
            )
        return picture

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on the origin, and on the key and the content of every picture, in order.

        Sets of one digest hold the same pictures, whatever labels go with them: features of one serve the other.
        """
        content = hashlib.blake2b(f"{self.origin}\n".encode(), digest_size=8)
        for place, key in enumerate(self.keys):
            content.update(f"{key}\n".encode() + self.fingerprint(place))
        return content.hexdigest()

    def fingerprint(self, place: int) -> bytes:
        """:func:`fingerprint` of the content of a picture, found once."""
        if place not in self._fingerprints:
            self._fingerprints[place] = self._fingerprint(place)
        return self._fingerprints[place]

    def _fingerprint(self, place: int) -> bytes:
        if self.prints is not None:
            return self.prints(place)
        if (file := self.encoded(place)) is not None and not file.startswith(PNG):
            return fingerprint(file)
        pixels = self[place]
        return fingerprint(f"{tuple(pixels.shape)}".encode() + pixels.contiguous().numpy().tobytes())

    @cached_property
    def _fingerprints(self) -> dict[int, bytes]:
        return {}

    def take(self, places: Sequence[int] | Int64[np.ndarray, " m"]) -> "Pictures":
        """The pictures at these places, in that order."""
        chosen = [int(place) for place in places]
        keys = [self.keys[place] for place in chosen]
        return Pictures(
            self.origin,
            keys,
            lambda i: self.read(chosen[i]),
            lambda i: self.encoded(chosen[i]),
            lambda i: self.fingerprint(chosen[i]),
        )

    def __add__(self, other: "Pictures") -> "Pictures":
        """These, then the others."""
        origin = self.origin if other.origin == self.origin else f"{self.origin}, {other.origin}"
        first = len(self)
        return Pictures(
            origin,
            [*self.keys, *other.keys],
            lambda i: self.read(i) if i < first else other.read(i - first),
            lambda i: self.encoded(i) if i < first else other.encoded(i - first),
            lambda i: self.fingerprint(i) if i < first else other.fingerprint(i - first),
        )


@dataclass(frozen=True, eq=False)
class Examples:
    """Pictures with a class each, below ``classes``; an error names the first label that is not.

    Labels may be given as any row of integers.
    """

    pictures: Pictures
    labels: Int64[np.ndarray, " n"]
    classes: int

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.ndim != 1 or (labels.dtype.kind not in "iu" and len(labels)):
            raise MetapriorError(
                f"the labels of {self.pictures.origin} are {labels.shape}, {labels.dtype}; they are a row of integers"
            )
        object.__setattr__(self, "labels", labels.astype(np.int64, copy=False))
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
