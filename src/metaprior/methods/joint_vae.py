"""JointVAE: a VAE with discrete codes beside the continuous ones, both held at capacities that grow."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from metaprior.core import (
    Batch,
    DataSpec,
    Explanation,
    Linear,
    MetapriorError,
    Method,
    Scalar,
    Step,
    Term,
    generator,
    require_above,
    require_at_least,
)
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.prior import prior_codes
from metaprior.nets import AutoencoderNets, normal_heads
from metaprior.objectives import kl_categorical, kl_normal, log_normal, sample_concrete, sample_normal


class JointPosterior(NamedTuple):
    """A diagonal normal, B×Z, and the logits of some categorical laws, B×K each."""

    mean: Tensor
    logvar: Tensor
    logits: tuple[Tensor, ...]


class JointVAE(Autoencoder):
    """Reconstruction + gamma * abs(KL_z - C_z) + gamma * abs(KL_c - C_c) (Dupont 2018, equation 7).

    Codes are Z continuous ones and then, for each discrete one, as many as it has values: probabilities where images
    are encoded, indicators where they are sampled, and in training a draw of the Concrete law. KL_c is that of the
    categorical laws from uniform ones, not of the Concrete laws; its capacity goes no further than sum log K, which
    it can not exceed.
    """

    player = "vae"

    def __init__(
        self,
        nets: AutoencoderNets,
        categories: tuple[int, ...] = (10,),
        capacity: Scalar = Linear(0.0, 5.0, steps=25_000),  # noqa: B008 - frozen
        discrete_capacity: Scalar = Linear(0.0, 5.0, steps=25_000),  # noqa: B008 - frozen
        gamma: Scalar = 30.0,
        temperature: float = 0.67,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.categories = categories
        self.temperature = temperature
        self.hyper |= {"capacity": capacity, "discrete_capacity": discrete_capacity, "gamma": gamma}

    def extra_repr(self) -> str:
        """What members of a cohort have in common."""
        return f"{super().extra_repr()}, categories={self.categories}, temperature={self.temperature}"

    def infer(self, batch: Batch, step: Step) -> tuple[JointPosterior, Tensor]:
        """q(z, c | x) and one sample of it, B×(Z + K), with relaxed values."""
        posterior = self.posteriors(self.seen(batch))
        continuous = sample_normal(*posterior[:2], step.randn("posterior", *posterior.mean.shape))
        return posterior, torch.cat([continuous, *self.relaxed(posterior.logits, step)], dim=1)

    def relaxed(self, logits: tuple[Tensor, ...], step: Step) -> list[Tensor]:
        """A draw of each Concrete law, B×K each."""
        noise = step.rand("concrete", len(logits[0]), sum(self.categories)).split(self.categories, dim=1)
        return [sample_concrete(each, own, self.temperature) for each, own in zip(logits, noise, strict=True)]

    def regularisers(self, posterior: JointPosterior, codes: Tensor, step: Step) -> dict[str, Term]:
        discrete = torch.stack([kl_categorical(each) for each in posterior.logits]).sum(dim=0)
        continuous = kl_normal(*posterior[:2]).sum(dim=1)
        rate, discrete_rate = step.gather(continuous).mean(), step.gather(discrete).mean()  # inside absolute values
        gamma, most = step.hyper["gamma"], sum(map(math.log, self.categories))
        discrete_capacity = step.hyper["discrete_capacity"].clamp(max=most)
        return {
            "kl": Term(rate, 0.0),
            "discrete_kl": Term(discrete_rate, 0.0),
            "off_capacity": Term((rate - step.hyper["capacity"]).abs(), gamma),
            "off_discrete_capacity": Term((discrete_rate - discrete_capacity).abs(), gamma),
        }

    def posteriors(self, inputs: Tensor) -> JointPosterior:
        """q(z | x) and q(c | x)."""
        mean, logvar, logits = self.heads(inputs)
        return JointPosterior(mean, logvar, logits.split(self.categories, dim=1))

    def encode(self, images: Tensor) -> Tensor:
        """The posterior's means and probabilities, B×(Z + K)."""
        mean, _, logits = self.posteriors(images)
        return torch.cat([mean, *(each.softmax(dim=1) for each in logits)], dim=1)

    def cluster(self, images: Tensor) -> Tensor:
        """Logits of the first discrete code, B×K: its values are the clusters."""
        return self.posteriors(images).logits[0]

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the prior, N(0, 1) and uniform values."""
        codes, source = prior_codes(self.nets, count, seed), generator(seed, "discrete")
        drawn = [F.one_hot(torch.randint(size, (count,), generator=source), size) for size in self.categories]
        return self.decode(torch.cat([codes, *(each.to(codes) for each in drawn)], dim=1))

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(z, c | x) whose values are not relaxed, and what they make of their examples."""
        posterior = self.posteriors(self.seen(batch))
        repeated = batch.map(lambda column: column.repeat_interleave(samples, dim=0))
        mean, logvar, *logits = (part.repeat_interleave(samples, dim=0) for part in (*posterior[:2], *posterior.logits))
        z = sample_normal(mean, logvar, step.randn("posterior", *mean.shape))
        relaxed = self.relaxed(tuple(logits), step)
        c = [F.one_hot(each.argmax(dim=1), each.shape[1]).to(z) for each in relaxed]
        nothing = torch.zeros_like(z)
        log_ratio = (log_normal(z, mean, logvar) - log_normal(z, nothing, nothing)).sum(dim=1)
        for value, each in zip(c, logits, strict=True):
            log_ratio = log_ratio + (value * each.log_softmax(dim=1)).sum(dim=1) + math.log(each.shape[1])
        codes = torch.cat([z, *c], dim=1)
        distortion = self.likelihood.nll(self.outputs(codes, repeated), repeated.inputs)
        rate = torch.cat(
            [kl_normal(*posterior[:2]), *(kl_categorical(part)[:, None] for part in posterior.logits)], dim=1
        )
        each = (batch.size, samples)
        return Explanation(
            codes.unflatten(0, each),
            distortion.unflatten(0, each),
            log_ratio.unflatten(0, each),
            rate,
            self.nets.latent_dim,
        )


