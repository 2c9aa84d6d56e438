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


class AttributeCritic(nn.Module):
    """Two hidden layers of leaky ReLU with slope 0.2, B×Z codes → B×K logits, in the codes' precision.

    ``kept``, where given, multiplies the units of the last hidden layer: dropout whose numbers are the caller's.

    >>> from torch import zeros
    >>> AttributeCritic(8, 512, 3)(zeros(2, 8)).shape
    torch.Size([2, 3])
    """

    def __init__(self, inputs: int, width: int, values: int) -> None:
        super().__init__()
        self.width = width
        self.trunk = nn.Sequential(mlp(inputs, [width], width, leak=0.2), nn.LeakyReLU(0.2))
        self.head = mlp(width, [], values)

    def forward(self, codes: Float[Tensor, "b z"], kept: Float[Tensor, "b w"] | None = None) -> Float[Tensor, "b k"]:
        hidden = self.trunk(codes)
        return self.head(hidden if kept is None else hidden * kept).to(codes.dtype)
