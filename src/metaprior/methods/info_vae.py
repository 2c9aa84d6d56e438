"""InfoVAE and MMD-VAE: a VAE whose codes as a whole, not each example's, are drawn to the prior."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from metaprior.core import DataSpec, MetapriorError, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import imq_of_scales, kl_normal, mmd


class InfoVAE(VAE):
    """Reconstruction + (1 - alpha) * KL + (alpha + lambda - 1) * MMD(q(z), p(z)) (Zhao et al. 2017, equation 6).

    The discrepancy is that of the batch's codes from as many draws of the prior, by inverse multiquadratic kernels of
    seven scales. alpha = 1 is MMD-VAE, which has no KL; alpha = 0 with lambda = 1 is the VAE.
    """

    def __init__(self, nets: AutoencoderNets, alpha: Scalar = 0.0, strength: Scalar = 1000.0, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper |= {"alpha": alpha, "strength": strength}
        self.kernel = partial(imq_of_scales, base=2.0 * nets.latent_dim)

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        alpha, strength = step.hyper["alpha"], step.hyper["strength"]
        prior = step.randn("prior", *codes.shape)
        return {
            "kl": Term(kl_normal(*posterior).sum(dim=1).mean(), 1 - alpha),
            "mmd": Term(mmd(step.gather(codes), step.gather(prior), self.kernel), alpha + strength - 1),
        }


@dataclass(frozen=True, kw_only=True)
class InfoVAERecipe(VAERecipe):
    """InfoVAE; a reader of the paper gives alpha = 0 and lambda = 1000 for MNIST."""

    alpha: float = 0.0
    """How much of the KL is left out: 0 nothing, 1 all of it (MMD-VAE)."""
    strength: float = 1000.0
    """lambda: the discrepancy weighs alpha + lambda - 1."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`InfoVAE` for inputs of the data's shape."""
        require_at_least(2, "one example has no distribution", batch=self.batch)
        require_at_least(0, alpha=self.alpha, strength=self.strength)
        if self.alpha > 1:
            raise MetapriorError(f"alpha must be at most 1, not {self.alpha:g}: no more than all of the KL is left out")
        if self.alpha + self.strength < 1:
            raise MetapriorError(
                f"alpha + strength - 1 weighs the discrepancy, and {self.alpha:g} + {self.strength:g} - 1 is below 0, "
                "so that codes would be driven away from the prior"
            )
        return InfoVAE(self.build_nets(data), self.alpha, self.strength, **self.shared(data))
