"""Posteriors of two images that share some factors: which codes they share, and what they share there."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from metaprior.objectives.posterior import kl_between_normals


def adaptively_shared(mean: Float[Tensor, "b 2 z"], logvar: Float[Tensor, "b 2 z"]) -> Bool[Tensor, "b z"]:
    """Codes whose posteriors are near each other: up to the middle between the least and the greatest KL of the pair.

    Source: Locatello et al. 2020, "Weakly-Supervised Disentanglement Without Compromises", section 4; as in
    disentanglement_lib the divergence is that of the first posterior from the second.

    >>> mean = torch.tensor([[[0.0, 0.0, 0.0], [0.1, 3.0, 0.2]]])
    >>> adaptively_shared(mean, torch.zeros(1, 2, 3)).tolist()
    [[True, False, True]]
    """
    distance = kl_between_normals(mean[:, 0], logvar[:, 0], mean[:, 1], logvar[:, 1])
    least, greatest = distance.amin(dim=1, keepdim=True), distance.amax(dim=1, keepdim=True)
    return distance <= (least + greatest) / 2


def average_of_posteriors(
    mean: Float[Tensor, "b 2 z"], logvar: Float[Tensor, "b 2 z"]
) -> tuple[Float[Tensor, "b 1 z"], Float[Tensor, "b 1 z"]]:
    """Mean of the two means and log of the mean of the two variances: what Group-VAE shares (Hosoya 2019)."""
    return mean.mean(dim=1, keepdim=True), logvar.exp().mean(dim=1, keepdim=True).log()


def product_of_posteriors(
    mean: Float[Tensor, "b 2 z"], logvar: Float[Tensor, "b 2 z"]
) -> tuple[Float[Tensor, "b 1 z"], Float[Tensor, "b 1 z"]]:
    """Mean weighted by precisions, and the harmonic mean of the variances: what ML-VAE shares.

    Source: Bouchacourt et al. 2018. The product of two densities has half of this variance; disentanglement_lib takes
    the harmonic mean, so that two equal posteriors share themselves, and so do we.

    >>> mean, logvar = product_of_posteriors(torch.tensor([[[1.0], [3.0]]]), torch.ones(1, 2, 1))
    >>> mean.item(), logvar.item()
    (2.0, 1.0)
    """
    precision = (-logvar).exp()
    total = precision.sum(dim=1, keepdim=True)
    return (mean * precision).sum(dim=1, keepdim=True) / total, -(total / 2).log()


def shared_where(
    shared: Bool[Tensor, "b z"], common: Float[Tensor, "b 1 z"], own: Float[Tensor, "b 2 z"]
) -> Float[Tensor, "b 2 z"]:
    """What is common where codes are shared, each image's own elsewhere."""
    return torch.where(shared[:, None], common, own)
