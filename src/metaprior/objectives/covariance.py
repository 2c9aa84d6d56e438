"""Covariance of codes, and its distance from the identity: the penalties of DIP-VAE."""

import torch
from jaxtyping import Float
from torch import Tensor


def covariance(rows: Float[Tensor, "b z"]) -> Float[Tensor, "z z"]:
    """Covariance of the columns of ``rows`` with each other, divided by B, not B - 1; in their precision.

    >>> covariance(torch.tensor([[0.0, 0.0], [2.0, 4.0]])).tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    centred = rows - rows.mean(dim=0)
    with torch.autocast(rows.device.type, enabled=False):  # mixed precision would multiply matrices in bfloat16
        return centred.T @ centred / len(rows)


def off_diagonal_penalty(matrix: Float[Tensor, "z z"]) -> Float[Tensor, ""]:
    """Sum of squares off the diagonal: how far codes are from being uncorrelated (Kumar et al. 2018, equation 6).

    >>> off_diagonal_penalty(torch.ones(10, 10)).item()
    90.0
    """
    return matrix.square().sum() - matrix.diagonal().square().sum()


def unit_variance_penalty(matrix: Float[Tensor, "z z"]) -> Float[Tensor, ""]:
    """Sum over codes of (variance - 1)^2 (Kumar et al. 2018, equation 6).

    >>> unit_variance_penalty(torch.zeros(10, 10)).item()
    10.0
    """
    return (matrix.diagonal() - 1).square().sum()
