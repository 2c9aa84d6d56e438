"""Kernels of codes: how alike each two of them are, from their squared distances."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

Kernel: TypeAlias = Callable[[Float[Tensor, "n m"]], Float[Tensor, "n m"]]
"""From squared distances to likenesses."""

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Those of the inverse multiquadratic kernel in the published code of Wasserstein autoencoders."""


def squared_distances(first: Float[Tensor, "n z"], second: Float[Tensor, "m z"]) -> Float[Tensor, "n m"]:
    """The squared Euclidean distance of each two codes; N·M·Z numbers are held.

    Differences are squared, not multiplied out: no rounding makes a small distance negative.

    >>> squared_distances(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]])).tolist()
    [[25.0, 1.0]]
    """
    return (first[:, None] - second).square().sum(dim=2)


def rbf(squared: Float[Tensor, "n m"], width: float | Tensor) -> Float[Tensor, "n m"]:
    """exp(-d² / (2 width²)), the Gaussian kernel.

    >>> rbf(torch.tensor([[0.0, 2.0]]), width=1.0)
    tensor([[1.0000, 0.3679]])
    """
    return (squared / (-2 * width**2)).exp()


def imq(squared: Float[Tensor, "n m"], scale: float) -> Float[Tensor, "n m"]:
    """C / (C + d²) for the scale C, the inverse multiquadratic kernel, whose tails are heavy (Tolstikhin et al. 2018).

    >>> imq(torch.tensor([[0.0, 1.0]]), scale=3.0).tolist()
    [[1.0, 0.75]]
    """
    return scale / (scale + squared)


def imq_of_scales(squared: Float[Tensor, "n m"], base: float, scales: Sequence[float] = SCALES) -> Float[Tensor, "n m"]:
    """The sum of the inverse multiquadratic kernels of several scales, multiples of ``base``.

    Source: the published code of Tolstikhin et al. 2018, where ``base`` is 2 Z sigma² for a prior N(0, sigma²) of Z
    codes.

    >>> imq_of_scales(torch.zeros(1, 1), base=4.0).item()  # as many as there are scales
    7.0
    """
    return torch.stack([imq(squared, scale * base) for scale in scales]).sum(dim=0)


def median_width(squared: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """The median distance of two different codes of a set, as the width of a Gaussian kernel; no gradient passes.

    >>> median_width(squared_distances(*[torch.tensor([[0.0], [1.0], [3.0]])] * 2)).item()  # of 1, 2 and 3
    2.0
    """
    one, other = torch.triu_indices(*squared.shape, offset=1, device=squared.device)
    return squared.detach()[one, other].median().sqrt()


def normal_width(size: int) -> float:
    """The mean distance of two draws from N(0, 1) of ``size`` codes: 2 Gamma((Z + 1) / 2) / Gamma(Z / 2).

    Source: the published code of Lopez et al. 2018 (HSIC-VAE).

    >>> round(normal_width(1) * math.pi**0.5, 12)  # E |x - y| = 2 / sqrt(pi)
    2.0
    """
    return 2 * math.exp(math.lgamma((size + 1) / 2) - math.lgamma(size / 2))
