"""Total correlation: KL(q(z) || prod_j q(z_j)), in nats; zero exactly when the codes are independent."""

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from metaprior.objectives.posterior import log_normal

_CLIP = 1e-6  # the critic's probabilities are kept this far from 0 and 1, as in disentanglement_lib


def ratio_total_correlation(logits: Float[Tensor, "b 2"]) -> Float[Tensor, ""]:
    """E_q(z)[log D(z) - log(1 - D(z))]: the critic's estimate, from its logits on codes of q(z); class 0 is the joint.

    Source: Kim & Mnih 2018, equation 3.

    >>> import torch
    >>> ratio_total_correlation(torch.tensor([[2.0, -1.0], [0.0, 1.0]])).item()
    1.0
    """
    return (logits[:, 0] - logits[:, 1]).mean()


def ratio_loss(joint: Float[Tensor, "b 2"], product: Float[Tensor, "b 2"]) -> Float[Tensor, ""]:
    """The critic's loss: cross-entropy of telling codes of q(z) (class 0) from codes permuted column by column.

    .. math:: -\\tfrac12 E \\log p_0(z) - \\tfrac12 E \\log p_1(z_{perm})

    Source: Kim & Mnih 2018, algorithm 2; probabilities clipped as in disentanglement_lib.
    """
    bounds = (math.log(_CLIP), math.log1p(-_CLIP))
    log_joint = F.log_softmax(joint, dim=1)[:, 0].clamp(*bounds)
    log_product = F.log_softmax(product, dim=1)[:, 1].clamp(*bounds)
    return -0.5 * (log_joint.mean() + log_product.mean())


def minibatch_total_correlation(
    codes: Float[Tensor, "b z"], mean: Float[Tensor, "n z"], logvar: Float[Tensor, "n z"]
) -> Float[Tensor, ""]:
    r"""Total correlation of a minibatch, up to a constant, in nats: B sampled codes, and the N posteriors of the batch.

    .. math:: \frac1B \sum_j \Big[\log \sum_i \prod_l q(z_{jl} | x_i) - \sum_l \log \sum_i q(z_{jl} | x_i)\Big]

    The weights of the data set's size are dropped, as in disentanglement_lib: where all posteriors are one and the
    same, the value is -(Z - 1) ln N, so it is no estimate of the total correlation itself and may well be negative.
    Source: Chen et al. 2018, equation 5, with the estimator of Locatello et al. 2019.

    >>> import torch
    >>> same = torch.zeros(4, 3)
    >>> round(minibatch_total_correlation(torch.randn(4, 3), same, same).item() / math.log(4), 4)  # -(3 - 1)
    -2.0
    """
    log_density = log_normal(codes[:, None], mean, logvar)  # b n z
    joint = log_density.sum(dim=2).logsumexp(dim=1)
    product = log_density.logsumexp(dim=1).sum(dim=1)
    return (joint - product).mean()
