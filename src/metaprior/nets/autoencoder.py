"""Encoders and decoders of the autoencoders: the few-labels study's networks, and smaller relatives for other sizes.

Each builder is given the shape of what is encoded, the number of codes, and what is beside them: ``heads`` are the
encoder's outputs by name with their sizes (by default ``mean`` and ``logvar``, one each a code), ``seen`` is how many
more channels or values the encoder sees, ``told`` how many more values the decoder is told than there are codes.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from metaprior.nets.convolution import ConvTranspose2d
from metaprior.nets.initialise import glorot_uniform


class Posterior(NamedTuple):
    """A diagonal normal for each example: mean and log-variance, both B×Z."""

    mean: Float[Tensor, "b z"]
    logvar: Float[Tensor, "b z"]


class Encoder(nn.Module):
    """A trunk and linear heads: B examples → a tensor B×K of each head, in their order; nothing is clamped."""

    def __init__(self, trunk: nn.Module, features: int, heads: Mapping[str, int]) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = tuple(heads)
        for name, size in heads.items():
            self.add_module(name, nn.Linear(features, size))

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        features = self.trunk(inputs)
        return tuple(self.get_submodule(name)(features) for name in self.heads)


class AutoencoderNets(nn.Module):
    """Any two modules that fit together: an encoder of inputs to heads, a decoder of codes to outputs.

    The encoder gives a tuple of tensors, B×Z each: (mean,) for a deterministic code, (mean, log-variance) for a normal
    posterior, further ones where a method says so. What the decoder's outputs are is the likelihood's matter: logits of
    pixel intensities, or means.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent_dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = latent_dim


def normal_heads(latent_dim: int) -> dict[str, int]:
    """The heads of a normal posterior."""
    return {"mean": latent_dim, "logvar": latent_dim}


def study_nets(
    shape: tuple[int, ...],
    latent_dim: int = 10,
    heads: Mapping[str, int] | None = None,
    seen: int = 0,
    told: int = 0,
) -> AutoencoderNets:
    """The conv networks of the few-labels study, 64×64 images with 1 or 3 channels.

    Source: Locatello et al. 2020 by way of disentanglement_lib's shared/architectures.py. The third and fourth
    convolution are 2×2.

    >>> nets = study_nets((1, 64, 64))
    >>> [sum(p.numel() for p in net.parameters()) for net in (nets.encoder, nets.decoder)]
    [309204, 381313]
    """
    channels = shape[0]
    trunk = nn.Sequential(
        *(nn.Conv2d(channels + seen, 32, 4, 2, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 32, 4, 2, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 64, 2, 2), nn.ReLU()),
        *(nn.Conv2d(64, 64, 2, 2), nn.ReLU()),
        nn.Flatten(),
        *(nn.Linear(1024, 256), nn.ReLU()),
    )
    decoder = nn.Sequential(
        *(nn.Linear(latent_dim + told, 256), nn.ReLU()),
        *(nn.Linear(256, 1024), nn.ReLU()),
        nn.Unflatten(1, (64, 4, 4)),
        *(ConvTranspose2d(64, 64, 4, 2, padding=1), nn.ReLU()),
        *(ConvTranspose2d(64, 32, 4, 2, padding=1), nn.ReLU()),
        *(ConvTranspose2d(32, 32, 4, 2, padding=1), nn.ReLU()),
        ConvTranspose2d(32, channels, 4, 2, padding=1),
    )
    return _initialised(trunk, 256, heads, decoder, latent_dim)


def small_nets(
    shape: tuple[int, ...],
    latent_dim: int = 10,
    heads: Mapping[str, int] | None = None,
    seen: int = 0,
    told: int = 0,
    width: int = 32,
) -> AutoencoderNets:
    """4×4 stride-2 convolutions down to 4×4 cells and back: for square images of 8, 16, 32, 64… pixels.

    >>> import torch
    >>> nets = small_nets((1, 16, 16), latent_dim=6)
    >>> mean, logvar = nets.encoder(torch.zeros(2, 1, 16, 16))
    >>> nets.decoder(mean).shape
    torch.Size([2, 1, 16, 16])
    """
    channels, size, _ = shape
    halvings = size.bit_length() - 3
    sizes = [channels] + [width * min(2**i, 2) for i in range(halvings)]
    down = [
        m for i, o in pairwise([channels + seen, *sizes[1:]]) for m in (nn.Conv2d(i, o, 4, 2, padding=1), nn.ReLU())
    ]
    up = [m for i, o in pairwise(sizes[::-1]) for m in (ConvTranspose2d(i, o, 4, 2, padding=1), nn.ReLU())]
    cells = sizes[-1] * 16
    trunk = nn.Sequential(*down, nn.Flatten(), nn.Linear(cells, 128), nn.ReLU())
    decoder = nn.Sequential(
        *(nn.Linear(latent_dim + told, 128), nn.ReLU()),
        *(nn.Linear(128, cells), nn.ReLU()),
        nn.Unflatten(1, (sizes[-1], 4, 4)),
        *up[:-1],
    )
    return _initialised(trunk, 128, heads, decoder, latent_dim)


def mlp_nets(
    shape: tuple[int, ...],
    latent_dim: int = 10,
    heads: Mapping[str, int] | None = None,
    seen: int = 0,
    told: int = 0,
    hidden: int = 1200,
) -> AutoencoderNets:
    """The study library's fully connected alternative: encoder 2×1200 ReLU, decoder 3×1200 tanh; any shape.

    Source: disentanglement_lib, shared/architectures.py (not used in the studies).

    >>> import torch
    >>> mlp_nets((5,), latent_dim=2, told=3, hidden=16).decoder(torch.zeros(4, 2 + 3)).shape
    torch.Size([4, 5])
    """
    trunk = nn.Sequential(
        *(nn.Flatten(), nn.Linear(_seen_values(shape, seen), hidden), nn.ReLU()),
        *(nn.Linear(hidden, hidden), nn.ReLU()),
    )
    widths = [latent_dim + told] + [hidden] * 3
    layers = [m for i, o in pairwise(widths) for m in (nn.Linear(i, o), nn.Tanh())]
    decoder = nn.Sequential(*layers, nn.Linear(hidden, math.prod(shape)), nn.Unflatten(1, shape))
    return _initialised(trunk, hidden, heads, decoder, latent_dim)


def linear_nets(
    shape: tuple[int, ...],
    latent_dim: int = 10,
    heads: Mapping[str, int] | None = None,
    seen: int = 0,
    told: int = 0,
) -> AutoencoderNets:
    """One linear layer each way, any shape: with a normal likelihood, probabilistic PCA (Tipping & Bishop 1999)."""
    values = _seen_values(shape, seen)
    decoder = nn.Sequential(nn.Linear(latent_dim + told, math.prod(shape)), nn.Unflatten(1, shape))
    return _initialised(nn.Flatten(), values, heads, decoder, latent_dim)


def _seen_values(shape: tuple[int, ...], seen: int) -> int:
    channels, *rest = shape
    return (channels + seen) * math.prod(rest)


def _initialised(
    trunk: nn.Module, features: int, heads: Mapping[str, int] | None, decoder: nn.Module, latent_dim: int
) -> AutoencoderNets:
    encoder = Encoder(trunk, features, normal_heads(latent_dim) if heads is None else heads)
    nets = AutoencoderNets(encoder, decoder, latent_dim)
    glorot_uniform(nets)
    return nets
