"""VIB, the variational information bottleneck: normal codes that tell a label."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from metaprior.core import Batch, DataSpec, Explanation, Method, Scalar, Step, require_at_least
from metaprior.methods.attributes import find_attribute
from metaprior.methods.autoencoder import NetsRecipe
from metaprior.methods.bottleneck import Bottleneck
from metaprior.nets import Posterior
from metaprior.objectives import kl_normal, log_normal, sample_normal


class VIB(Bottleneck):
    """The bottleneck of normal codes, with the prior N(0, 1) (Alemi et al. 2017, equation 17)."""

    def law(self, inputs: Tensor) -> Posterior:
        return Posterior(*(head.to(inputs.dtype) for head in self.encoder(inputs)))

    def draw(self, law: Posterior, noise: Tensor) -> Tensor:
        return sample_normal(*law, noise)

    def kl(self, law: Posterior) -> Tensor:
        return kl_normal(*law)

    def log_ratio(self, law: Posterior, codes: Tensor) -> Tensor:
        nothing = torch.zeros_like(codes)
        return (log_normal(codes, *law) - log_normal(codes, nothing, nothing)).sum(dim=1)

    def posterior(self, images: Tensor) -> Posterior:
        """q(z | x): mean and log-variance, each B×Z."""
        return self.law(images)

    def encode(self, images: Tensor) -> Tensor:
        """The posterior's means, B×Z."""
        return self.law(images).mean

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(z | x), log q(z | x) / p(z) and the KL of each code; there is no p(x | z)."""
        return replace(
            super().explain(batch, step, samples),
            standard=self.classifier.in_features,
            posterior=self.law(batch.inputs),
        )


@dataclass(frozen=True, kw_only=True)
class VIBRecipe(NetsRecipe):
    """Variational information bottleneck; codes, batch and rate as for MNIST in the paper, from memory."""

    latent_dim: int = 256
    """Number of codes."""
    batch: int = 100
    """Examples a step."""
    beta: Scalar = 1e-3
    """Weight of the KL; the paper sweeps it, and 1e-3 to 1e-2 does best."""
    attribute: str | None = None
    """Name of a factor, or label; none: the label, or the first factor where there are no classes."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`VIB` for inputs of the data's shape."""
        require_at_least(0, beta=self.beta)
        attribute = find_attribute(data, self.attribute)
        return VIB(self.build_nets(data).encoder, self.latent_dim, attribute, self.beta, **self.shared(data))
