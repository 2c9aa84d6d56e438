"""VIB: a code that tells a label, and as little else of the input as may be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from metaprior.core import (
    Adam,
    Batch,
    DataSpec,
    Method,
    Player,
    Replacement,
    Scalar,
    Step,
    Stream,
    Term,
    generator,
    require_at_least,
)
from metaprior.methods.attributes import Attribute, find_attribute
from metaprior.methods.autoencoder import NetsRecipe
from metaprior.nets import Posterior, glorot_uniform
from metaprior.objectives import categorical_nll, kl_normal, sample_normal


class VIB(Method):
    """E[-log p(y | z)] + beta * KL(q(z | x) || p(z)), p(y | z) linear in z (Alemi et al. 2017, equation 17).

    y is an attribute of every example; where one is missing, its likelihood adds nothing. Nothing is decoded.
    """

    cohort = True

    def __init__(
        self,
        encoder: nn.Module,
        latent_dim: int,
        attribute: Attribute,
        beta: Scalar = 1e-3,
        *,
        optimizer: Adam = Adam(lr=1e-4),  # noqa: B008 - frozen
        batch: int = 100,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.classifier = nn.Linear(latent_dim, attribute.size)
        glorot_uniform(self.classifier)
        self.attribute = attribute
        self.optimizer = optimizer
        self.batch = batch
        self.hyper["beta"] = beta

    def extra_repr(self) -> str:
        """The attribute, which members of a cohort have in common."""
        return repr(self.attribute)

    def players(self) -> tuple[Player, ...]:
        return (Player("vib", modules=("encoder", "classifier"), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        return {"unlabelled": Replacement(self.batch)}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        posterior = self.posterior(batch.inputs)
        codes = sample_normal(*posterior, step.randn("posterior", *posterior.mean.shape))
        return {
            "label": Term(categorical_nll(self.logits(codes), self.attribute.of(batch)).mean()),
            "kl": Term(kl_normal(*posterior).sum(dim=1).mean(), step.hyper["beta"]),
        }

    def logits(self, codes: Tensor) -> Tensor:
        """log p(y | z), B×K, up to a constant; in the codes' precision."""
        return self.classifier(codes).to(codes.dtype)

    def posterior(self, images: Tensor) -> Posterior:
        """q(z | x): mean and log-variance, each B×Z."""
        return Posterior(*(head.to(images.dtype) for head in self.encoder(images)))

    def encode(self, images: Tensor) -> Tensor:
        """The posterior's means, B×Z."""
        return self.posterior(images).mean

    def classify(self, images: Tensor, samples: int = 12, seed: int = 0) -> Tensor:
        """log of the mean p(y | z) over samples of the posterior, B×K; the paper takes 12.

        The noise is the same for every example, so that no answer depends on what else is asked.
        """
        mean, logvar = self.posterior(images)
        noise = torch.randn(samples, mean.shape[1], generator=generator(seed, "classify")).to(mean)
        codes = (sample_normal(mean, logvar, row.expand_as(mean)) for row in noise)
        return torch.stack([self.logits(each).log_softmax(dim=1) for each in codes]).logsumexp(dim=0) - math.log(
            samples
        )


@dataclass(frozen=True, kw_only=True)
class VIBRecipe(NetsRecipe):
    """Variational information bottleneck; sizes and rates are the paper's for MNIST, from memory."""

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
