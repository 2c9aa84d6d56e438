"""Critics: nets that give each example one logit."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from metaprior.nets.mlp import mlp


class Critic(nn.Module):
    """A fully connected critic of codes, B×Z → B logits, in the codes' precision.

    >>> from torch import zeros
    >>> Critic(8, [512] * 4)(zeros(3, 8)).shape
    torch.Size([3])
    """

    def __init__(self, inputs: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.net = mlp(inputs, hidden, 1)

    def forward(self, codes: Float[Tensor, "b z"]) -> Float[Tensor, " b"]:
        return self.net(codes).squeeze(1).to(codes.dtype)
