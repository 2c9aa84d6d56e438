"""What features a Fréchet distance is taken on: pixels, a random convolutional net, or any model that encodes."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d

from metaprior.core import Encodes, MetapriorError, generator, require
from metaprior.judge.features import Gathers, Progress, features
from metaprior.training.run import checksum


@dataclass(frozen=True, eq=False)
class Extractor:
    """Features of images by a model, with a name and a hash that tell them from all others."""

    name: str
    hash: str
    """8 hexadecimal digits that depend on the weights and on what is done to images before."""
    model: Encodes

    @property
    def distance(self) -> str:
        """What a Fréchet distance on these features is called; FID is the name of one published network's alone.

        >>> pixels().distance
        'FD[pixels-3bf97439]'
        """
        return f"FD[{self.name}-{self.hash}]"

    def features(
        self,
        images: Tensor | Gathers,
        indices: Tensor | None = None,
        batch: int = 512,
        progress: Progress | None = None,
    ) -> Float[np.ndarray, "n d"]:
        """Features N×D of images N×C×H×W in [0, 1], or of those of a source, as :func:`metaprior.judge.features`.

        >>> pixels().features(torch.zeros(2, 1, 8, 8)).shape, random_conv().features(torch.zeros(2, 1, 8, 8)).shape
        ((2, 64), (2, 448))
        """
        return features(self.model, images, indices, batch, progress)


class Pixels:
    """Images as they are, in rows."""

    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b chw"]:
        return images.flatten(1)


class RandomConv(nn.Module):
    """Four 3×3 convolutions with random weights: the mean of each map in four quarters, after each of them.

    Images of 8 px and more, grey or in colour, of whose grey ones three equal channels are made. Each convolution is
    followed by a rectifier, and by a halving as long as sides are 4 or longer. Means keep where in the picture
    something is, roughly. Weights are drawn by a CPU generator of a fixed seed, so that they are the same everywhere.
    """

    WIDTHS = (16, 32, 32, 32)
    LEAST = 8
    """Pixels of the shorter side."""

    def __init__(self) -> None:
        super().__init__()
        source = generator(0, "random-conv")
        for i, (fan, width) in enumerate(zip((3, *self.WIDTHS), self.WIDTHS, strict=False)):
            scale = (2 / (9 * fan)) ** 0.5  # keeps the size of what a rectifier lets through (He et al. 2015)
            self.register_buffer(f"weight_{i}", scale * torch.randn(width, fan, 3, 3, generator=source))
            self.register_buffer(f"bias_{i}", 0.1 * torch.randn(width, generator=source))

    def encode(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        channels, height, width = images.shape[1:]
        if channels not in (1, 3) or min(height, width) < self.LEAST:
            raise MetapriorError(
                f"random-conv takes images of 1 or 3 channels and {self.LEAST} px or more, not "
                f"{channels} x {height} x {width}; take the extractor pixels, or run:FOLDER"
            )
        maps, found = 2 * images.expand(-1, 3, -1, -1) - 1, []
        for i in range(len(self.WIDTHS)):
            weight, bias = self.get_buffer(f"weight_{i}"), self.get_buffer(f"bias_{i}")
            maps = conv2d(maps, weight, bias, padding=1).relu()
            found.append(adaptive_avg_pool2d(maps, 2).flatten(1))
            maps = avg_pool2d(maps, 2) if min(maps.shape[2:]) >= 4 else maps
        return torch.cat(found, dim=1)


def pixels() -> Extractor:
    """Flattened images."""
    return Extractor("pixels", _digits("flattened"), Pixels())


def random_conv() -> Extractor:
    """448 features of an untrained net: they see shapes and textures, and know nothing of what images show."""
    model = RandomConv()
    return Extractor("random-conv", _digits("3 channels in [-1, 1], means of quarters", model.state_dict()), model)


def encoder(model: Encodes, name: str) -> Extractor:
    """A model's own codes as features, told apart by its weights."""
    require(model, Encodes, "taking features")
    weights = model.state_dict() if isinstance(model, nn.Module) else {}
    return Extractor(name, _digits("codes", weights), model)


EXTRACTORS: dict[str, Callable[[], Extractor]] = {"pixels": pixels, "random-conv": random_conv}
"""Extractors that need nothing but this library."""


def _digits(preprocessing: str, weights: Mapping[str, Tensor] | None = None) -> str:
    told = f"{preprocessing} {checksum({name: value.cpu() for name, value in (weights or {}).items()})}"
    return hashlib.blake2b(told.encode(), digest_size=4).hexdigest()
