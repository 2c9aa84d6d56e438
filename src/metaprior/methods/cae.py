"""The contractive autoencoder: codes that move little as inputs do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metaprior.core import Batch, DataSpec, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.nets import AutoencoderNets
from metaprior.objectives import squared_jacobian


class CAE(Autoencoder):
    """-log p(x | z) + strength * the squared norm of the encoder's Jacobian (Rifai et al. 2011).

    The norm is estimated in one direction of random signs an example; exactly it would take a backward pass for each
    code. The paper ties the decoder's weights to the encoder's; these nets do not, so that codes may shrink and the
    decoder make up for it.
    """

    def __init__(self, nets: AutoencoderNets, strength: Scalar = 0.1, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper["strength"] = strength

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        inputs = batches["unlabelled"].inputs
        signs = step.rand("directions", len(inputs), self.nets.latent_dim).round() * 2 - 1
        contraction = squared_jacobian(self.encode, inputs, signs).mean()
        return super().forward(player, batches, step) | {"contraction": Term(contraction, step.hyper["strength"])}


@dataclass(frozen=True, kw_only=True)
class CAERecipe(AutoencoderRecipe):
    """Contractive autoencoder; the strength is from memory."""

    strength: Scalar = 0.1
    """Weight of the Jacobian's squared norm."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`CAE` for inputs of the data's shape."""
        require_at_least(0, strength=self.strength)
        return CAE(self.build_nets(data, heads={"mean": self.latent_dim}), self.strength, **self.shared(data))
