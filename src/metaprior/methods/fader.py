"""Fader networks: an autoencoder whose decoder is told an attribute, of which a critic finds nothing in the codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from metaprior.core import (
    Adam,
    Batch,
    DataSpec,
    Linear,
    Method,
    Player,
    Scalar,
    Step,
    Term,
    require_above,
    require_at_least,
)
from metaprior.methods.attributes import Attribute, find_known_attribute
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.nets import AttributeCritic, AutoencoderNets
from metaprior.objectives import categorical_nll, categorical_nll_of_others

_DROPOUT = 0.3


class Fader(Autoencoder):
    """-log p(x | z, y) - strength * E log(1 - P(y | z)), P by a critic that learns y from z (Lample et al. 2017).

    The encoder never sees y, an attribute of each example; the decoder is told it, as indicators, and where it is not
    given the uniform distribution over its values. The critic learns with dropout, and is asked without. The paper's
    attributes are binary, and 1 - P(y | z) is the other value's probability; here it is that of all others together.
    The paper's critic has its turn first; here it learns from the codes of the autoencoder's turn.
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        attribute: Attribute,
        critic: AttributeCritic,
        strength: Scalar,
        *,
        critic_lr: Scalar = 2e-4,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.attribute = attribute
        self.critic = critic
        self.critic_lr = critic_lr
        self.hyper["strength"] = strength

    def extra_repr(self) -> str:
        """The likelihood and the attribute, which members of a cohort have in common."""
        return f"{super().extra_repr()}, {self.attribute}"

    def players(self) -> tuple[Player, ...]:
        critic = Player("critic", modules=("critic",), optimizer=Adam(lr=self.critic_lr, betas=self.optimizer.betas))
        return (*super().players(), critic)

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        values = self.attribute.of(batch)
        if player == "critic":
            codes = step.shared["codes"]
            kept = (step.rand("dropout", len(codes), self.critic.width) >= _DROPOUT) / (1 - _DROPOUT)
            return {"attribute": Term(categorical_nll(self.critic(codes, kept), values).mean())}
        codes = self.encode(batch.inputs)
        step.shared["codes"] = codes.detach()
        adversarial = categorical_nll_of_others(self.critic(codes), values).mean()
        return self.reconstruction(batch, codes) | {"adversarial": Term(adversarial, step.hyper["strength"])}

    def outputs(self, codes: Tensor, batch: Batch) -> Tensor:
        return self.nets.decoder(torch.cat([codes, self.attribute.one_hot(batch)], dim=1))

    def decode(self, codes: Tensor, told: Tensor | None = None) -> Tensor:
        """What codes stand for, of examples with that attribute: values, int64 B, or probabilities, B×K."""
        return super().decode(torch.cat([codes, self.attribute.told(codes, told)], dim=1))


@dataclass(frozen=True, kw_only=True)
class FaderRecipe(AutoencoderRecipe):
    """Fader network; both learning rates are the published code's, strength, ramp, batch and nets are ours.

    Its strength of 0.0001 goes with a mean squared error, ours with a sum: there it is 0.0001 times the number of
    values, about 20 of the 256×256 colour images it was chosen for, and far too little of small ones.
    """

    attribute: str | None = None
    """Name of a factor, or label; none: the label, or the first factor where there are no classes."""
    likelihood: Literal["auto", "bernoulli", "normal"] = "normal"
    """What outputs say: normal, whose variance of 1/2 is the squared error; bernoulli; auto: bernoulli for images."""
    variance: float = 0.5
    """Variance of the normal likelihood."""
    lr: Scalar = 2e-4
    """Adam's learning rate (betas 0.5, 0.999)."""
    strength: float = 1.0
    """Weight of the critic's surprise, in the end."""
    ramp: int = 1000
    """Steps over which the weight grows from 0; 500,000 as published, of which a short run would see nothing."""
    critic_lr: Scalar = 2e-4
    """Adam's learning rate for the critic (betas 0.5, 0.999)."""
    critic_width: int = 512
    """Units of each of the critic's 2 layers."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`Fader` for inputs of the data's shape."""
        require_at_least(0, strength=self.strength)
        require_above(0, critic_lr=self.critic_lr)
        require_at_least(1, critic_width=self.critic_width, ramp=self.ramp)
        attribute = find_known_attribute(data, self.attribute)
        nets = self.build_nets(data, heads={"mean": self.latent_dim}, told=attribute.size)
        critic = AttributeCritic(self.latent_dim, self.critic_width, attribute.size)
        options = self.shared(data) | {"optimizer": Adam(lr=self.lr, betas=(0.5, 0.999))}
        strength = Linear(0.0, self.strength, self.ramp)
        return Fader(nets, attribute, critic, strength, critic_lr=self.critic_lr, **options)
