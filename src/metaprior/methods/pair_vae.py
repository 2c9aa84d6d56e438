"""VAEs of pairs: two images share most factors, and their posteriors share the codes of those."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor

from metaprior.core import Batch, DataSpec, MetapriorError, Method, Pairs, Scalar, Step, Stream, Term, require_at_least
from metaprior.methods.beta_vae import BetaVAE, BetaVAERecipe
from metaprior.methods.inputs import require_codes
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import (
    adaptively_shared,
    average_of_posteriors,
    product_of_posteriors,
    sample_normal,
    shared_where,
)

Common = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
COMMON: dict[str, Common] = {"average": average_of_posteriors, "product": product_of_posteriors}
"""What two posteriors share: Group-VAE's average, or ML-VAE's product."""


class PairVAE(BetaVAE):
    """beta-VAE on pairs, whose posteriors are made one where codes are shared (Locatello et al. 2020, ICML).

    Which codes are shared is told by their own divergence (``known=False``: Ada-GVAE, Ada-ML-VAE), or by which factors
    the pair shares: code k is kept apart where factor k differs, and all others are shared (Group-VAE, ML-VAE).
    """

    def __init__(
        self, nets: AutoencoderNets, pairs: Pairs, common: Common, known: bool, beta: Scalar = 1.0, **options: Any
    ) -> None:
        super().__init__(nets, beta, **options)
        self.pairs = pairs
        self.common = common
        self.known = known

    def streams(self) -> dict[str, Stream]:
        return {"pairs": self.pairs}

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        pairs = batches["pairs"]
        batch = Batch({"images": pairs.images.flatten(0, 1)})
        posterior = self.posterior(batch.images)
        mean, logvar = (part.unflatten(0, (-1, 2)) for part in posterior)
        shared = self.same_factors(pairs, mean) if self.known else adaptively_shared(mean.detach(), logvar.detach())
        means, logvars = (
            shared_where(shared, common, own).flatten(0, 1)
            for common, own in zip(self.common(mean, logvar), (mean, logvar), strict=True)
        )
        codes = sample_normal(means, logvars, step.randn("posterior", *mean.shape).flatten(0, 1))
        return self.reconstruction(batch, codes) | self.regularisers(Posterior(means, logvars), codes, step)

    def same_factors(self, pairs: Batch, mean: Tensor) -> Tensor:
        """B×Z: True but for the codes whose factor differs between the two images."""
        shared = torch.ones_like(mean[:, 0], dtype=torch.bool)
        same = pairs.factors[:, 0] == pairs.factors[:, 1]
        return torch.cat([same, shared[:, same.shape[1] :]], dim=1)


@dataclass(frozen=True, kw_only=True)
class PairVAERecipe(BetaVAERecipe):
    """A VAE of pairs from a world; a batch is of pairs."""

    beta: Scalar = 1.0
    """Weight of the KL term."""
    common: Literal["average", "product"] = "average"
    """What posteriors share: average (Group-VAE) or product (ML-VAE)."""
    known: bool = False
    """Whether it is known which factors a pair shares; otherwise the posteriors' divergence decides."""
    changed: int = 1
    """How many factors differ in a pair; 0: at random, from 1 to all but one."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`PairVAE` for inputs of the data's shape."""
        require_at_least(0, beta=self.beta)
        pairs = Pairs(self.batch, factor_sizes=data.factor_sizes, changed=self.changed)
        if data.examples is not None:
            raise MetapriorError(
                f"pairs need a world of all {prod(data.factor_sizes)} combinations of its factors; this data is a set "
                f"of {data.examples} examples, so take a world, or a method that learns from single images"
            )
        if self.known:
            require_codes(len(data.factor_sizes), self.latent_dim)
        else:
            why = "the code whose posteriors are nearest is shared, so with one code two images never differ"
            require_at_least(2, why, latent_dim=self.latent_dim)
        nets, options = self.build_nets(data), self.shared(data)
        return PairVAE(nets, pairs, COMMON[self.common], self.known, self.beta, **options)
