"""Wasserstein autoencoders: a cost of reconstruction, and codes that as a whole are drawn to the prior."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

from torch import Tensor

from metaprior.core import Adam, DataSpec, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.aae import AAE, AAERecipe, NormalAAE
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.prior import prior_codes
from metaprior.methods.vae import VAE
from metaprior.nets import AutoencoderNets
from metaprior.objectives import imq_of_scales, mmd


class WAE(Autoencoder):
    """E c(x, G(z)) + strength * MMD(q(z), p(z)) (Tolstikhin et al. 2018, algorithm 2).

    The cost c is the likelihood's: with a normal one of variance 1/2, as by default, the squared error summed over
    values, and a constant. The discrepancy is that of the batch's codes from as many draws of the prior, by inverse
    multiquadratic kernels of seven scales. Of a deterministic encoder the rate is infinite.
    """

    def __init__(self, nets: AutoencoderNets, strength: Scalar = 10.0, **options: Any) -> None:
        super().__init__(nets, **options)
        self.hyper["strength"] = strength
        self.kernel = partial(imq_of_scales, base=2.0 * nets.latent_dim)

    def regularisers(self, posterior: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        prior = step.randn("prior", *codes.shape)
        return {"mmd": Term(mmd(step.gather(codes), step.gather(prior), self.kernel), step.hyper["strength"])}

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the prior N(0, 1)."""
        return self.decode(prior_codes(self.nets, count, seed))


class NormalWAE(WAE, VAE):
    """:class:`WAE` whose codes are sampled from a normal posterior."""


@dataclass(frozen=True, kw_only=True)
class WAERecipe(AutoencoderRecipe):
    """Wasserstein autoencoder with MMD; defaults are those of the published code for MNIST."""

    latent_dim: int = 8
    """Number of codes."""
    likelihood: Literal["auto", "bernoulli", "normal"] = "normal"
    """The cost: normal of variance 1/2 is the squared error; bernoulli; auto: bernoulli for images, else normal."""
    variance: float = 0.5
    """Variance of the normal likelihood."""
    batch: int = 100
    """Unlabelled examples a step."""
    lr: Scalar = 1e-3
    """Adam's learning rate (betas 0.5, 0.999)."""
    strength: Scalar = 10.0
    """lambda, the weight of the discrepancy."""
    posterior: Literal["point", "normal"] = "point"
    """What the encoder gives: one code, or a normal law of which codes are drawn."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`WAE` for inputs of the data's shape."""
        require_at_least(2, "one example has no distribution", batch=self.batch)
        if self.posterior == "normal":
            return NormalWAE(self.build_nets(data), **self.shared(data))
        return WAE(self.build_nets(data, heads={"mean": self.latent_dim}), **self.shared(data))

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What both posteriors are built with beside their nets."""
        require_at_least(0, strength=self.strength)
        optimizer = Adam(lr=self.lr, betas=(0.5, 0.999))
        return super().shared(data) | {"strength": self.strength, "optimizer": optimizer}


@dataclass(frozen=True, kw_only=True)
class WAEGANRecipe(WAERecipe, AAERecipe):
    """Wasserstein autoencoder with a critic; defaults are those of the published code for MNIST."""

    critic_layers: ClassVar[int] = 4

    critic_lr: Scalar = 5e-4
    """Adam's learning rate for the critic (betas 0.5, 0.999)."""
    critic_width: int = 512
    """Units of each of the critic's 4 layers."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`AAE` with the choices of a Wasserstein autoencoder, for inputs of the data's shape."""
        critic = self.build_critic(self.latent_dim)
        if self.posterior == "normal":
            return NormalAAE(self.build_nets(data), critic, **self.shared(data))
        return AAE(self.build_nets(data, heads={"mean": self.latent_dim}), critic, **self.shared(data))
