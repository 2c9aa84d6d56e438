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
    """Factor vectors, hidden digits after the factors → pictures: computed, or looked up."""

    def __call__(self, factors: Int64[Tensor, "n f"]) -> UInt8[Tensor, "n c h w"]: ...

    def to(self, device: torch.device | str) -> "Renderer": ...


@dataclass(frozen=True)
class Held:
    """The renderer of a world whose images are all at hand, row i being the picture of index i."""

    images: UInt8[Tensor, "n c h w"]
    sizes: tuple[int, ...]

    def __call__(self, factors: Int64[Tensor, "n f"]) -> UInt8[Tensor, "n c h w"]:
        """The rows of these factor vectors."""
        return self.images[index_of(factors, self.sizes).to(self.images.device)]

    def to(self, device: torch.device | str) -> "Held":
        """The same images on ``device``."""
        return Held(self.images.to(device), self.sizes)


@dataclass(frozen=True, eq=False)
class World:
    """All combinations of factors, in mixed-radix order with the last factor fastest. It is a ``core.Source``.

    ``hidden_sizes`` count nuisances that decide the picture but are not among the factors: the instance of SmallNORB,
    the colour of Color-dSprites. They are the last, fastest digits of an index, so that uniform indices draw them at
    random while a picture stays a function of its index.

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
    hidden_sizes: tuple[int, ...] = ()
    """How many values each nuisance has that is not among the factors."""

    def __repr__(self) -> str:
        factors = ", ".join(f"{name} {size}" for name, size in zip(self.factor_names, self.factor_sizes, strict=True))
        hidden = f"; hidden {'×'.join(map(str, self.hidden_sizes))}" if self.hidden_sizes else ""
        shape = "×".join(map(str, self.image_shape))
        return f"<World '{self.name}': {len(self)} images {shape}; {factors}{hidden}>"

    def __len__(self) -> int:
        return math.prod(self.sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The radix of an index: the sizes of the factors, then of what is hidden."""
        return self.factor_sizes + self.hidden_sizes

    def factors_of(self, indices: Tensor) -> Tensor:
        """Indices int64 of any shape → factor vectors of that shape, and one axis F; hidden digits are dropped."""
        return factors_of(indices, self.sizes)[..., : len(self.factor_sizes)]

    def index_of(self, factors: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Factor vectors, int64 …×F, and hidden digits …×H (by default 0) → indices; :meth:`factors_of` undoes it."""
        return index_of(self._digits(factors, hidden), self.sizes)

    def render(
        self, factors: Int64[Tensor, "n f"], hidden: Int64[Tensor, "n h"] | None = None
    ) -> UInt8[Tensor, "n c h w"]:
        """The pictures of these factor vectors and hidden digits (by default 0), 0 to 255."""
        for digits, sizes, what in ((factors, self.factor_sizes, "factor"), (hidden, self.hidden_sizes, "hidden")):
            if digits is not None and (len(digits) != len(factors) or not _below(digits, sizes)):
                raise MetapriorError(
                    f"world '{self.name}' renders n×{len(sizes)} {what} indices below {sizes}; "
                    f"got a tensor of shape {tuple(digits.shape)} with values outside them"
                )
        return self.renderer(self._digits(factors, hidden))

    def gather(self, indices: Tensor) -> Batch:
        """Images, float32 in [0, 1], and factors of the combinations at ``indices``, int64 of any shape."""
        digits = factors_of(indices, self.sizes)
        images = self.renderer(digits.reshape(-1, len(self.sizes))).float() / 255
        images = images.reshape(*indices.shape, *self.image_shape)
        return Batch({"images": images, "factors": digits[..., : len(self.factor_sizes)].to(images.device)})

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
            images[indices[0] : indices[-1] + 1] = self.renderer(factors_of(indices, self.sizes))
        return self.with_renderer(Held(images, self.sizes))

    def with_renderer(self, renderer: Renderer) -> "World":
        """The same world with its pictures from elsewhere."""
        return dataclasses.replace(self, renderer=renderer)

    def to(self, device: torch.device | str) -> "World":
        """The same world, its images or what it renders from on ``device``; batches come from there."""
        return self.with_renderer(self.renderer.to(device))

    @property
    def spec(self) -> DataSpec:
        """What a recipe must know to build its nets."""
        return DataSpec(image_shape=self.image_shape, factor_sizes=self.factor_sizes, factor_names=self.factor_names)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on all sizes and on 256 pictures spread over the world."""
        spread = torch.arange(256) * (len(self) - 1) // 255
        images = self.renderer(factors_of(spread, self.sizes)).cpu()
        shapes = f"{self.factor_names}{self.factor_sizes}{self.image_shape}{self.hidden_sizes or ''}"
        content = hashlib.blake2b(shapes.encode(), digest_size=8)
        content.update(images.contiguous().numpy().data)
        return content.hexdigest()

    def _digits(self, factors: Tensor, hidden: Tensor | None) -> Tensor:
        if not self.hidden_sizes:
            return factors
        if hidden is None:
            hidden = factors.new_zeros(*factors.shape[:-1], len(self.hidden_sizes))
        return torch.cat([factors, hidden.to(factors.device)], dim=-1)


def _below(digits: Tensor, sizes: tuple[int, ...]) -> bool:
    """Whether these are rows of digits of the radix ``sizes``."""
    if digits.ndim != 2 or digits.shape[1] != len(sizes):
        return False
    return bool(((digits >= 0) & (digits < torch.tensor(sizes, device=digits.device))).all())


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
