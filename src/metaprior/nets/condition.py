"""What a net is told beside what it sees."""

from jaxtyping import Float
from torch import Tensor, cat


def joined(inputs: Float[Tensor, "b c *space"], told: Float[Tensor, "b k"]) -> Float[Tensor, "b c_k *space"]:
    """Inputs with K values more: of vectors further values, of images further channels, each of one value.

    >>> from torch import ones, zeros
    >>> joined(zeros(2, 1, 4, 4), ones(2, 3)).shape, joined(zeros(2, 5), ones(2, 3)).shape
    (torch.Size([2, 4, 4, 4]), torch.Size([2, 8]))
    """
    space = inputs.shape[2:]
    return cat([inputs, told.to(inputs.dtype).reshape(*told.shape, *[1] * len(space)).expand(*told.shape, *space)], 1)
