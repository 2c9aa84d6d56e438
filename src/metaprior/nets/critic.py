"""Critics: nets that tell draws of one law from draws of another, or what an example's attribute is."""

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


class FeatureCritic(nn.Module):
    """A critic of images or values, B×… → B logits, by features B×F that can be asked for; in the inputs' precision.

    >>> from torch import zeros
    >>> critic = FeatureCritic(nn.Flatten(), nn.Linear(64, 1))
    >>> critic.features(zeros(3, 1, 8, 8)).shape, critic(zeros(3, 1, 8, 8)).shape
    (torch.Size([3, 64]), torch.Size([3]))
    """

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def features(self, inputs: Float[Tensor, "b ..."]) -> Float[Tensor, "b f"]:
        """What it sees of each input."""
        return self.trunk(inputs).to(inputs.dtype)

    def logits(self, features: Float[Tensor, "b f"]) -> Float[Tensor, " b"]:
        """What it makes of what it sees."""
        return self.head(features).squeeze(1).to(features.dtype)

    def forward(self, inputs: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        return self.logits(self.features(inputs))
