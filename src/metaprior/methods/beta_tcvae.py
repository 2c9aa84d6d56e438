"""beta-TCVAE: a VAE whose total correlation, estimated on the minibatch, is weighted."""

from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from metaprior.core import DataSpec, MetapriorError, Method, Scalar, Step, Stream, Term, require_at_least
from metaprior.methods.minibatch import batch_aggregate, batch_log_weights, distinct
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import minibatch_total_correlation


class BetaTCVAE(VAE):
    """Reconstruction + KL + (beta - 1) * TC (Chen et al. 2018, equation 5 with alpha = gamma = 1).

    The KL holds the total correlation once already, hence beta - 1. Codes meet the posteriors of the whole batch, all
    alike. With ``log_weights`` of these, B×B, it is reconstruction + alpha * I(x; z) + beta * TC + gamma * the KL of
    each code by itself (equation 4), where one of each is the KL in closed form.
    """

    log_weights: Tensor | None

    def __init__(
        self,
        nets: AutoencoderNets,
        beta: Scalar = 4.0,
        alpha: Scalar = 1.0,
        gamma: Scalar = 1.0,
        *,
        log_weights: Tensor | None = None,
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.register_buffer("log_weights", log_weights, persistent=False)
        self.hyper |= {"beta": beta, "alpha": alpha, "gamma": gamma}

    def streams(self) -> dict[str, Stream]:
        return super().streams() | ({} if self.log_weights is None else {"unlabelled": distinct(self.batch)})

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        terms = super().regularisers(posterior, codes, step)
        if self.log_weights is None:
            correlation = minibatch_total_correlation(codes, *map(step.gather, posterior))
            return terms | {"total_correlation": Term(correlation, step.hyper["beta"] - 1)}
        found = batch_aggregate(codes, posterior, self.log_weights, step)
        return terms | {
            "mutual_information": Term(found.mutual_information, step.hyper["alpha"] - 1),
            "total_correlation": Term(found.total_correlation, step.hyper["beta"] - 1),
            "dimension_wise_kl": Term(found.dimension_wise_kl, step.hyper["gamma"] - 1),
        }


@dataclass(frozen=True, kw_only=True)
class BetaTCVAERecipe(VAERecipe):
    """beta-TCVAE; the ICML 2019 study swept beta over 1, 2, 4, 6, 8, 10."""

    beta: Scalar = 4.0
    """Weight of the total correlation, of which the KL term already holds one."""
    alpha: Scalar = 1.0
    """Weight of the mutual information of codes and examples, likewise."""
    gamma: Scalar = 1.0
    """Weight of each code's own KL, likewise."""
    estimator: Literal["study", "mws", "mss"] = "study"
    """By which the batch's posteriors are weighted: study: all alike, for the total correlation alone; mws: all alike,
    by the number of examples; mss: a code's own as one of all examples."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`BetaTCVAE` for inputs of the data's shape."""
        require_at_least(0, beta=self.beta, alpha=self.alpha, gamma=self.gamma)
        require_at_least(2, "one example has no total correlation", batch=self.batch)
        study = self.estimator == "study"
        if study and (self.alpha, self.gamma) != (1, 1):
            raise MetapriorError("the study's estimator has neither alpha nor gamma; choose estimator=mws or mss")
        log_weights = None if study else batch_log_weights(self.estimator, self.batch, data)
        weights = (self.beta, self.alpha, self.gamma)
        return BetaTCVAE(self.build_nets(data), *weights, log_weights=log_weights, **self.shared(data))
