"""AnnealedVAE: a VAE whose KL is held at a capacity that grows."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import DataSpec, Linear, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import kl_normal


class AnnealedVAE(VAE):
    """Reconstruction + gamma * abs(KL - capacity) (Burgess et al. 2018, equation 8)."""

    def __init__(
        self,
        nets: AutoencoderNets,
        capacity: Scalar = Linear(0.0, 25.0, steps=100_000),  # noqa: B008 - frozen
        gamma: Scalar = 1000.0,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.hyper |= {"capacity": capacity, "gamma": gamma}

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        kl = step.gather(kl_normal(*posterior).sum(dim=1)).mean()  # of the whole batch: it is inside an absolute value
        return {"kl": Term(kl, 0.0), "off_capacity": Term((kl - step.hyper["capacity"]).abs(), step.hyper["gamma"])}


@dataclass(frozen=True, kw_only=True)
class AnnealedVAERecipe(VAERecipe):
    """AnnealedVAE; the ICML 2019 study swept c_max over 5, 10, 25, 50, 75, 100."""

    c_max: float = 25.0
    """The capacity that the KL is held at in the end, nats."""
    ramp: int = 100_000
    """Steps over which the capacity grows from 0; a run of fewer ends below c_max."""
    gamma: Scalar = 1000.0
    """Weight of the distance from the capacity."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`AnnealedVAE` for inputs of the data's shape."""
        require_at_least(0, c_max=self.c_max, gamma=self.gamma)
        require_at_least(1, ramp=self.ramp)
        return AnnealedVAE(
            self.build_nets(data), Linear(0.0, self.c_max, self.ramp), self.gamma, **self.shared(data)
        )  # fmt: skip
