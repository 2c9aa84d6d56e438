"""beta-TCVAE: a VAE whose total correlation, estimated on the minibatch, is weighted."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import DataSpec, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import minibatch_total_correlation


class BetaTCVAE(VAE):
    """Reconstruction + KL + (beta - 1) * TC (Chen et al. 2018, equation 5 with alpha = gamma = 1).

    The KL holds the total correlation once already, hence beta - 1. Codes meet the posteriors of the whole batch.
    """

    def __init__(self, nets: AutoencoderNets, beta: Scalar = 4.0, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper["beta"] = beta

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        correlation = minibatch_total_correlation(codes, *map(step.gather, posterior))
        return super().regularisers(posterior, codes, step) | {
            "total_correlation": Term(correlation, step.hyper["beta"] - 1)
        }


@dataclass(frozen=True, kw_only=True)
class BetaTCVAERecipe(VAERecipe):
    """beta-TCVAE; the ICML 2019 study swept beta over 1, 2, 4, 6, 8, 10."""

    beta: Scalar = 4.0
    """Weight of the total correlation, of which the KL term already holds one."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`BetaTCVAE` for inputs of the data's shape."""
        require_at_least(0, beta=self.beta)
        require_at_least(2, "one example has no total correlation", batch=self.batch)
        return BetaTCVAE(self.build_nets(data), self.beta, **self.shared(data))
