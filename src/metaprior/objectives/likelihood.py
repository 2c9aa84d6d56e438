"""Reconstruction terms."""

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def bernoulli_nll(logits: Float[Tensor, "b c h w"], images: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
    """-log p(image | code) of independent Bernoulli pixels, summed over pixels and channels, in nats.

    Images lie in [0, 1]; grey values give the cross-entropy, whose minimum is the image's own entropy, not 0 (that
    constant is not subtracted, as in disentanglement_lib, the few-labels study's code).

    >>> import torch
    >>> round(bernoulli_nll(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)).item() / 4, 4)  # ln 2 a pixel
    0.6931
    """
    loss = F.binary_cross_entropy_with_logits(logits.to(images.dtype), images, reduction="none")
    return loss.flatten(1).sum(dim=1)


def normal_nll(
    mean: Float[Tensor, "b ..."], values: Float[Tensor, "b ..."], variance: float = 1.0
) -> Float[Tensor, " b"]:
    r"""-log p(x | code) of independent normal values of one variance, summed over them, in nats; any shape of x.

    .. math:: \tfrac12 \sum_i \big((x_i - \mu_i)^2 / \sigma^2 + \log 2 \pi \sigma^2\big)

    >>> import torch
    >>> round(normal_nll(torch.zeros(1, 2), torch.zeros(1, 2)).item(), 4)  # ln 2 pi
    1.8379
    """
    squared = (values - mean.to(values.dtype)).square().flatten(1)
    return 0.5 * (squared / variance + math.log(2 * math.pi * variance)).sum(dim=1)
