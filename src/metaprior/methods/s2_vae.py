"""S2-beta-VAE: beta-VAE with the supervised term of the few-labels paper."""

from dataclasses import dataclass
from typing import ClassVar

from metaprior.core import Adam, DataSpec, Method, Scalar
from metaprior.methods.supervision import Supervision
from metaprior.methods.vae import VAE, VAERecipe


@dataclass(frozen=True, kw_only=True)
class S2VAERecipe(VAERecipe):
    """S2-beta-VAE (Locatello et al. 2020, section 4)."""

    needs_labels: ClassVar[bool] = True

    beta: Scalar = 4.0
    """Weight of the KL term."""
    gamma_sup: Scalar = 4.0
    """Weight of the supervised term, a sum over the labelled batch; the paper's grid is not published."""
    labelled_batch: int = 64
    """Labelled images a step; the term is a sum, so this scales it."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`VAE` with supervision on the data's labelled factors."""
        supervision = Supervision(
            data.labelled_factor_sizes or data.factor_sizes, self.latent_dim, self.gamma_sup, self.labelled_batch
        )
        return VAE(
            self.build_nets(data), self.beta, optimizer=Adam(lr=self.lr), batch=self.batch, supervision=supervision
        )
