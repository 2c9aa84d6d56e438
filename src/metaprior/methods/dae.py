"""The denoising autoencoder: inputs are spoiled, and the clean ones rebuilt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import Batch, DataSpec, MetapriorError, Method, Scalar, Schedule, Step, Term, require_at_least
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.nets import AutoencoderNets


class DAE(Autoencoder):
    """-log p(x | z) of the codes of spoiled inputs: a share set to 0, normal noise added (Vincent et al. 2010).

    Codes of a trained model are those of inputs as they are.
    """

    def __init__(self, nets: AutoencoderNets, masked: Scalar = 0.25, noise: Scalar = 0.0, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper |= {"masked": masked, "noise": noise}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        codes = self.encode(self.spoiled(batch.inputs, step))
        return self.reconstruction(batch, codes)

    def spoiled(self, inputs: Tensor, step: Step) -> Tensor:
        """Inputs with noise of a deviation ``noise``, each value then 0 with probability ``masked``."""
        noisy = inputs + step.hyper["noise"] * step.randn("noise", *inputs.shape)
        return noisy.where(step.rand("mask", *inputs.shape) >= step.hyper["masked"], 0)


@dataclass(frozen=True, kw_only=True)
class DAERecipe(AutoencoderRecipe):
    """Denoising autoencoder; the share that is masked is among the paper's, from memory."""

    masked: Scalar = 0.25
    """Share of the values that are set to 0."""
    noise: Scalar = 0.0
    """Standard deviation of the normal noise added to the values."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`DAE` for inputs of the data's shape."""
        require_at_least(0, masked=self.masked, noise=self.noise)
        if max(self.masked.extremes() if isinstance(self.masked, Schedule) else (self.masked,)) > 1:
            raise MetapriorError(f"masked is a share of the values, at most 1, not {self.masked}")
        nets = self.build_nets(data, heads={"mean": self.latent_dim})
        return DAE(nets, self.masked, self.noise, **self.shared(data))
