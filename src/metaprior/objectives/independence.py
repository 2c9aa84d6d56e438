"""The Hilbert-Schmidt independence criterion: how much groups of codes depend on each other."""

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import MetapriorError


def hsic(*likenesses: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    r"""HSIC of two groups of codes, dHSIC of more: 0 in the limit of many draws where groups are independent.

    One matrix of kernel values a group, of the same N draws. The V-statistic, which is above 0 by some 1 / N even where
    groups are independent:

    .. math:: \frac{1}{N^2} \sum_{ij} \prod_g K^g_{ij} + \prod_g \frac{1}{N^2} \sum_{ij} K^g_{ij}
        - \frac2N \sum_i \prod_g \frac1N \sum_j K^g_{ij}

    The published HSIC-VAE takes its root, whose gradient is endless at 0; here it is taken as it is.

    Source: Gretton et al. 2005, equation 9; of several groups Pfister et al. 2018, definition 2.6.

    >>> from metaprior.objectives import rbf, squared_distances
    >>> codes = torch.tensor([[0.0], [1.0], [5.0]])
    >>> likeness = rbf(squared_distances(codes, codes), width=1.0)
    >>> round(hsic(likeness, torch.ones(3, 3)).item(), 6)  # a constant depends on nothing
    0.0
    """
    if len(likenesses) < 2:
        raise MetapriorError(f"independence is of at least 2 groups of codes, not {len(likenesses)}")
    stacked = torch.stack(likenesses)
    rows = stacked.mean(dim=2)
    return stacked.prod(dim=0).mean() + rows.mean(dim=1).prod() - 2 * rows.prod(dim=0).mean()


def unbiased_hsic(first: Float[Tensor, "n n"], second: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    r"""HSIC of two groups by its U-statistic: 0 on average where they are independent, and so below 0 at times.

    .. math:: \frac{1}{N (N - 3)} \Big[\operatorname{tr} \tilde K \tilde L
        + \frac{1^T \tilde K 1\, 1^T \tilde L 1}{(N - 1)(N - 2)} - \frac{2}{N - 2} 1^T \tilde K \tilde L 1\Big]

    where the tilde stands for a diagonal of zeros.

    Source: Song et al. 2012, equation 5.
    """
    count = len(first)
    if count < 4:
        raise MetapriorError(f"the unbiased HSIC needs at least 4 draws, not {count}")
    one, other = (each - each.diagonal().diag() for each in (first, second))
    paired = (one * other).sum() + one.sum() * other.sum() / ((count - 1) * (count - 2))
    return (paired - 2 / (count - 2) * (one.sum(dim=0) * other.sum(dim=0)).sum()) / (count * (count - 3))
