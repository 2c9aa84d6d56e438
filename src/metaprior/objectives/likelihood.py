"""Reconstruction terms."""

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
