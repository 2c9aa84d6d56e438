"""The variational autoencoder; the base of every VAE with other regularisers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from metaprior.core import (
    Adam,
    Batch,
    DataSpec,
    MetapriorError,
    Method,
    Player,
    Replacement,
    Scalar,
    Step,
    Stream,
    Term,
    generator,
    require_above,
    require_at_least,
)
from metaprior.methods.images import require_images
from metaprior.methods.supervision import Supervision, SupervisionRecipe
from metaprior.nets import AUTOENCODERS, AutoencoderNets, Posterior
from metaprior.objectives import bernoulli_nll, kl_normal, sample_normal


class VAE(Method):
    """Reconstruction + KL (Kingma & Welling 2014); a subclass changes :meth:`regularisers`.

    With ``supervision``, + gamma_sup * R_sup on a labelled batch: the S2 variants of Locatello et al. 2020.
    """

    cohort = True

    def __init__(
        self,
        nets: AutoencoderNets,
        *,
        optimizer: Adam = Adam(lr=1e-4),  # noqa: B008 - frozen
        batch: int = 64,
        supervision: Supervision | None = None,
    ) -> None:
        super().__init__()
        self.nets = nets
        self.optimizer = optimizer
        self.batch = batch
        self.supervision = supervision
        if supervision:
            self.hyper["gamma_sup"] = supervision.gamma

    def players(self) -> tuple[Player, ...]:
        learns = self.supervision is not None and any(True for _ in self.supervision.parameters())
        return (Player("vae", modules=("nets", *["supervision"] * learns), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        unlabelled: dict[str, Stream] = {"unlabelled": Replacement(self.batch)}
        return unlabelled | (self.supervision.streams() if self.supervision else {})

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        images = batches["unlabelled"].images
        posterior, codes = self.posterior_sample(images, step)
        return (
            self.reconstruction(images, codes)
            | self.regularisers(posterior, codes, step)
            | self.supervised(batches, step)
        )

    def posterior_sample(self, images: Tensor, step: Step) -> tuple[Posterior, Tensor]:
        """q(z | images) and one sample of it, B×Z."""
        posterior = self.posterior(images)
        return posterior, sample_normal(*posterior, step.randn("posterior", *posterior.mean.shape))

    def reconstruction(self, images: Tensor, codes: Tensor) -> dict[str, Term]:
        """-log p(images | codes), mean over the batch, in nats."""
        return {"reconstruction": Term(bernoulli_nll(self.nets.decoder(codes), images).mean())}

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        """The terms on the codes: here the KL from the prior, mean over the batch, in nats."""
        return {"kl": Term(kl_normal(*posterior).sum(dim=1).mean())}

    def supervised(self, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        """R_sup on the labelled batch, if there is supervision; labelled images enter no other term."""
        if self.supervision is None:
            return {}
        labelled = batches["labelled"]
        value = self.supervision(self.encode(labelled.images), labelled.factors, step)
        return {"supervised": Term(value, step.hyper["gamma_sup"])}

    def posterior(self, images: Tensor) -> Posterior:
        """q(z | images): mean and log-variance, each B×Z."""
        return Posterior(*(part.to(images.dtype) for part in self.nets.encoder(images)))

    def encode(self, images: Tensor) -> Tensor:
        """Means of the posterior, B×Z."""
        return self.posterior(images).mean

    def decode(self, codes: Tensor) -> Tensor:
        """Pixel probabilities in [0, 1], B×C×H×W."""
        return self.nets.decoder(codes).sigmoid()

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the prior N(0, 1), count×C×H×W."""
        weight = self.nets.encoder.mean.weight
        codes = torch.randn(count, self.nets.latent_dim, generator=generator(seed, "sample"))
        return self.decode(codes.to(weight))


@dataclass(frozen=True, kw_only=True)
class VAERecipe:
    """A variational autoencoder; the defaults are those of the few-labels study."""

    needs_labels: ClassVar[bool] = False
    supervision: ClassVar[SupervisionRecipe | None] = None
    """How labels enter the loss: a choice of the recipes that learn from labels."""

    latent_dim: int = 10
    """Number of codes."""
    nets: Literal["auto", "study", "small", "mlp"] = "auto"
    """study: the published conv nets, 64x64 only; small: conv nets for 8 to 64 px; auto: study at 64 px, else small."""
    batch: int = 64
    """Unlabelled images a step."""
    lr: Scalar = 1e-4
    """Adam's learning rate."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`VAE` for images of the data's shape."""
        return VAE(self.build_nets(data), **self.shared(data))

    def build_nets(self, data: DataSpec) -> AutoencoderNets:
        """The encoder and decoder this recipe names."""
        if not 1 <= self.latent_dim <= 2**20:
            raise MetapriorError(f"latent_dim must be at least 1 and at most {2**20}, not {self.latent_dim}")
        shape = require_images(data, self.nets)
        kind = ("study" if shape[1:] == (64, 64) else "small") if self.nets == "auto" else self.nets
        return AUTOENCODERS[kind](shape, self.latent_dim)

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What every VAE is built with beside its nets and its own weights: optimiser, batch and supervision."""
        require_above(0, lr=self.lr)
        require_at_least(1, batch=self.batch)
        supervision = self.supervision.build(data, self.latent_dim) if self.supervision else None
        return {"optimizer": Adam(lr=self.lr), "batch": self.batch, "supervision": supervision}
