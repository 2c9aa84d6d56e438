"""Encoders of any origin, as the benchmark sees them: a net, the point that features come from, what it is shown."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metaprior.core import Encodes, MetapriorError, require
from metaprior.data.vtab.presets import LEVELS, Preset
from metaprior.judge.features import evaluating
from metaprior.training.run import checksum


@dataclass(frozen=True, eq=False)
class Encoder:
    """A net of images B×C×S×S, levels already as it wants them, to features B×D.

    ``feature`` says where features come from. ``mean`` and ``deviation`` are the encoder's own levels, a number a
    channel: it wants (image - mean) / deviation of images in [0, 1]. ``size`` is the side of its own images.
    """

    name: str
    net: nn.Module
    feature: str
    size: int
    channels: int = 3
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    deviation: tuple[float, ...] = (1.0, 1.0, 1.0)
    known: bool = True
    """Whether weights say all: features of a plain function are not kept, since nothing tells when it has changed."""

    def __post_init__(self) -> None:
        if self.channels not in (1, 3) or not len(self.mean) == len(self.deviation) == self.channels:
            raise MetapriorError(
                f"an encoder sees 1 or 3 channels, with a mean and a deviation each, not {self.channels} channels, "
                f"{len(self.mean)} means and {len(self.deviation)} deviations"
            )
        if not isinstance(self.size, int) or self.size < 1:
            raise MetapriorError(f"the side of an encoder's images must be at least 1, not {self.size}")
        if any(value.is_meta for value in _tensors(self.net).values()):
            raise MetapriorError(f"{self.name} has no weights: they are on the device meta; load them first")
        if min(self.deviation) <= 0:
            raise MetapriorError(f"the deviations of the channels must be positive; they are {self.deviation}")

    @property
    def hash(self) -> str:
        """12 hexadecimal digits that depend on the name, and on the net's weights, parts, feature point and levels.

        Parts are told by their printed form: by weights alone a mean over places is not told from their maximum. What
        a module of your own does besides is told by its name alone. It is computed anew each time: nets may be trained.
        """
        weights = {name: value.detach().cpu() for name, value in _tensors(self.net).items()}
        made_of = re.sub(r" at 0x[0-9a-f]+", "", repr(self.net))
        told = f"{self.name} {made_of} {self.feature} {self.mean} {self.deviation} {checksum(weights)}"
        return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()

    def side(self, preset: Preset) -> int:
        """The side of the pictures that this encoder is shown under a preset."""
        return preset.size or self.size

    def under(self, preset: Preset) -> "Shown":
        """The net behind the preset's levels, of images in [0, 1]."""
        return Shown(self.net, *self.levels(preset))

    def levels(self, preset: Preset) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and deviation a channel that it is shown under a preset; for grey the means of the colours'."""
        if preset.levels == "encoder":
            return self.mean, self.deviation
        mean, deviation = LEVELS[preset.levels]
        return (mean, deviation) if self.channels == 3 else ((sum(mean) / 3,), (sum(deviation) / 3,))

    @torch.inference_mode()
    def width(self, preset: Preset) -> int:
        """How many features there are; an error where the net gives none of pictures of the preset's size."""
        side = self.side(preset)
        with evaluating(self.net) as device:
            images = torch.full((2, self.channels, side, side), 0.5, device=device)
            try:
                found = self.under(preset).to(device).encode(images)
            except Exception as fault:  # whatever anybody's net may raise
                said = (str(fault).splitlines() or [type(fault).__name__])[0]
                other = f"; the preset native makes {self.size}" if self.size != side else ""
                raise MetapriorError(
                    f"{self.name} cannot be shown the pictures of {side} px that the preset {preset.name} makes "
                    f"({said}){other}"
                ) from fault
        if not isinstance(found, Tensor):
            raise MetapriorError(
                f"{self.name} must give a tensor, a row of features an image, and gave {type(found).__name__}; wrap it "
                "in a module that picks its features"
            )
        if found.ndim != 2 or len(found) != 2 or not found.shape[1]:
            raise MetapriorError(
                f"{self.name} must give a row of features an image, and of 2 images gave the shape "
                f"{tuple(found.shape)}; flatten it or take its mean first"
            )
        if found.is_complex():
            raise MetapriorError(f"{self.name} must give real features, and gave complex numbers")
        return found.shape[1]


def _tensors(net: nn.Module) -> dict[str, Tensor]:
    """All that a net holds, also what it does not save."""
    return {**dict(net.named_parameters()), **dict(net.named_buffers())}


class Shown(nn.Module):
    """A net behind its levels: images B×C×S×S in [0, 1] to features B×D."""

    def __init__(self, net: nn.Module, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """Features of images in [0, 1]."""
        return self.net((images - self.get_buffer("mean")) / self.get_buffer("deviation"))

    def encode(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """The capability that judges ask for."""
        return self(images)


class Encoding(nn.Module):
    """A model that encodes, as a net whose forward pass is that."""

    def __init__(self, model: Encodes) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """The model's codes."""
        return self.model.encode(images)


class Called(nn.Module):
    """Any function of images as a net without weights."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """What the function gives."""
        return self.function(images)


def of_model(model: Encodes, name: str) -> Encoder:
    """A model of this library: its mean codes of images of the size and channels that it was trained on."""
    require(model, Encodes, "the visual task adaptation benchmark")
    shape = ((getattr(model, "config", None) or {}).get("data_spec") or {}).get("image_shape")
    if not shape:
        raise MetapriorError(f"{name} was not trained on images, so it cannot be shown any")
    channels, height, width = shape
    if height != width or channels not in (1, 3):
        raise MetapriorError(
            f"{name} was trained on images of {channels} x {height} x {width}; the benchmark shows squares of 1 or 3 "
            "channels"
        )
    return Encoder(name, Encoding(model), "mean code", height, channels, (0.0,) * channels, (1.0,) * channels)


def of_callable(
    function: Callable[[Tensor], Tensor],
    name: str,
    *,
    size: int = 224,
    channels: int = 3,
    mean: Sequence[float] | None = None,
    deviation: Sequence[float] | None = None,
    feature: str = "output",
) -> Encoder:
    """Any module or function of images B×C×S×S to features B×D; by default it is shown images in [0, 1].

    >>> encoder = of_callable(lambda images: images.mean(dim=(2, 3)), "mean colour", size=8)
    >>> from metaprior.data.vtab.presets import PRESETS
    >>> encoder.width(PRESETS["native"])
    3
    """
    module = isinstance(function, nn.Module)
    net = function if isinstance(function, nn.Module) else Called(function)
    means, deviations = tuple(mean or (0.0,) * channels), tuple(deviation or (1.0,) * channels)
    return Encoder(name, net, feature, size, channels, means, deviations, known=module)
