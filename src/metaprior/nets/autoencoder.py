"""Encoders and decoders of the autoencoders: the few-labels study's networks, and smaller relatives for other sizes."""

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
    """A trunk and two linear heads: images B×C×H×W in [0, 1] → :class:`Posterior`; the log-variance is not clamped."""

    def __init__(self, trunk: nn.Module, features: int, latent_dim: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.mean = nn.Linear(features, latent_dim)
        self.logvar = nn.Linear(features, latent_dim)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Posterior:
        features = self.trunk(images)
        return Posterior(self.mean(features), self.logvar(features))


class AutoencoderNets(nn.Module):
    """An encoder and a decoder that fit together; the decoder gives logits of pixel intensities."""

    def __init__(self, encoder: Encoder, decoder: nn.Module, latent_dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = latent_dim
        glorot_uniform(self)


def study_nets(image_shape: tuple[int, int, int], latent_dim: int = 10) -> AutoencoderNets:
    """The conv networks of the few-labels study, 64×64 images with 1 or 3 channels.

    Source: Locatello et al. 2020 by way of disentanglement_lib's shared/architectures.py. The third and fourth
    convolution are 2×2.

    >>> nets = study_nets((1, 64, 64))
    >>> [sum(p.numel() for p in net.parameters()) for net in (nets.encoder, nets.decoder)]
    [309204, 381313]
    """
    channels = image_shape[0]
    encoder = nn.Sequential(
        *(nn.Conv2d(channels, 32, 4, 2, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 32, 4, 2, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 64, 2, 2), nn.ReLU()),
        *(nn.Conv2d(64, 64, 2, 2), nn.ReLU()),
        nn.Flatten(),
        *(nn.Linear(1024, 256), nn.ReLU()),
    )
    decoder = nn.Sequential(
        *(nn.Linear(latent_dim, 256), nn.ReLU()),
        *(nn.Linear(256, 1024), nn.ReLU()),
        nn.Unflatten(1, (64, 4, 4)),
        *(ConvTranspose2d(64, 64, 4, 2, padding=1), nn.ReLU()),
        *(ConvTranspose2d(64, 32, 4, 2, padding=1), nn.ReLU()),
        *(ConvTranspose2d(32, 32, 4, 2, padding=1), nn.ReLU()),
        ConvTranspose2d(32, channels, 4, 2, padding=1),
    )
    return AutoencoderNets(Encoder(encoder, 256, latent_dim), decoder, latent_dim)


def small_nets(image_shape: tuple[int, int, int], latent_dim: int = 10, width: int = 32) -> AutoencoderNets:
    """4×4 stride-2 convolutions down to 4×4 cells and back: for square images of 8, 16, 32, 64… pixels.

    >>> import torch
    >>> nets = small_nets((1, 16, 16), latent_dim=6)
    >>> nets.decoder(nets.encoder(torch.zeros(2, 1, 16, 16)).mean).shape
    torch.Size([2, 1, 16, 16])
    """
    channels, size, _ = image_shape
    halvings = size.bit_length() - 3
    sizes = [channels] + [width * min(2**i, 2) for i in range(halvings)]
    down = [m for i, o in pairwise(sizes) for m in (nn.Conv2d(i, o, 4, 2, padding=1), nn.ReLU())]
    up = [m for i, o in pairwise(sizes[::-1]) for m in (ConvTranspose2d(i, o, 4, 2, padding=1), nn.ReLU())]
    cells = sizes[-1] * 16
    encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(cells, 128), nn.ReLU())
    decoder = nn.Sequential(
        *(nn.Linear(latent_dim, 128), nn.ReLU()),
        *(nn.Linear(128, cells), nn.ReLU()),
        nn.Unflatten(1, (sizes[-1], 4, 4)),
        *up[:-1],
    )
    return AutoencoderNets(Encoder(encoder, 128, latent_dim), decoder, latent_dim)


def mlp_nets(image_shape: tuple[int, int, int], latent_dim: int = 10, hidden: int = 1200) -> AutoencoderNets:
    """The study library's fully connected alternative: encoder 2×1200 ReLU, decoder 3×1200 tanh; any image shape.

    Source: disentanglement_lib, shared/architectures.py (not used in the studies).
    """
    pixels = image_shape[0] * image_shape[1] * image_shape[2]
    encoder = nn.Sequential(
        nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
    )  # fmt: skip
    widths = [latent_dim] + [hidden] * 3
    layers = [m for i, o in pairwise(widths) for m in (nn.Linear(i, o), nn.Tanh())]
    decoder = nn.Sequential(*layers, nn.Linear(hidden, pixels), nn.Unflatten(1, image_shape))
    return AutoencoderNets(Encoder(encoder, hidden, latent_dim), decoder, latent_dim)
