"""Labels only: the few-labels study's baseline without unlabelled images."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from metaprior.core import Batch, DataSpec, Method, Player, Step, Term
from metaprior.methods.supervision import SupervisionRecipe
from metaprior.methods.vae import VAE, VAERecipe

_UNWEIGHTED = SupervisionRecipe(gamma_sup=1.0)


class Supervised(VAE):
    """R_sup alone trains the encoder; a decoder learns from its codes, which take no gradient, to draw pictures.

    There is no KL, so nothing trains the posterior's variance: only mean codes mean anything. As in disentanglement_lib
    the decoder sees sampled codes of unlabelled images. Source: Locatello et al. 2020, the fully supervised baseline.
    """

    def players(self) -> tuple[Player, ...]:
        (vae,) = super().players()
        trained = ("nets.encoder.trunk", "nets.encoder.mean", "nets.decoder", *vae.modules[1:])
        return (replace(vae, modules=trained),)

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        _, codes = self.infer(batch, step)
        return self.reconstruction(batch, codes.detach()) | self.supervised(batches, step)


@dataclass(frozen=True, kw_only=True)
class SupervisedRecipe(VAERecipe):
    """An encoder that learns from the labels alone."""

    needs_labels: ClassVar[bool] = True
    supervision: SupervisionRecipe = _UNWEIGHTED  # pyright: ignore[reportIncompatibleVariableOverride]
    """How the labels enter the loss."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`Supervised` for inputs of the data's shape."""
        return Supervised(self.build_nets(data), **self.shared(data))
