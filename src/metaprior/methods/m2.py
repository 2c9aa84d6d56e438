"""M2: a conditional VAE that learns from a few labels, and from unlabelled examples by all labels they might have."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from metaprior.core import (
    Batch,
    Cycle,
    DataSpec,
    Explanation,
    Method,
    Player,
    Scalar,
    Step,
    Stream,
    Term,
    require_at_least,
)
from metaprior.methods.attributes import Attribute, find_labelled_attribute
from metaprior.methods.cvae import CVAE
from metaprior.methods.vae import VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import (
    categorical_nll,
    enumerated_bound,
    kl_categorical,
    kl_normal,
    log_normal,
    sample_categorical,
    sample_normal,
)


class M2(CVAE):
    """E_unlabelled sum_y q(y | x) (L(x, y) + log q(y | x)) + E_labelled L(x, y) - alpha * E_labelled log q(y | x).

    L(x, y) = -log p(x | y, z) + KL(q(z | x, y) || p(z)) - log p(y), with p(y) uniform (Kingma et al. 2014, equations 6
    to 9; theirs are sums over all examples). The sum over labels is exact: an unlabelled example is encoded and decoded
    once for each. A model that is asked without a label tells its encoder q(y | x), its decoder the uniform
    distribution.
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        classifier: nn.Module,
        attribute: Attribute,
        alpha: Scalar = 50.0,
        bounds: Scalar = 1.0,
        *,
        labelled_batch: int = 64,
        **options: Any,
    ) -> None:
        super().__init__(nets, attribute, **options)
        self.classifier = classifier
        self.labelled_batch = labelled_batch
        self.hyper |= {"alpha": alpha, "bounds": bounds}

    def players(self) -> tuple[Player, ...]:
        return (Player(self.player, modules=("nets", "classifier"), optimizer=self.optimizer),)

    def streams(self) -> dict[str, Stream]:
        return {**super().streams(), "labelled": Cycle(self.labelled_batch, source="labelled")}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        labelled, inputs = batches["labelled"], batches["unlabelled"].inputs
        values = self.attribute.of(labelled)
        told = F.one_hot(values.clamp(min=0), self.attribute.size).to(labelled.inputs.dtype)
        noise = step.randn("labelled", len(values), self.nets.latent_dim)
        losses = self.losses(labelled.inputs, told, noise) * (values >= 0)  # a missing label adds nothing
        noise = step.randn("posterior", len(inputs), self.attribute.size, self.nets.latent_dim)
        every = self.losses(*self.with_every_value(inputs), noise.flatten(0, 1)).unflatten(0, (len(inputs), -1))
        return {
            "unlabelled": Term(enumerated_bound(every, self.classify(inputs)).mean(), step.hyper["bounds"]),
            "labelled": Term(losses.mean(), step.hyper["bounds"]),
            "label": Term(categorical_nll(self.classify(labelled.inputs), values).mean(), step.hyper["alpha"]),
        }

    def losses(self, inputs: Tensor, told: Tensor, noise: Tensor) -> Tensor:
        """L(x, y), B, by one sample of z."""
        posterior = self.posterior(inputs, told)
        codes = sample_normal(*posterior, noise)
        distortion = self.likelihood.nll(self.nets.decoder(torch.cat([codes, told], dim=1)), inputs)
        return distortion + kl_normal(*posterior).sum(dim=1) + math.log(self.attribute.size)

    def with_every_value(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Each input once for each value of y, and the values as indicators: B·K rows, those of one input together."""
        values = torch.eye(self.attribute.size, dtype=inputs.dtype, device=inputs.device)
        return inputs.repeat_interleave(len(values), dim=0), values.repeat(len(inputs), 1)

    def classify(self, images: Tensor) -> Tensor:
        """log q(y | x), B×K, up to a constant."""
        (logits,) = self.classifier(images)
        return logits.to(images.dtype)

    def posterior(self, images: Tensor, told: Tensor | None = None) -> Posterior:
        """q(z | x, y): mean and log-variance, each B×Z; without y, it is told q(y | x)."""
        return super().posterior(images, self.classify(images).softmax(dim=1) if told is None else told)

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(y | x) and q(z | x, y), and what they make of their examples, by no label that a batch holds.

        The rate is that of each code, mean over q(y | x), and then that of y.
        """
        logits, size = self.classify(batch.inputs), self.attribute.size
        uniform = step.rand("value", batch.size, samples)
        values = sample_categorical(logits[:, None], uniform)
        told = F.one_hot(values.flatten(), size).to(logits.dtype)
        inputs = batch.inputs.repeat_interleave(samples, dim=0)
        posterior = self.posterior(inputs, told)
        codes = sample_normal(*posterior, step.randn("posterior", *posterior.mean.shape))
        nothing = torch.zeros_like(codes)
        log_ratio = (log_normal(codes, *posterior) - log_normal(codes, nothing, nothing)).sum(dim=1)
        of_values = logits.log_softmax(dim=1).gather(1, values) + math.log(size)
        distortion = self.likelihood.nll(self.nets.decoder(torch.cat([codes, told], dim=1)), inputs)
        rates = kl_normal(*self.posterior(*self.with_every_value(batch.inputs))).unflatten(0, (batch.size, size))
        rate = (rates * logits.softmax(dim=1)[:, :, None]).sum(dim=1)
        each = (batch.size, samples)
        return Explanation(
            codes.unflatten(0, each),
            distortion.unflatten(0, each),
            log_ratio.unflatten(0, each) + of_values,
            torch.cat([rate, kl_categorical(logits)[:, None]], dim=1),
            standard=self.nets.latent_dim,
        )


@dataclass(frozen=True, kw_only=True)
class M2Recipe(VAERecipe):
    """Semi-supervised VAE, as the paper's M2."""

    needs_labels: ClassVar[bool] = True
    usual_labels: ClassVar[int] = 100

    latent_dim: int = 50
    """Number of codes."""
    lr: Scalar = 4.2e-4
    """Adam's learning rate: that of Pyro's example."""
    attribute: str | None = None
    """Name of a labelled factor, or label; none: the label, or the first labelled factor where there are no classes."""
    alpha: Scalar = 50.0
    """Weight of the classifier's loss on labelled examples. The paper's 0.1 N against sums over all examples is 0.1 N
    / (number of labels) against means, and so 50 of 100 labels of 50,000 examples."""
    bounds: Scalar = 1.0
    """Weight of what unlabelled and labelled inputs themselves teach; 0: the classifier learns from labels alone."""
    labelled_batch: int = 64
    """Labelled examples a step."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`M2` for inputs of the data's shape."""
        require_at_least(0, alpha=self.alpha, bounds=self.bounds)
        require_at_least(1, labelled_batch=self.labelled_batch)
        attribute = find_labelled_attribute(data, self.attribute)
        return M2(
            self.build_nets(data, seen=attribute.size, told=attribute.size),
            self.build_nets(data, heads={"logits": attribute.size}).encoder,
            attribute,
            self.alpha,
            self.bounds,
            labelled_batch=self.labelled_batch,
            **self.shared(data),
        )
