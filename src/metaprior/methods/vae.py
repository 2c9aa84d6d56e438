"""The variational autoencoder; the base of every VAE with other regularisers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from metaprior.core import Batch, DataSpec, Explanation, Method, Player, Step, Stream, Term
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.prior import prior_codes
from metaprior.methods.supervision import Supervision, SupervisionRecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import kl_normal, log_normal, sample_normal


class VAE(Autoencoder):
    """Reconstruction + KL (Kingma & Welling 2014); a subclass changes :meth:`regularisers`.

    With ``supervision``, + gamma_sup * R_sup on a labelled batch: the S2 variants of Locatello et al. 2020.
    """

    player = "vae"

    def __init__(self, nets: AutoencoderNets, *, supervision: Supervision | None = None, **options: Any) -> None:
        super().__init__(nets, **options)
        self.supervision = supervision
        if supervision:
            self.hyper["gamma_sup"] = supervision.gamma

    def players(self) -> tuple[Player, ...]:
        learns = self.supervision is not None and any(True for _ in self.supervision.parameters())
        return (Player(self.player, modules=("nets", *["supervision"] * learns), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        return super().streams() | (self.supervision.streams() if self.supervision else {})

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        return super().forward(player, batches, step) | self.supervised(batches, step)

    def infer(self, batch: Batch, step: Step) -> tuple[Posterior, Tensor]:
        """q(z | x) and one sample of it, B×Z."""
        posterior = self.posterior_of(batch)
        return posterior, sample_normal(*posterior, step.randn("posterior", *posterior.mean.shape))

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        """The terms on the codes: here the KL from the prior, mean over the batch, in nats."""
        return {"kl": Term(kl_normal(*posterior).sum(dim=1).mean())}

    def supervised(self, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        """R_sup on the labelled batch, if there is supervision; labelled images enter no other term."""
        if self.supervision is None:
            return {}
        labelled = batches["labelled"]
        value = self.supervision(self.encode(labelled.inputs), labelled.factors, step)
        return {"supervised": Term(value, step.hyper["gamma_sup"])}

    def posterior_of(self, batch: Batch) -> Posterior:
        """q(z | x) by all that the encoder sees of a batch."""
        return Posterior(*self.heads(self.seen(batch))[:2])

    def posterior(self, images: Tensor) -> Posterior:
        """q(z | x): mean and log-variance, each B×Z."""
        return Posterior(*self.heads(images)[:2])

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the prior N(0, 1), count×C×H×W."""
        return self.decode(prior_codes(self.nets, count, seed))

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(z | x), -log p(x | z), log q(z | x) / p(z) and the KL of each code."""
        posterior = self.posterior_of(batch)
        repeated = batch.map(lambda column: column.repeat_interleave(samples, dim=0))
        wide = Posterior(*(part.repeat_interleave(samples, dim=0) for part in posterior))
        codes = sample_normal(*wide, step.randn("posterior", *wide.mean.shape))
        nothing = torch.zeros_like(codes)
        log_ratio = (log_normal(codes, *wide) - log_normal(codes, nothing, nothing)).sum(dim=1)
        distortion = self.likelihood.nll(self.outputs(codes, repeated), repeated.inputs)
        each = (batch.size, samples)
        return Explanation(
            codes.unflatten(0, each), distortion.unflatten(0, each), log_ratio.unflatten(0, each),
            kl_normal(*posterior), codes.shape[1], posterior,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class VAERecipe(AutoencoderRecipe):
    """A variational autoencoder; the defaults are those of the few-labels study."""

    supervision: ClassVar[SupervisionRecipe | None] = None
    """How labels enter the loss: a choice of the recipes that learn from labels."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`VAE` for inputs of the data's shape."""
        return VAE(self.build_nets(data), **self.shared(data))

    def shared(self, data: DataSpec) -> dict[str, Any]:
        """What every VAE is built with beside its nets and its own weights: with supervision."""
        supervision = self.supervision.build(data, self.latent_dim) if self.supervision else None
        return super().shared(data) | {"supervision": supervision}
