"""IWAE: a VAE that learns by a tighter bound on the likelihood, from several samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metaprior.core import Batch, DataSpec, MetapriorError, Method, Step, Term
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets
from metaprior.objectives import importance_weighted_bound


class IWAE(VAE):
    """-log (1/K) sum_k p(x | z_k) p(z_k) / q(z_k | x), z_k of q(z | x) (Burda et al. 2016, equation 8).

    With one sample it is the VAE whose KL is estimated by that sample. What is logged as the loss is the bound itself,
    not the weighted sum of log-weights that has the same gradient and looks better. The reconstruction and the KL
    of the same samples are logged beside it.
    """

    def __init__(self, nets: AutoencoderNets, samples: int = 5, **options: Any) -> None:
        super().__init__(nets, **options)
        self.samples = samples

    def extra_repr(self) -> str:
        """The likelihood and the number of samples, which members of a cohort have in common."""
        return f"{super().extra_repr()}, samples={self.samples}"

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        found = self.explain(batches["unlabelled"], step, self.samples)
        assert found.distortion is not None
        assert found.rate is not None
        return {
            "bound": Term(-importance_weighted_bound(found.log_weights).mean()),
            "reconstruction": Term(found.distortion.mean(), 0.0),
            "kl": Term(found.rate.sum(dim=1).mean(), 0.0),
        } | self.supervised(batches, step)


@dataclass(frozen=True, kw_only=True)
class IWAERecipe(VAERecipe):
    """Importance-weighted autoencoder; the paper takes 5 and 50 samples."""

    samples: int = 5
    """Samples of the posterior for each example."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`IWAE` for inputs of the data's shape."""
        if not 1 <= self.samples <= 10_000:
            raise MetapriorError(f"samples must be at least 1 and at most 10,000, not {self.samples}")
        return IWAE(self.build_nets(data), self.samples, **self.shared(data))
