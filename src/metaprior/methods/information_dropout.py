"""Information dropout: codes that are multiplied with noise, as much of it as the task bears."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from metaprior.core import (
    Batch,
    DataSpec,
    Explanation,
    Method,
    Player,
    Scalar,
    Step,
    Term,
    require_above,
    require_at_least,
)
from metaprior.methods.attributes import find_attribute
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.bottleneck import Bottleneck
from metaprior.methods.prior import prior_codes
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import kl_between_normals, log_normal, sample_normal

_LEAST = 1e-3
"""Noise that is always there, as in the published code, from memory."""


class MultiplicativeNoise(nn.Module):
    """Codes f(x) * noise, log noise ~ N(0, alpha(x)²), whose prior is log-normal too; laws are those of log z.

    f is a softplus, and alpha a sigmoid times ``most``. The prior's two numbers are learned, from 0 and 1 on.
    """

    def __init__(self, most: float = 0.7) -> None:
        super().__init__()
        self.most = most
        self.mean = nn.Parameter(torch.zeros(()))
        self.logvar = nn.Parameter(torch.zeros(()))

    def extra_repr(self) -> str:
        """The greatest alpha."""
        return f"most={self.most}"

    def law(self, activations: Tensor, scales: Tensor) -> Posterior:
        """log z by the encoder's two heads: mean log f and log-variance 2 log alpha, B×Z each."""
        alpha = self.most * scales.sigmoid() + _LEAST
        return Posterior(F.softplus(activations).clamp(min=1e-30).log(), 2 * alpha.log())

    def prior(self, law: Posterior) -> Posterior:
        """The prior of log z, of a law's shape."""
        return Posterior(*(each.to(law.mean).expand_as(law.mean) for each in (self.mean, self.logvar)))

    def kl(self, law: Posterior) -> Tensor:
        """KL(q(z | x) || p(z)) of each code: that of the normal laws of log z, B×Z, in nats."""
        return kl_between_normals(*law, *self.prior(law))

    def log_ratio(self, law: Posterior, codes: Tensor) -> Tensor:
        """log q(z | x) - log p(z) of codes of that law, B, in nats: as of their logarithms."""
        return (log_normal(codes.log(), *law) - log_normal(codes.log(), *self.prior(law))).sum(dim=1)


class InformationDropout(Bottleneck):
    """The bottleneck of codes with multiplicative noise (Achille & Soatto 2018, equation 6; softplus and log-normal).

    Nothing pulls the codes' scale to that of a fixed prior: the prior's own is learned.
    """

    def __init__(self, *arguments: Any, noise: MultiplicativeNoise, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.noise = noise

    def players(self) -> tuple[Player, ...]:
        modules = ("encoder", "classifier", "noise")
        return (Player("bottleneck", modules=modules, optimizer=self.optimizer),)

    def law(self, inputs: Tensor) -> Posterior:
        return self.noise.law(*(head.to(inputs.dtype) for head in self.encoder(inputs)))

    def draw(self, law: Posterior, noise: Tensor) -> Tensor:
        return sample_normal(*law, noise).exp()

    def kl(self, law: Posterior) -> Tensor:
        return self.noise.kl(law)

    def log_ratio(self, law: Posterior, codes: Tensor) -> Tensor:
        return self.noise.log_ratio(law, codes)

    def encode(self, images: Tensor) -> Tensor:
        """Mean codes, f exp(alpha² / 2), B×Z."""
        return mean_code(self.law(images))


class InformationDropoutAutoencoder(Autoencoder):
    """-log p(x | z) + beta * KL(q(z | x) || p(z)) of codes with multiplicative noise (the same, section 5).

    With beta = 1 it is a variational autoencoder of positive codes.
    """

    player = "vae"

    def __init__(self, nets: AutoencoderNets, noise: MultiplicativeNoise, beta: Scalar = 1.0, **options: Any) -> None:
        super().__init__(nets, **options)
        self.noise = noise
        self.hyper["beta"] = beta

    def players(self) -> tuple[Player, ...]:
        return (Player(self.player, modules=("nets", "noise"), optimizer=self.optimizer),)

    def infer(self, batch: Batch, step: Step) -> tuple[Posterior, Tensor]:
        """q(log z | x) and one sample of z, B×Z."""
        law = self.noise.law(*self.heads(self.seen(batch)))
        return law, sample_normal(*law, step.randn("posterior", *law.mean.shape)).exp()

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        return {"kl": Term(self.noise.kl(posterior).sum(dim=1).mean(), step.hyper["beta"])}

    def encode(self, images: Tensor) -> Tensor:
        """Mean codes, f exp(alpha² / 2), B×Z."""
        return mean_code(self.noise.law(*self.heads(images)))

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Decoded draws from the log-normal prior that was learned."""
        normal = prior_codes(self.nets, count, seed)
        return self.decode((self.noise.mean + (self.noise.logvar / 2).exp() * normal).exp())

    def explain(self, batch: Batch, step: Step, samples: int = 1) -> Explanation:
        """Samples of q(z | x), -log p(x | z), log q(z | x) / p(z) and the KL of each code."""
        repeated = batch.map(lambda column: column.repeat_interleave(samples, dim=0))
        law, codes = self.infer(repeated, step)
        ratio = self.noise.log_ratio(law, codes)
        distortion = self.likelihood.nll(self.outputs(codes, repeated), repeated.inputs)
        rate = self.noise.kl(law).unflatten(0, (batch.size, samples))[:, 0]
        each = (batch.size, samples)
        return Explanation(codes.unflatten(0, each), distortion.unflatten(0, each), ratio.unflatten(0, each), rate)


def mean_code(law: Posterior) -> Tensor:
    """E z of codes whose logarithms have that normal law, B×Z.

    >>> import math
    >>> mean_code(Posterior(torch.zeros(1, 1), torch.tensor([[math.log(2.0)]]))).log()
    tensor([[1.]])
    """
    return (law.mean + law.logvar.exp() / 2).exp()


@dataclass(frozen=True, kw_only=True)
class InformationDropoutRecipe(AutoencoderRecipe):
    """Information dropout; the noise's bound is the published code's, from memory, and beta is ours."""

    target: Literal["label", "input"] = "label"
    """What codes are to tell: label: an attribute; input: all of the input, as an autoencoder's."""
    attribute: str | None = None
    """Name of a factor, or label, of the target label; none: the label, or the first factor where there are no
    classes."""
    beta: Scalar = 1e-2
    """Weight of the KL; of the target input, 1 is the bound on the likelihood."""
    max_alpha: float = 0.7
    """The noise's standard deviation at its greatest, in the code's logarithm."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`InformationDropout`, or of inputs an autoencoder, for inputs of the data's shape."""
        require_at_least(0, beta=self.beta)
        require_above(0, max_alpha=self.max_alpha)
        nets = self.build_nets(data, heads={"activation": self.latent_dim, "scale": self.latent_dim})
        noise, options = MultiplicativeNoise(self.max_alpha), self.shared(data)
        if self.target == "input":
            return InformationDropoutAutoencoder(nets, noise, self.beta, **options)
        attribute = find_attribute(data, self.attribute)
        del options["likelihood"]  # nothing is decoded
        return InformationDropout(nets.encoder, self.latent_dim, attribute, self.beta, noise=noise, **options)
