"""A world: every combination of its factors of variation is an image that can be had on demand."""

import dataclasses
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.core import Batch, DataSpec, MetapriorError


@runtime_checkable
class Renderer(Protocol):
    """Factor vectors → pictures: computed, or looked up."""

    def __call__(self, factors: Int64[Tensor, "n f"]) -> UInt8[Tensor, "n c h w"]: ...

    def to(self, device: torch.device | str) -> "Renderer": ...


@dataclass(frozen=True)
class Held:
    """The renderer of a world whose images are all at hand, row i being the picture of index i."""

    images: UInt8[Tensor, "n c h w"]
    factor_sizes: tuple[int, ...]

    def __call__(self, factors: Int64[Tensor, "n f"]) -> UInt8[Tensor, "n c h w"]:
        """The rows of these factor vectors."""
        return self.images[index_of(factors, self.factor_sizes).to(self.images.device)]

    def to(self, device: torch.device | str) -> "Held":
        """The same images on ``device``."""
        return Held(self.images.to(device), self.factor_sizes)


@dataclass(frozen=True, eq=False)
class World:
    """All combinations of factors, in mixed-radix order with the last factor fastest. It is a ``core.Source``.

    >>> from metaprior.data import load
    >>> world = load("dsprites:size=16,orientation=4")
    >>> world.factor_names
    ('shape', 'scale', 'orientation', 'position_x', 'position_y')
    >>> len(world), world.gather(torch.tensor([0, 5])).images.shape
    (73728, torch.Size([2, 1, 16, 16]))
    >>> world
    <World 'dsprites': 73728 images 1×16×16; shape 3, scale 6, orientation 4, position_x 32, position_y 32>
    """

    name: str
    factor_names: tuple[str, ...]
    factor_sizes: tuple[int, ...]
    image_shape: tuple[int, int, int]
    renderer: Renderer
    caveat: str = ""
    factor_values: tuple[tuple[str, ...], ...] = ()
    """What each factor's indices stand for, where that is known."""

    def __repr__(self) -> str:
        factors = ", ".join(f"{name} {size}" for name, size in zip(self.factor_names, self.factor_sizes, strict=True))
        shape = "×".join(map(str, self.image_shape))
        return f"<World '{self.name}': {len(self)} images {shape}; {factors}>"

    def __len__(self) -> int:
        return math.prod(self.factor_sizes)

    def factors_of(self, indices: Tensor) -> Tensor:
        """Indices int64 of any shape → factor vectors of that shape, and one axis F."""
        return factors_of(indices, self.factor_sizes)

    def index_of(self, factors: Tensor) -> Tensor:
        """Factor vectors, int64 …×F → their indices; the inverse of :meth:`factors_of`."""
        return index_of(factors, self.factor_sizes)

    def render(self, factors: Int64[Tensor, "n f"]) -> UInt8[Tensor, "n c h w"]:
        """The pictures of these factor vectors, 0 to 255."""
        sizes = torch.tensor(self.factor_sizes, device=factors.device)
        if factors.ndim != 2 or factors.shape[1] != len(sizes) or bool(((factors < 0) | (factors >= sizes)).any()):
            raise MetapriorError(
                f"world '{self.name}' renders n×{len(sizes)} factor indices below {self.factor_sizes}; "
                f"got a tensor of shape {tuple(factors.shape)} with values outside them"
            )
        return self.renderer(factors)

    def gather(self, indices: Tensor) -> Batch:
        """Images, float32 in [0, 1], and factors of the combinations at ``indices``, int64 of any shape."""
        factors = self.factors_of(indices)
        images = self.renderer(factors.reshape(-1, len(self.factor_sizes))).float() / 255
        images = images.reshape(*indices.shape, *self.image_shape)
        return Batch({"images": images, "factors": factors.to(images.device)})

    def sample_factors(self, count: int, generator: torch.Generator) -> Int64[Tensor, "count f"]:
        """Factor vectors drawn independently and uniformly, with replacement."""
        drawn = torch.randint(len(self), (count,), generator=generator, device=generator.device)
        return self.factors_of(drawn)

    def cached(self) -> "World":
        """The same world with all its images held in memory as uint8."""
        if isinstance(self.renderer, Held):
            return self
        images = torch.empty(len(self), *self.image_shape, dtype=torch.uint8)
        for indices in chunks(len(self)):
            images[indices[0] : indices[-1] + 1] = self.renderer(self.factors_of(indices))
        return self.with_renderer(Held(images, self.factor_sizes))

    def with_renderer(self, renderer: Renderer) -> "World":
        """The same world with its pictures from elsewhere."""
        return dataclasses.replace(self, renderer=renderer)

    def to(self, device: torch.device | str) -> "World":
        """The same world, its images or what it renders from on ``device``; batches come from there."""
        return self.with_renderer(self.renderer.to(device))

    @property
    def spec(self) -> DataSpec:
        """What a recipe must know to build its nets."""
        return DataSpec(image_shape=self.image_shape, factor_sizes=self.factor_sizes)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on the factor sizes and on 256 pictures spread over the world."""
        spread = torch.arange(256) * (len(self) - 1) // 255
        images = self.renderer(self.factors_of(spread)).cpu()
        content = hashlib.blake2b(f"{self.factor_names}{self.factor_sizes}{self.image_shape}".encode(), digest_size=8)
        content.update(images.contiguous().numpy().data)
        return content.hexdigest()


def chunks(length: int, size: int = 1024) -> Iterator[Int64[Tensor, " m"]]:
    """The indices below ``length`` in runs of at most ``size``."""
    return iter(torch.arange(length).split(size))


def factors_of(indices: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The digits of ``indices`` in the mixed radix ``sizes``, the last one fastest.

    >>> factors_of(torch.tensor([0, 1, 2, 5]), (3, 2)).tolist()
    [[0, 0], [0, 1], [1, 0], [2, 1]]
    """
    digits = []
    for size in reversed(sizes[1:]):
        digits.append(indices % size)
        indices = indices // size
    return torch.stack([indices, *digits[::-1]], dim=-1)  # the first digit of an index out of range is out of range


def index_of(factors: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The number whose mixed-radix digits are ``factors``.

    >>> index_of(torch.tensor([2, 1]), (3, 2)).item()
    5
    """
    index = torch.zeros_like(factors[..., 0])
    for place, size in enumerate(sizes):
        index = index * size + factors[..., place]
    return index
