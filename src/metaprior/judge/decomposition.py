r"""The rate of normal posteriors in three parts, exact over a set of examples: none is left out of q(z).

.. math:: E_x KL(q(z | x) \,\|\, p(z)) = I(x; z) + TC(q(z)) + \sum_j KL(q(z_j) \,\|\, p(z_j)), \quad p(z) = N(0, 1)
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.judge.features import Progress
from metaprior.objectives import aggregate

NUMBERS_AT_ONCE = 2**22
"""Up to so many log-densities, codes times examples times the size of a code, are held at a time."""


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Of each example's code, what it adds to each part, in nats; the means are the parts."""

    mutual_information: Float[Tensor, " n"]
    """log q(z | x) - log q(z); its mean is at most log N."""
    total_correlation: Float[Tensor, " n"]
    """log q(z) - sum_j log q(z_j)"""
    dimension_wise_kl: Float[Tensor, " n"]
    """sum_j log q(z_j) - log p(z_j)"""

    @property
    def rate(self) -> Float[Tensor, " n"]:
        """log q(z | x) - log p(z): what the parts add up to, of these very codes."""
        return self.mutual_information + self.total_correlation + self.dimension_wise_kl


def decompose(
    codes: Float[Tensor, "n z"],
    mean: Float[Tensor, "n z"],
    logvar: Float[Tensor, "n z"],
    progress: Progress | None = None,
) -> Decomposition:
    """The parts by N codes, code i a sample of posterior i, and by all N posteriors; N² Z densities in all.

    >>> same = torch.zeros(4, 1)  # four examples with one posterior, the prior: codes tell nothing
    >>> decompose(torch.ones(4, 1), same, same).rate.tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    each = max(1, NUMBERS_AT_ONCE // mean.numel())
    found: list[Decomposition] = []
    for first in range(0, len(codes), each):
        some = aggregate(codes[first : first + each], mean, logvar, first=first)
        product = some.each.sum(dim=1)
        parts = (some.own - some.joint, some.joint - product, product - some.prior.sum(dim=1))
        found.append(Decomposition(*parts))
        if progress is not None:
            progress(min(first + each, len(codes)), len(codes))
    return Decomposition(
        torch.cat([part.mutual_information for part in found]),
        torch.cat([part.total_correlation for part in found]),
        torch.cat([part.dimension_wise_kl for part in found]),
    )
