"""Which code comes first, what it tells, and how far it reaches."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SILENT = 0.01
"""A code whose means vary less than this over the examples, of a prior variance of 1, is inactive."""


def activity(codes: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    """Variance of each code over the examples: near 0 for an inactive code (Burda et al. 2016)."""
    return codes.float().var(dim=0, correction=0)


def order_by_information(information: Float[np.ndarray, "codes factors"]) -> list[int]:
    """Codes in the order of the factors they tell (the matching of most information), then the rest by total.

    One code per factor is a diagonal in this order, whatever the order in which the codes were learned.

    >>> order_by_information(np.array([[0.0, 0.1], [0.0, 2.0], [1.0, 0.2]]))
    [2, 1, 0]
    """
    from scipy.optimize import linear_sum_assignment

    codes, factors = linear_sum_assignment(information, maximize=True)
    matched = [int(code) for _, code in sorted(zip(factors, codes, strict=True))]
    rest = [int(code) for code in np.argsort(-information.sum(axis=1), kind="stable") if code not in matched]
    return matched + rest


def order_by_activity(codes: Float[Tensor, "n d"]) -> list[int]:
    """Codes from the most to the least active.

    >>> order_by_activity(torch.tensor([[0.0, -1.0], [0.0, 1.0]]))
    [1, 0]
    """
    return activity(codes).argsort(descending=True, stable=True).tolist()


def typical(codes: Sequence[Float[Tensor, "n _"]]) -> int:
    """The example whose codes, of all models together, are nearest to their means in standard deviations."""
    joined = torch.cat([each.float() for each in codes], dim=1)
    spread = (joined - joined.mean(dim=0)) / joined.std(dim=0, correction=0).clamp(min=1e-6)
    return int(spread.square().sum(dim=1).argmin())


def reach(codes: Float[Tensor, "n d"], steps: int = 11, least: float = 2.0) -> Float[Tensor, "d steps"]:
    """Values to draw each code at: from -2 to 2, further where the codes themselves go further (2 to 98 %).

    >>> reach(torch.zeros(9, 1), steps=3)
    tensor([[-2.,  0.,  2.]])
    """
    ends = torch.quantile(codes.float(), torch.tensor([0.02, 0.98]), dim=0)
    low, high = ends[0].clamp(max=-least), ends[1].clamp(min=least)
    return low[:, None] + (high - low)[:, None] * torch.linspace(0, 1, steps)
