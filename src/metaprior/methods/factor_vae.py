"""FactorVAE: a VAE whose total correlation is estimated and penalised through a critic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import Adam, Batch, DataSpec, Method, Player, Scalar, Step, Term, require_above, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior, mlp
from metaprior.objectives import ratio_loss, ratio_total_correlation


class FactorVAE(VAE):
    """VAE + gamma * TC(q(z)), TC by a density-ratio critic (Kim & Mnih 2018).

    As in the study, the critic sees the codes of the same batch and the same forward pass as the VAE; unlike the
    reference code, a step is one update of each player.
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        gamma: Scalar = 10.0,
        *,
        critic_lr: Scalar = 1e-4,
        critic_width: int = 1000,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.critic = mlp(nets.latent_dim, [critic_width] * 6, 2, leak=0.2)
        self.critic_lr = critic_lr
        self.hyper["gamma"] = gamma

    def players(self) -> tuple[Player, ...]:
        critic = Player("critic", modules=("critic",), optimizer=Adam(lr=self.critic_lr, betas=(0.5, 0.9)))
        return (*super().players(), critic)

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        if player != "critic":
            return super().forward(player, batches, step)
        codes = step.shared["codes"]
        joint, product = (self.critic(z).to(codes.dtype) for z in (codes, step.shuffle_each_column(codes)))
        return {"ratio": Term(ratio_loss(joint, product))}

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        step.shared["codes"] = codes.detach()
        correlation = ratio_total_correlation(self.critic(codes).to(codes.dtype))
        return super().regularisers(posterior, codes, step) | {
            "total_correlation": Term(correlation, step.hyper["gamma"])
        }


@dataclass(frozen=True, kw_only=True)
class FactorVAERecipe(VAERecipe):
    """FactorVAE with the few-labels study's critic; the ICML 2019 study swept gamma over 10, 20, 30, 40, 50, 100."""

    gamma: Scalar = 10.0
    """Weight of the total correlation."""
    critic_lr: Scalar = 1e-4
    """Adam's learning rate for the critic (betas 0.5, 0.9)."""
    critic_width: int = 1000
    """Units of each of the critic's 6 layers; with small nets the published 1,000 take most of the time."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`FactorVAE` for inputs of the data's shape."""
        require_at_least(0, gamma=self.gamma)
        require_above(0, critic_lr=self.critic_lr)
        require_at_least(1, critic_width=self.critic_width)
        require_at_least(2, "one example has nothing to permute", batch=self.batch)
        return FactorVAE(
            self.build_nets(data), self.gamma, critic_lr=self.critic_lr, critic_width=self.critic_width,
            **self.shared(data),
        )  # fmt: skip
