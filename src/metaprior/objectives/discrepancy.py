"""Maximum mean discrepancy: how far two distributions of codes lie apart, by samples of both alone."""

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.objectives.kernels import Kernel, squared_distances


def mmd(codes: Float[Tensor, "n z"], others: Float[Tensor, "m z"], kernel: Kernel) -> Float[Tensor, ""]:
    r"""The squared maximum mean discrepancy of two laws, by N and M draws; its U-statistic, which is unbiased.

    .. math:: \sum_{i \ne j} \frac{k(z_i, z_j)}{N (N - 1)} + \sum_{i \ne j} \frac{k(z'_i, z'_j)}{M (M - 1)}
        - \sum_{i, j} \frac{2 k(z_i, z'_j)}{N M}

    Of equal laws it is 0 on average, and so below 0 about half of the time: a loss must not clamp it.

    Source: Gretton et al. 2012, lemma 6; the penalty of InfoVAE and of Wasserstein autoencoders.

    >>> from functools import partial
    >>> from metaprior.objectives import rbf
    >>> apart = mmd(torch.zeros(4, 2), torch.full((5, 2), 1e3), partial(rbf, width=1.0))
    >>> apart.item()  # 1 + 1 - 0
    2.0
    """
    if min(len(codes), len(others)) < 2:
        raise MetapriorError(f"a discrepancy needs at least 2 draws of each law, not {len(codes)} and {len(others)}")
    of_codes, of_others = (_mean_of_pairs(kernel(squared_distances(each, each))) for each in (codes, others))
    return of_codes + of_others - 2 * kernel(squared_distances(codes, others)).mean()


def _mean_of_pairs(likeness: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """The mean over pairs of different draws."""
    count = len(likeness)
    different = ~torch.eye(count, dtype=torch.bool, device=likeness.device)
    return likeness.where(different, 0).sum() / (count * (count - 1))
