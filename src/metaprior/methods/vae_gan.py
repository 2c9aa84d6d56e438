"""VAE/GAN: a VAE whose reconstructions are judged by what a critic of images sees in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from metaprior.core import Adam, Batch, DataSpec, Method, Player, Scalar, Step, Term, require_above, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, FeatureCritic
from metaprior.objectives import discrimination_loss, non_saturating_loss


class VAEGAN(VAE):
    """A VAE and a GAN that share the decoder G; f(x) are a critic's features of x (Larsen et al. 2016, algorithm 1).

    - The encoder minimises -log N(f(x); f(G(z)), v) + KL.
    - The decoder minimises gamma times the first of these and -log(1 - D), D the critic's probability that G made what
      it made, of the codes of images and of as many draws of the prior.
    - The critic minimises its loss of telling both from images.

    The three take turns in this order. The variance v is that of the features of the batch's images, mean over
    features, in the place of the paper's batch normalisation: without either, a critic with small features lets all
    codes collapse. ``reconstruction``, the usual -log p(x | z), is logged, and no player minimises it.
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        critic: FeatureCritic,
        gamma: Scalar = 0.1,
        *,
        critic_lr: Scalar = 1e-4,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.critic = critic
        self.critic_lr = critic_lr
        self.hyper["gamma"] = gamma

    def players(self) -> tuple[Player, ...]:
        return (
            Player("encoder", modules=("nets.encoder",), optimizer=self.optimizer),
            Player("decoder", modules=("nets.decoder",), optimizer=self.optimizer),
            Player("critic", modules=("critic",), optimizer=Adam(lr=self.critic_lr, betas=self.optimizer.betas)),
        )

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        if player == "decoder":
            return self.deceit(step)
        if player == "critic":
            return self.discrimination(batch, step)
        posterior, codes = self.infer(batch, step)
        step.shared |= {"codes": codes.detach(), "features": self.critic.features(batch.inputs).detach()}
        outputs = self.outputs(codes, batch)
        seen = self.critic.features(self.likelihood.mean(outputs))
        return {
            "features": Term(self.unlikeness(seen, step)),
            "reconstruction": Term(self.likelihood.nll(outputs.detach(), batch.inputs).mean(), 0.0),
        } | self.regularisers(posterior, codes, step)

    def deceit(self, step: Step) -> dict[str, Term]:
        """What the decoder minimises, given the codes of the encoder's turn and the features of its images."""
        codes = step.shared["codes"]
        drawn = step.randn("prior", *codes.shape)
        made = self.likelihood.mean(self.nets.decoder(torch.cat([codes, drawn])))
        step.shared["made"] = made.detach()
        seen = self.critic.features(made)
        rebuilt, _ = seen.chunk(2)
        return {
            "features": Term(self.unlikeness(rebuilt, step), step.hyper["gamma"]),
            "adversarial": Term(non_saturating_loss(self.critic.logits(seen))),
        }

    def unlikeness(self, seen: Tensor, step: Step) -> Tensor:
        """-log N(f(x); seen, v) less its constant, mean over the batch, in nats."""
        features = step.shared["features"]
        variance = step.gather(features).var(dim=0, correction=0).mean()
        return 0.5 * (seen - features).square().sum(dim=1).mean() / variance.clamp(min=torch.finfo(variance.dtype).tiny)

    def discrimination(self, batch: Batch, step: Step) -> dict[str, Term]:
        """What the critic minimises, given what the decoder made in its turn."""
        made, real = self.critic(step.shared["made"]), self.critic(batch.inputs)
        return {"discrimination": Term(discrimination_loss(made, real))}


@dataclass(frozen=True, kw_only=True)
class VAEGANRecipe(VAERecipe):
    """VAE/GAN; gamma and the rates are ours, for nets of this size: the paper has RMSProp at 3e-4, from memory.

    The critic is the encoder's net over again, with a logit for its head, and its features are the last hidden layer.
    """

    lr: Scalar = 1e-3
    """Adam's learning rate for encoder and decoder (betas 0.5, 0.999)."""
    gamma: Scalar = 0.1
    """Weight of the distance in features for the decoder, against deceiving the critic."""
    critic_lr: Scalar = 1e-4
    """Adam's learning rate for the critic (betas 0.5, 0.999)."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`VAEGAN` for inputs of the data's shape."""
        require_at_least(0, gamma=self.gamma)
        require_above(0, critic_lr=self.critic_lr)
        require_at_least(2, "the features of one example do not vary", batch=self.batch)
        nets = self.build_nets(data)
        judge = self.build_nets(data, heads={"logit": 1}).encoder
        critic = FeatureCritic(judge.get_submodule("trunk"), judge.get_submodule("logit"))
        return VAEGAN(nets, critic, self.gamma, critic_lr=self.critic_lr, **self.shared(data))

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What every VAE is built with beside its nets, with the optimiser of those who play against a critic."""
        return super().shared(data) | {"optimizer": Adam(lr=self.lr, betas=(0.5, 0.999))}
