"""How far an encoder's codes move as its inputs do."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def squared_jacobian(
    encode: Callable[[Tensor], Tensor], inputs: Float[Tensor, "b ..."], directions: Float[Tensor, "b z"]
) -> Float[Tensor, " b"]:
    r"""The squared Frobenius norm of the Jacobian of codes by inputs, estimated in one direction of codes an example.

    .. math:: \|J^\top v\|^2, \quad E \|J^\top v\|^2 = \sum_{j, i} (\partial z_j / \partial x_i)^2

    Unbiased where the directions v have independent entries of mean 0 and variance 1; of random signs it varies least,
    and not at all where the gradients of different codes are orthogonal. It costs one backward pass and can be
    differentiated again; the codes of an example must depend on that example alone.

    Source: Rifai et al. 2011, "Contractive Auto-Encoders", equation 1; the estimate is Hutchinson's, 1990.

    >>> squared_jacobian(lambda x: x @ torch.tensor([[3.0], [4.0]]), torch.zeros(2, 2), torch.ones(2, 1)).tolist()
    [25.0, 25.0]
    """
    _, pull, *_ = torch.func.vjp(encode, inputs)
    (gradient,) = pull(directions)
    return gradient.square().flatten(1).sum(dim=1)
