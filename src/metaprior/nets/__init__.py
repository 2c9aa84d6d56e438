"""Plain networks. No losses in here."""

from metaprior.nets.autoencoder import (
    AutoencoderNets,
    Encoder,
    Posterior,
    linear_nets,
    mlp_nets,
    normal_heads,
    small_nets,
    study_nets,
)
from metaprior.nets.condition import joined
from metaprior.nets.critic import AttributeCritic, Critic, FeatureCritic
from metaprior.nets.initialise import glorot_uniform
from metaprior.nets.mlp import mlp
from metaprior.nets.standardise import Standardise

AUTOENCODERS = {"study": study_nets, "small": small_nets, "mlp": mlp_nets, "linear": linear_nets}

__all__ = [
    "AUTOENCODERS", "AttributeCritic", "AutoencoderNets", "Critic", "Encoder", "FeatureCritic", "Posterior",
    "Standardise", "glorot_uniform", "joined", "linear_nets", "mlp", "mlp_nets", "normal_heads", "small_nets",
    "study_nets",
]  # fmt: skip
