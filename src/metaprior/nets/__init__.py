"""Plain networks. No losses in here."""

from metaprior.nets.autoencoder import AutoencoderNets, Encoder, Posterior, mlp_nets, small_nets, study_nets
from metaprior.nets.initialise import glorot_uniform
from metaprior.nets.mlp import mlp

AUTOENCODERS = {"study": study_nets, "small": small_nets, "mlp": mlp_nets}

__all__ = [
    "AUTOENCODERS", "AutoencoderNets", "Encoder", "Posterior", "glorot_uniform", "mlp", "mlp_nets", "small_nets",
    "study_nets",
]  # fmt: skip
