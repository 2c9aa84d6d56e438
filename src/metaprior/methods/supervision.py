"""Few labels in the loss: the S2 term that any VAE of the study can take."""

import torch
from torch import Tensor, nn

from metaprior.core import Cycle, MetapriorError, Scalar, Stream
from metaprior.objectives import normalised_factors, supervised_xent


class Supervision(nn.Module):
    """R_sup by sigmoid cross-entropy between encoder means and normalised factors (Locatello et al. 2020).

    The labelled stream goes round its examples in a fixed order, ``batch`` at a time, as in disentanglement_lib.
    """

    sizes: Tensor

    def __init__(self, factor_sizes: tuple[int, ...], latent_dim: int, gamma: Scalar, batch: int = 64) -> None:
        super().__init__()
        if not factor_sizes:
            raise MetapriorError("a supervised method needs data with factors of variation, and this data has none")
        if len(factor_sizes) > latent_dim:
            raise MetapriorError(
                f"{len(factor_sizes)} factors cannot be tied to {latent_dim} codes; raise latent_dim to at least "
                f"{len(factor_sizes)}"
            )
        self.gamma = gamma
        self.batch = batch
        self.register_buffer("sizes", torch.tensor(factor_sizes), persistent=False)

    def streams(self) -> dict[str, Stream]:
        """The labelled stream."""
        return {"labelled": Cycle(self.batch, source="labelled")}

    def forward(self, means: Tensor, factors: Tensor) -> Tensor:
        """R_sup of each labelled example in nats, B."""
        return supervised_xent(means, normalised_factors(factors, self.sizes))
