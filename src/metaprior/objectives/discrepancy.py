"""Maximum mean discrepancy: how far two distributions of codes lie apart, by samples of both alone."""

import math

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


def mmd_of_groups(likeness: Float[Tensor, "n n"], groups: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """:func:`mmd` of each group's law from that of all others, mean over the groups; of two groups it is theirs.

    From the kernel's values at each two of N draws, and indicators of the group that each is of. A group of one draw,
    or of all but one, says nothing and is left out of the mean, which is 0 where that leaves none. It is unbiased.
    """
    others = 1 - groups
    with torch.autocast(likeness.device.type, enabled=False):  # mixed precision would multiply matrices in bfloat16
        same = likeness - likeness.diagonal().diag()
        in_group, in_others, across = (
            ((matrix @ right) * left).sum(dim=0)
            for matrix, left, right in (
                (same, groups, groups),
                (same, others, others),
                (likeness, groups, others),
            )
        )
    count, rest = groups.sum(dim=0), others.sum(dim=0)
    known = (count > 1) & (rest > 1)
    n, m = count.where(known, 2), rest.where(known, 2)
    each = in_group / (n * (n - 1)) + in_others / (m * (m - 1)) - 2 * across / (n * m)
    return (each * known).sum() / known.sum().clamp(min=1)


def fourier_features(
    codes: Float[Tensor, "n z"], frequencies: Float[Tensor, "z d"], phases: Float[Tensor, " d"], width: float
) -> Float[Tensor, "n d"]:
    r"""Features whose products are on average the Gaussian kernel's values: by D standard normal frequencies.

    .. math:: \sqrt{2 / D} \cos(w_d^T z / h + 2 \pi b_d)

    ``phases`` are b, uniform in [0, 1). Source: Rahimi & Recht 2007, algorithm 1; the fast MMD of Louizos et al. 2016.
    """
    with torch.autocast(codes.device.type, enabled=False):
        angles = codes @ frequencies / width + 2 * math.pi * phases
    return math.sqrt(2 / len(phases)) * angles.cos()


def discrepancy_of_means(features: Float[Tensor, "n d"], groups: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """The squared distance of each group's mean features from those of all others, mean over the groups.

    Of Fourier features it is the squared MMD with the draws' likeness to themselves left in, so that even of equal laws
    it is above 0, by some 1/n + 1/m. Which groups count is as in :func:`mmd_of_groups`, but that one draw is enough.

    >>> discrepancy_of_means(torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([[1.0, 0], [1, 0], [0, 1]])).item()
    20.25
    """
    others = 1 - groups
    count, rest = groups.sum(dim=0), others.sum(dim=0)
    known = (count > 0) & (rest > 0)
    with torch.autocast(features.device.type, enabled=False):
        mean, mean_of_others = (each.T @ features / each.sum(dim=0).clamp(min=1)[:, None] for each in (groups, others))
    return ((mean - mean_of_others).square().sum(dim=1) * known).sum() / known.sum().clamp(min=1)
