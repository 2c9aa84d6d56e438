"""The S2 variants: a VAE of the study with a supervised term on a few labels (Locatello et al. 2020, section 4)."""

from dataclasses import dataclass
from typing import ClassVar

from metaprior.methods.beta_tcvae import BetaTCVAERecipe
from metaprior.methods.beta_vae import BetaVAERecipe
from metaprior.methods.dip_vae import DIPVAERecipe
from metaprior.methods.factor_vae import FactorVAERecipe
from metaprior.methods.supervision import SupervisionRecipe

_STUDY = SupervisionRecipe()


@dataclass(frozen=True, kw_only=True)
class S2BetaVAERecipe(BetaVAERecipe):
    """beta-VAE with a supervised term."""

    needs_labels: ClassVar[bool] = True
    supervision: SupervisionRecipe = _STUDY  # pyright: ignore[reportIncompatibleVariableOverride]
    """How the labels enter the loss."""


@dataclass(frozen=True, kw_only=True)
class S2FactorVAERecipe(FactorVAERecipe):
    """FactorVAE with a supervised term; what the term learns is trained too (the original forgets it)."""

    needs_labels: ClassVar[bool] = True
    supervision: SupervisionRecipe = _STUDY  # pyright: ignore[reportIncompatibleVariableOverride]
    """How the labels enter the loss."""


@dataclass(frozen=True, kw_only=True)
class S2DIPVAERecipe(DIPVAERecipe):
    """DIP-VAE I or II with a supervised term."""

    needs_labels: ClassVar[bool] = True
    supervision: SupervisionRecipe = _STUDY  # pyright: ignore[reportIncompatibleVariableOverride]
    """How the labels enter the loss."""


@dataclass(frozen=True, kw_only=True)
class S2BetaTCVAERecipe(BetaTCVAERecipe):
    """beta-TCVAE with a supervised term."""

    needs_labels: ClassVar[bool] = True
    supervision: SupervisionRecipe = _STUDY  # pyright: ignore[reportIncompatibleVariableOverride]
    """How the labels enter the loss."""
