"""The usual prior of the codes, N(0, 1) each."""

import torch
from torch import Tensor

from metaprior.core import generator
from metaprior.nets import AutoencoderNets


def prior_codes(nets: AutoencoderNets, count: int, seed: int) -> Tensor:
    """Draws from the prior, count×Z, where the decoder is and in its precision; the same seed gives the same ones."""
    codes = torch.randn(count, nets.latent_dim, generator=generator(seed, "sample"))
    return codes.to(next(nets.decoder.parameters()))
