"""AAE: an autoencoder whose codes are drawn to the prior by a critic that would tell them apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from metaprior.core import Adam, Batch, DataSpec, Method, Player, Scalar, Step, Term, require_above, require_at_least
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.prior import prior_codes
from metaprior.methods.vae import VAE
from metaprior.nets import AutoencoderNets, Critic
from metaprior.objectives import discrimination_loss, non_saturating_loss


class AAE(Autoencoder):
    """Reconstruction - strength * E_q(z) log(1 - D(z)), D(z) by a critic of codes and prior (Makhzani et al. 2016).

    The paper updates the encoder for the two terms in turn; here a step is one update of their sum, as in WAE-GAN,
    which this is with a squared error. The critic then learns from the same codes.
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        critic: nn.Module,
        strength: Scalar = 1.0,
        *,
        critic_optimizer: Adam = Adam(lr=1e-4, betas=(0.5, 0.999)),  # noqa: B008 - frozen
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.critic = critic
        self.critic_optimizer = critic_optimizer
        self.hyper["strength"] = strength

    def players(self) -> tuple[Player, ...]:
        return (*super().players(), Player("critic", modules=("critic",), optimizer=self.critic_optimizer))

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        if player != "critic":
            return super().forward(player, batches, step)
        return self.discrimination(step)

    def regularisers(self, posterior: Any, codes: Tensor, step: Step) -> dict[str, Term]:
        step.shared["codes"] = codes.detach()
        return {"adversarial": Term(non_saturating_loss(self.critic(codes)), step.hyper["strength"])}

    def discrimination(self, step: Step) -> dict[str, Term]:
        """What the critic minimises, given the codes of the encoder's turn, which take no gradient."""
        codes = step.shared["codes"]
        prior = step.randn("prior", *codes.shape)
        return {"discrimination": Term(discrimination_loss(self.critic(codes), self.critic(prior)))}

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the prior N(0, 1)."""
        return self.decode(prior_codes(self.nets, count, seed))


class NormalAAE(AAE, VAE):
    """:class:`AAE` whose codes are sampled from a normal posterior."""


@dataclass(frozen=True, kw_only=True)
class AAERecipe(AutoencoderRecipe):
    """Adversarial autoencoder; the rates and the critic's width are ours, for nets of this size.

    The paper's encoders, decoders and critics for MNIST have 2 layers of 1,000 units each, from memory.
    """

    critic_layers: ClassVar[int] = 2

    lr: Scalar = 1e-3
    """Adam's learning rate."""
    strength: Scalar = 1.0
    """Weight of the encoder's term against each critic."""
    critic_lr: Scalar = 1e-4
    """Adam's learning rate for critics (betas 0.5, 0.999)."""
    critic_width: int = 256
    """Units of each of a critic's layers."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`AAE` for inputs of the data's shape."""
        nets = self.build_nets(data, heads={"mean": self.latent_dim})
        return AAE(nets, self.build_critic(self.latent_dim), **self.shared(data))

    def build_critic(self, inputs: int) -> Critic:
        """A critic of vectors of that size."""
        require_at_least(1, critic_width=self.critic_width)
        return Critic(inputs, [self.critic_width] * self.critic_layers)

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What every autoencoder with a critic is built with beside its nets."""
        require_at_least(0, strength=self.strength)
        require_above(0, critic_lr=self.critic_lr)
        optimizer = Adam(lr=self.critic_lr, betas=(0.5, 0.999))
        return super().shared(data) | {"strength": self.strength, "critic_optimizer": optimizer}
