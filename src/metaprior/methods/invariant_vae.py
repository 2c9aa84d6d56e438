"""A conditional VAE whose codes are kept independent of the attribute that its nets are told."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from metaprior.core import Batch, Scalar, Step, Term
from metaprior.methods.attributes import Attribute
from metaprior.methods.cvae import CVAE
from metaprior.nets import AutoencoderNets
from metaprior.objectives import (
    discrepancy_of_means,
    fourier_features,
    hsic,
    mmd_of_groups,
    normal_width,
    rbf,
    squared_distances,
)


class InvariantVAE(CVAE):
    """The CVAE + strength * D(z, s): ``dependence`` says how much codes B×Z tell of s, given as indicators B×K.

    Since the decoder is told s, codes need not hold it.
    """

    def __init__(
        self, nets: AutoencoderNets, attribute: Attribute, dependence: nn.Module, strength: Scalar, **options: Any
    ) -> None:
        super().__init__(nets, attribute, **options)
        self.dependence = dependence
        self.hyper["strength"] = strength

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        posterior, codes = self.infer(batch, step)
        terms = self.reconstruction(batch, codes) | self.regularisers(posterior, codes, step)
        return terms | self.kept_apart(codes, batch, step) | self.supervised(batches, step)

    def kept_apart(self, codes: Tensor, batch: Batch, step: Step) -> dict[str, Term]:
        """How much the codes of the whole batch tell of the attribute."""
        dependence = self.dependence(step.gather(codes), step.gather(self.attribute.one_hot(batch)))
        return {"dependence": Term(dependence, step.hyper["strength"])}


class HSICOfGroups(nn.Module):
    """HSIC of codes, by a Gaussian kernel, and of their groups, by one that is 1 within a group and 0 elsewhere.

    The Gaussian is as wide as two draws of the prior lie apart, as in the published code of HSIC-VAE.
    """

    def forward(self, codes: Tensor, groups: Tensor) -> Tensor:
        likeness = rbf(squared_distances(codes, codes), normal_width(codes.shape[1]))
        return hsic(likeness, (groups[:, None] * groups).sum(dim=2))


class MMDOfGroups(nn.Module):
    """The discrepancy of each group's codes from all others', by a Gaussian kernel of that width; unbiased."""

    def forward(self, codes: Tensor, groups: Tensor) -> Tensor:
        return mmd_of_groups(rbf(squared_distances(codes, codes), normal_width(codes.shape[1])), groups)


class FourierMMDOfGroups(nn.Module):
    """The same by random Fourier features, drawn once; it grows with the batch alone, not with its square."""

    frequencies: Tensor
    phases: Tensor

    def __init__(self, latent_dim: int, features: int = 500) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(latent_dim, features))
        self.register_buffer("phases", torch.rand(features))

    def forward(self, codes: Tensor, groups: Tensor) -> Tensor:
        width = normal_width(codes.shape[1])
        return discrepancy_of_means(fourier_features(codes, self.frequencies, self.phases, width), groups)
