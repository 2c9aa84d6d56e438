"""DIP-VAE I and II: a VAE whose codes have a covariance near the identity."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from metaprior.core import DataSpec, Method, Scalar, Step, Term, require_at_least
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.nets import AutoencoderNets, Posterior
from metaprior.objectives import covariance, off_diagonal_penalty, unit_variance_penalty


class DIPVAE(VAE):
    """Reconstruction + KL + lambda_od * off-diagonal + lambda_d * diagonal penalties (Kumar et al. 2018, 6 and 7).

    Of the covariance of posterior means (``kind="i"``), or of codes, which is that of the means and on its diagonal the
    mean variance (``kind="ii"``). lambda_d is ``lambda_d_factor`` * lambda_od: by default 10 or 1 times it (I, II).
    """

    def __init__(
        self,
        nets: AutoencoderNets,
        lambda_od: Scalar = 5.0,
        lambda_d_factor: float | None = None,
        kind: Literal["i", "ii"] = "i",
        **options: Any,
    ) -> None:
        super().__init__(nets, **options)
        self.lambda_d_factor = {"i": 10.0, "ii": 1.0}[kind] if lambda_d_factor is None else lambda_d_factor
        self.kind = kind
        self.hyper["lambda_od"] = lambda_od

    def regularisers(self, posterior: Posterior, codes: Tensor, step: Step) -> dict[str, Term]:
        matrix = covariance(step.gather(posterior.mean))
        if self.kind == "ii":  # a diagonal matrix of them: adding their mean to every entry is a known mistake
            matrix = matrix + torch.diag_embed(step.gather(posterior.logvar.exp()).mean(dim=0))
        strength = step.hyper["lambda_od"]
        return super().regularisers(posterior, codes, step) | {
            "off_diagonal": Term(off_diagonal_penalty(matrix), strength),
            "unit_variance": Term(unit_variance_penalty(matrix), strength * self.lambda_d_factor),
        }


@dataclass(frozen=True, kw_only=True)
class DIPVAERecipe(VAERecipe):
    """DIP-VAE; the ICML 2019 study swept lambda_od over 1, 2, 5, 10, 20, 50, lambda_d at 10 (I) or 1 (II) times it."""

    lambda_od: Scalar = 5.0
    """Weight of the squared covariances between codes."""
    lambda_d_factor: float | None = None
    """Weight of the variances' distance from 1, in lambda_od; none: 10 for kind i and 1 for ii, as in the study."""
    kind: Literal["i", "ii"] = "i"
    """i: covariance of the posterior's means; ii: of codes, the posterior's variance included."""

    def build(self, data: DataSpec) -> Method:
        """A :class:`DIPVAE` for inputs of the data's shape."""
        require_at_least(0, lambda_od=self.lambda_od, lambda_d_factor=self.lambda_d_factor)
        require_at_least(2, "one example has no covariance", batch=self.batch)
        return DIPVAE(self.build_nets(data), self.lambda_od, self.lambda_d_factor, self.kind, **self.shared(data))
