"""beta-VAE: a VAE whose KL term is weighted."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import DataSpec, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import kl_normal


class BetaVAE(VAE):
    """Reconstruction + beta * KL (Higgins et al. 2017, equation 4)."""

    def __init__(self, nets: AutoencoderNets, beta: Scalar = 4.0, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper["beta"] = beta

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        return {"kl": Term(kl_normal(*posterior).sum(dim=1).mean(), step.hyper["beta"])}


@dataclass(frozen=True, kw_only=True)
class BetaVAERecipe(VAERecipe):
    """beta-VAE; the ICML 2019 study swept beta over 1, 2, 4, 6, 8, 16."""

    beta: Scalar = 4.0
    """Weight of the KL term."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`BetaVAE` for inputs of the data's shape."""
        require_at_least(0, beta=self.beta)
        return BetaVAE(self.build_nets(data), self.beta, **self.shared(data))
