"""HFVAE: a VAE whose total correlation between groups of codes, and within them, weighs differently."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import DataSpec, MetapriorError, Method, Scalar, Step, Stream, Term, require_at_least
from metaprior.methods.minibatch import Estimator, batch_aggregate, batch_log_weights, distinct
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior


class HFVAE(VAE):
    """Reconstruction + KL - lambda1 * I(x; z) + lambda2 * (TC between groups + lambda2' * sum_G TC within G).

    Source: Esmaeili et al. 2019, as Tschannen et al. 2018 write it, from memory. Groups are consecutive codes, equally
    many. All three terms are estimated from the batch, so that of their values only the changes mean something.
    """

    log_weights: Tensor

    def __init__(
        self,
        nets: AutoencoderNets,
        groups: int,
        log_weights: Tensor,
        information: Scalar = 0.0,
        between: Scalar = 5.0,
        within: Scalar = 0.5,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.group_sizes = [nets.latent_dim // groups] * groups
        self.register_buffer("log_weights", log_weights, persistent=False)
        self.hyper |= {"information": information, "between": between, "within": within}

    def extra_repr(self) -> str:
        """The likelihood and the groups, which members of a cohort have in common."""
        return f"{super().extra_repr()}, group_sizes={self.group_sizes}"

    def streams(self) -> dict[str, Stream]:
        return super().streams() | {"unlabelled": distinct(self.batch)}

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        found, hyper = batch_aggregate(codes, posterior, self.log_weights, step, self.group_sizes), step.hyper
        return super().regularisers(posterior, codes, step) | {
            "mutual_information": Term(found.mutual_information, -hyper["information"]),
            "between_groups": Term(found.correlation_between_groups, hyper["between"]),
            "within_groups": Term(found.correlation_within_groups, hyper["between"] * hyper["within"]),
        }


@dataclass(frozen=True, kw_only=True)
class HFVAERecipe(VAERecipe):
    """HFVAE; all its weights are ours, since none of the paper's are at hand."""

    groups: int = 2
    """How many groups the codes are parted into, of equally many each."""
    information: Scalar = 0.0
    """lambda1: how much of the mutual information, of which the KL term holds one, is left out."""
    between: Scalar = 5.0
    """lambda2: weight of the total correlation between groups, of which the KL term already holds one."""
    within: Scalar = 0.5
    """lambda2': how much the total correlation within groups weighs, in lambda2."""
    estimator: Estimator = "mws"
    """By which the batch's posteriors are weighted: mws: all alike; mss: a code's own as one of all examples."""

    def build(self, data: DataSpec) -> Method:
        """An :class:`HFVAE` for inputs of the data's shape."""
        require_at_least(0, information=self.information, between=self.between, within=self.within)
        require_at_least(1, groups=self.groups)
        require_at_least(2, "one example has no total correlation", batch=self.batch)
        nets = self.build_nets(data)
        if self.latent_dim % self.groups:
            raise MetapriorError(f"{self.latent_dim} codes cannot be parted into {self.groups} groups of equally many")
        log_weights = batch_log_weights(self.estimator, self.batch, data)
        weights = (self.information, self.between, self.within)
        return HFVAE(nets, self.groups, log_weights, *weights, **self.shared(data))
