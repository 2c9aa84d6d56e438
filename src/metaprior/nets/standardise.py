"""Values brought to mean 0 and variance 1 over a batch."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Standardise(nn.Module):
    """Batch normalisation without gain and shift (Ioffe & Szegedy 2015), of a batch that may be spread over processes.

    A module in training that is told how to ``gather`` the whole batch takes its statistics, and keeps a running
    average of them; any other call takes the averages.

    >>> standardise = Standardise(1)
    >>> standardise(torch.tensor([[0.0], [4.0]]), gather=lambda rows: rows)
    tensor([[-1.0000],
            [ 1.0000]])
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, size: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("variance", torch.ones(size))

    def forward(
        self, rows: Float[Tensor, "b k"], gather: Callable[[Tensor], Tensor] | None = None
    ) -> Float[Tensor, "b k"]:
        mean, variance = self.mean, self.variance
        if self.training and gather is not None:
            whole = gather(rows)
            mean, variance = whole.mean(dim=0), whole.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.variance.mul_(1 - self.momentum).add_(variance, alpha=self.momentum)
        return (rows - mean) / (variance + self.eps).sqrt()
