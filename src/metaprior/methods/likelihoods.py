"""What a decoder's outputs say of its input: p(x | z)."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from metaprior.objectives import bernoulli_nll, normal_nll


class Likelihood(Protocol):
    """p(x | z) by a decoder's outputs, which have the shape of x."""

    def nll(self, outputs: Tensor, inputs: Tensor) -> Tensor:
        """-log p(x | z), B, in nats, summed over all that is not the batch; normalising constants included."""
        ...

    def mean(self, outputs: Tensor) -> Tensor:
        """E[x | z], of the outputs' shape."""
        ...


@dataclass(frozen=True)
class Bernoulli:
    """Pixels in [0, 1], each on its own; outputs are logits. Grey values give the cross-entropy."""

    def nll(self, outputs: Tensor, inputs: Tensor) -> Tensor:
        """-log p(x | z), B, nats."""
        return bernoulli_nll(outputs, inputs)

    def mean(self, outputs: Tensor) -> Tensor:
        """Probabilities."""
        return outputs.sigmoid()


@dataclass(frozen=True)
class Normal:
    """Values of one known variance, each on its own; outputs are means.

    With a variance of 1/2 its negative logarithm is the squared error, and n/2 ln pi.
    """

    variance: float = 1.0

    def nll(self, outputs: Tensor, inputs: Tensor) -> Tensor:
        """-log p(x | z), B, nats."""
        return normal_nll(outputs, inputs, self.variance)

    def mean(self, outputs: Tensor) -> Tensor:
        """The outputs themselves."""
        return outputs
