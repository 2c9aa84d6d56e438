"""VFAE, the variational fair autoencoder: codes that tell nothing of an attribute, and may tell another."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from metaprior.core import (
    Batch,
    DataSpec,
    Explanation,
    MetapriorError,
    Method,
    Player,
    Scalar,
    Step,
    Term,
    generator,
    require_at_least,
)
from metaprior.methods.attributes import Attribute, find_attribute, find_known_attribute
from metaprior.methods.cvae import CVAERecipe
from metaprior.methods.invariant_vae import FourierMMDOfGroups, InvariantVAE, MMDOfGroups
from metaprior.methods.prior import prior_codes
from metaprior.nets import AutoencoderNets, Posterior, glorot_uniform, mlp
from metaprior.objectives import (
    categorical_nll,
    kl_categorical,
    kl_normal,
    log_normal,
    sample_categorical,
    sample_normal,
)

_HIDDEN = 100
"""Units of the nets between z1 and z2."""


class TargetVFAE(InvariantVAE):
    """The VFAE with a target y, which codes are to tell (Louizos et al. 2016, equations 4 to 8).

    -log p(x | z1, s) + L(y) - alpha * log q(y | z1) + strength * MMD, where L(y) = log q(z1 | x, s) / p(z1 | z2, y)
    + KL(q(z2 | z1, y) || p(z2)) - log p(y), with z1 and z2 sampled and p(y) uniform. In the place of L(y) an example
    whose y is missing has sum_y q(y | z1) (L(y) + log q(y | z1)), by all values of y, and its classifier's loss is 0.
    Codes are z1. That the classifier is linear and the nets between z1 and z2 have one hidden layer is ours.
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        attribute: Attribute,
        target: Attribute,
        dependence: nn.Module,
        strength: Scalar,
        alpha: Scalar = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(nets, attribute, dependence, strength, **options)
        self.target = target
        size = nets.latent_dim
        self.upward, self.downward = (mlp(size + target.size, [_HIDDEN], 2 * size) for _ in range(2))
        self.classifier = nn.Linear(size, target.size)
        glorot_uniform(self.classifier)
        self.hyper["alpha"] = alpha

    def extra_repr(self) -> str:
        """What members of a cohort have in common."""
        return f"{super().extra_repr()}, target={self.target}"

    def players(self) -> tuple[Player, ...]:
        modules = ("nets", "upward", "downward", "classifier")
        return (Player(self.player, modules=modules, optimizer=self.optimizer),)

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        batch = batches["unlabelled"]
        posterior, codes = self.infer(batch, step)
        logits, values = self.logits(codes), self.target.of(batch)
        known = values >= 0
        likely = torch.where(known[:, None], self.target.one_hot(batch), logits.softmax(dim=1))
        kl, kl_above = self.by_value(posterior, codes, step.randn("above", *codes.shape))
        kl_target = kl_categorical(logits).where(~known, math.log(self.target.size))  # of a known y it is -log p(y)
        return (
            self.reconstruction(batch, codes)
            | {"kl": Term((likely * kl).sum(dim=1).mean()), "kl_above": Term((likely * kl_above).sum(dim=1).mean())}
            | {"kl_target": Term(kl_target.mean())}
            | {"label": Term(categorical_nll(logits, values).mean(), step.hyper["alpha"])}
            | self.kept_apart(codes, batch, step)
        )

    def by_value(self, posterior: Posterior, codes: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """log q(z1 | x, s) / p(z1 | z2, y) and KL(q(z2 | z1, y) || p(z2)) for each value of y, B×K, in nats.

        z2 is one sample for each value, all by the same noise, B×Z.
        """
        size = self.target.size
        told = torch.eye(size, dtype=codes.dtype, device=codes.device).repeat(len(codes), 1)
        wide = codes.repeat_interleave(size, dim=0)
        above = normal_by(self.upward, wide, told)
        prior = normal_by(self.downward, sample_normal(*above, noise.repeat_interleave(size, dim=0)), told)
        own = log_normal(codes, *posterior).sum(dim=1, keepdim=True)
        each = (len(codes), size)
        return (
            own - log_normal(wide, *prior).sum(dim=1).unflatten(0, each),
            kl_normal(*above).sum(dim=1).unflatten(0, each),
        )

    def logits(self, codes: Tensor) -> Tensor:
        """log q(y | z1), B×K, up to a constant; in the codes' precision."""
        return self.classifier(codes).to(codes.dtype)

    def classify(self, images: Tensor) -> Tensor:
        """log q(y | z1) at the posterior's means, B×K, up to a constant."""
        return self.logits(self.encode(images))

    def sample(self, count: int, seed: int = 0, told: Tensor | None = None) -> Tensor:
        """Decoded draws of z1 by draws of z2 from N(0, 1) and a uniform y."""
        top = prior_codes(self.nets, count, seed)
        source = generator(seed, "target")
        values = torch.randint(self.target.size, (count,), generator=source).to(top.device)
        prior = normal_by(self.downward, top, F.one_hot(values, self.target.size).to(top))
        codes = sample_normal(*prior, torch.randn(top.shape, generator=source).to(top))
        if told is None:
            told = torch.randint(self.attribute.size, (count,), generator=source).to(top.device)
        return self.decode(codes, told)

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of z1, and what they make of their examples by a sample of z2 each; the rate has no closed form.

        An example is explained given its y; where that is missing, by a sample of q(y | z1) too.
        """
        repeated = batch.map(lambda column: column.repeat_interleave(samples, dim=0))
        posterior, codes = self.infer(repeated, step)
        logits, values = self.logits(codes), self.target.of(repeated)
        known = values >= 0
        values = values.where(known, sample_categorical(logits, step.rand("target", len(codes))))
        told = F.one_hot(values, self.target.size).to(codes.dtype)
        above = normal_by(self.upward, codes, told)
        top = sample_normal(*above, step.randn("above", *codes.shape))
        prior = normal_by(self.downward, top, told)
        nothing = torch.zeros_like(top)
        log_ratio = log_normal(codes, *posterior) - log_normal(codes, *prior)
        log_ratio = (log_ratio + log_normal(top, *above) - log_normal(top, nothing, nothing)).sum(dim=1)
        of_values = math.log(self.target.size) - categorical_nll(logits, values)
        log_ratio = log_ratio + of_values.where(~known, 0)
        distortion = self.likelihood.nll(self.outputs(codes, repeated), repeated.inputs)
        each = (batch.size, samples)
        return Explanation(
            codes.unflatten(0, each), distortion.unflatten(0, each), log_ratio.unflatten(0, each), rate=None
        )


def normal_by(net: nn.Module, codes: Tensor, told: Tensor) -> Posterior:
    """The normal law of which a net gives mean and log-variance, of codes and what is told beside them."""
    return Posterior(*net(torch.cat([codes, told], dim=1)).to(codes.dtype).chunk(2, dim=1))


@dataclass(frozen=True, kw_only=True)
class VFAERecipe(CVAERecipe):
    """Variational fair autoencoder; strength and estimator are ours: the paper takes 500 features, from memory."""

    target: str | None = None
    """Name of a factor, or label, that codes are to tell, of which examples may lack theirs; none: they are to explain
    the input alone."""
    strength: Scalar = 100.0
    """Weight of the discrepancy between the codes of one value of the attribute and those of all others."""
    alpha: Scalar = 1.0
    """Weight of the target's cross-entropy, a mean over all examples, to which those without a target add nothing."""
    estimator: Literal["exact", "fourier"] = "exact"
    """exact: the discrepancy by the kernel at each two codes, without bias; fourier: by random Fourier features, which
    leaves a draw's likeness to itself in, and so draws all codes together where groups are small."""
    features: int = 500
    """Number of Fourier features."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`InvariantVAE`, or with a target a :class:`TargetVFAE`, for inputs of the data's shape."""
        require_at_least(0, strength=self.strength, alpha=self.alpha)
        require_at_least(1, features=self.features)
        require_at_least(2, "one example has no other to be told from", batch=self.batch)
        attribute = find_known_attribute(data, self.attribute)
        nets = self.build_nets(data, seen=attribute.size, told=attribute.size)
        exact = self.estimator == "exact"
        dependence = MMDOfGroups() if exact else FourierMMDOfGroups(self.latent_dim, self.features)
        options = self.shared(data)
        if self.target is None:
            return InvariantVAE(nets, attribute, dependence, self.strength, **options)
        target = find_attribute(data, self.target)
        if target == attribute:
            raise MetapriorError(f"codes cannot both tell '{target.name}' and not; name another attribute or target")
        return TargetVFAE(nets, attribute, target, dependence, self.strength, self.alpha, **options)
