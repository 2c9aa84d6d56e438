"""CVAE: a VAE whose encoder and decoder are told an attribute of each example."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from metaprior.core import Batch, DataSpec, Method, generator
from metaprior.methods.attributes import Attribute, find_known_attribute
from metaprior.methods.prior import prior_codes
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior, joined


class CVAE(VAE):
    """-log p(x | z, y) + KL(q(z | x, y) || p(z)) (Sohn et al. 2015, equation 4, whose prior is told nothing here).

    y is one attribute of each example, told as indicators. A model that is asked without it tells its nets the uniform
    distribution over its values. ``told`` is y as values, int64 B, or as probabilities, B×K.
    """

    def __init__(self, nets: AutoencoderNets, attribute: Attribute, **options: Any) -> None:
        super().__init__(nets, **options)
        self.attribute = attribute

    def extra_repr(self) -> str:
        """The likelihood and the attribute, which members of a cohort have in common."""
        return f"{super().extra_repr()}, {self.attribute}"

    def seen(self, batch: Batch) -> Tensor:
        return joined(batch.inputs, self.attribute.one_hot(batch))

    def outputs(self, codes: Tensor, batch: Batch) -> Tensor:
        return self.nets.decoder(torch.cat([codes, self.attribute.one_hot(batch)], dim=1))

    def posterior(self, images: Tensor, told: Tensor | None = None) -> Posterior:
        """q(z | x, y): mean and log-variance, each B×Z."""
        return Posterior(*self.heads(joined(images, self.attribute.told(images, told)))[:2])

    def encode(self, images: Tensor, told: Tensor | None = None) -> Tensor:
        """The posterior's means, B×Z."""
        return self.posterior(images, told).mean

    def decode(self, codes: Tensor, told: Tensor | None = None) -> Tensor:
        """What codes stand for, of examples with that attribute."""
        return super().decode(torch.cat([codes, self.attribute.told(codes, told)], dim=1))

    def sample(self, count: int, seed: int = 0, told: Tensor | None = None) -> Tensor:
        """Decoded draws from the prior N(0, 1), told the attribute, or uniform draws of it."""
        codes = prior_codes(self.nets, count, seed)
        if told is None:
            told = torch.randint(self.attribute.size, (count,), generator=generator(seed, "told")).to(codes.device)
        return self.decode(codes, told)


@dataclass(frozen=True, kw_only=True)
class CVAERecipe(VAERecipe):
    """A conditional VAE."""

    attribute: str | None = None
    """Name of a factor, or label; none: the label, or the first factor where there are no classes."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`CVAE` for inputs of the data's shape."""
        attribute = find_known_attribute(data, self.attribute)
        return CVAE(self.build_nets(data, seen=attribute.size, told=attribute.size), attribute, **self.shared(data))
