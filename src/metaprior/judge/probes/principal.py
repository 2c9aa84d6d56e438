"""Features in the basis of their principal directions: what ridge and logistic regression have in common."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Principal:
    """Centred features Xc = U S Vᵀ: the ``scores`` U S, the ``directions`` V, the ``squares`` S² and the ``mean``.

    A penalty on the squared norm of weights leaves them in the span of the r directions, so that nothing is lost.
    """

    scores: Float[Tensor, "n r"]
    directions: Float[Tensor, "d r"]
    squares: Float[Tensor, " r"]
    mean: Float[Tensor, " d"]

    def of(self, features: Float[Tensor, "m d"]) -> Float[Tensor, "m r"]:
        """Scores of other examples."""
        return (features - self.mean) @ self.directions


def principal(features: Float[Tensor, "n d"]) -> Principal:
    """Decompose by the d×d Gram matrix, or by the n×n one where that is smaller; in float64, whatever the features are.

    Directions in which the features vary by no more than rounding are left out.

    >>> basis = principal(torch.tensor([[0.0, 5.0], [3.0, 9.0]]))
    >>> round(basis.squares.item(), 4), basis.scores.abs().flatten().tolist()
    (12.5, [2.5, 2.5])
    """
    x = features.double()
    mean = x.mean(0)
    x = x - mean
    small = x.shape[1] <= len(x)
    squares, vectors = torch.linalg.eigh(x.T @ x if small else x @ x.T)
    rounding = torch.finfo(torch.float64).eps * max(x.shape)
    keep = squares > squares[-1].clamp_min(torch.finfo(torch.float64).tiny) * rounding
    squares, vectors = squares[keep], vectors[:, keep]
    directions = vectors if small else x.T @ (vectors / squares.sqrt())
    scores = x @ vectors if small else vectors * squares.sqrt()
    return Principal(scores.to(features), directions.to(features), squares.to(features), mean.to(features))