@dataclass(frozen=True, kw_only=True)
class JointVAERecipe(AutoencoderRecipe):
    """JointVAE with the published code's choices for MNIST."""

    latent_dim: int = 10
    """Number of continuous codes."""
    categories: tuple[int, ...] = (10,)
    """How many values each discrete code has."""
    c_max: float = 5.0
    """The capacity that the continuous codes are held at in the end, nats."""
    discrete_c_max: float = 5.0
    """That of the discrete codes; it counts up to the sum of log K."""
    ramp: int = 25_000
    """Steps over which both capacities grow from 0; a run of fewer ends below them."""
    gamma: Scalar = 30.0
    """Weight of the distances from the capacities."""
    temperature: float = 0.67
    """That of the Concrete law: the nearer to 0, the nearer are its draws to indicators."""
    lr: Scalar = 5e-4
    """Adam's learning rate."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`JointVAE` for inputs of the data's shape."""
        require_at_least(0, c_max=self.c_max, discrete_c_max=self.discrete_c_max, gamma=self.gamma)
        require_at_least(1, ramp=self.ramp)
        require_above(0, temperature=self.temperature)
        if not self.categories or min(self.categories) < 2:
            raise MetapriorError(
                f"categories must name at least one discrete code of at least 2 values, not {self.categories}"
            )
        values = sum(self.categories)
        return JointVAE(
            self.build_nets(data, heads=normal_heads(self.latent_dim) | {"logits": values}, told=values),
            self.categories,
            Linear(0.0, self.c_max, self.ramp),
            Linear(0.0, self.discrete_c_max, self.ramp),
            self.gamma,
            self.temperature,
            **self.shared(data),
        )
