"""Divergences of two laws by a critic that tells draws of one from draws of the other: the density-ratio trick.

The critic's logit is that of "a draw of q"; where the critic is at its best, it is log q(z) / p(z).
"""

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def discrimination_loss(first: Float[Tensor, " n"], second: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    r"""What the critic minimises, from its logits on draws of q and of p: the mean of both cross-entropies, in nats.

    .. math:: -\tfrac12 E_q \log \sigma(t(z)) - \tfrac12 E_p \log (1 - \sigma(t(z)))

    Source: Goodfellow et al. 2014, equation 1.

    >>> import torch
    >>> round(discrimination_loss(torch.zeros(3), torch.zeros(2)).item(), 4)  # one who cannot tell: ln 2
    0.6931
    """
    return 0.5 * (F.softplus(-first).mean() + F.softplus(second).mean())


def jensen_shannon_bound(first: Float[Tensor, " n"], second: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    """A lower bound on the Jensen-Shannon divergence of q and p, at most ln 2: ln 2 less the critic's loss, in nats.

    It is reached by the best critic. Source: Goodfellow et al. 2014, theorem 1.
    """
    return math.log(2) - discrimination_loss(first, second)


def kl_by_ratio(logits: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """The estimate of KL(q || p) by a critic's logits on draws of q: their mean, in nats; a bound in neither direction.

    >>> import torch
    >>> codes = torch.randn(100_000, generator=torch.Generator().manual_seed(0)) + 1  # of N(1, 1); p is N(0, 1)
    >>> round(kl_by_ratio(codes - 1 / 2).item(), 1)  # log q / p = z - 1/2, and the KL is 1/2
    0.5
    """
    return logits.mean()


def non_saturating_loss(logits: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    r"""What moves draws of q towards p, by a critic's logits on them: the critic's surprise at their being of p.

    .. math:: -E_q \log (1 - \sigma(t(z)))

    Its gradient does not vanish where the critic is sure. Source: Goodfellow et al. 2014, section 3.
    """
    return F.softplus(logits).mean()
