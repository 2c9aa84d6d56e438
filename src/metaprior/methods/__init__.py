"""Nets and objectives joined: what is optimised, by which player. One class a family."""

from metaprior.methods.aae import AAE, AAERecipe, NormalAAE
from metaprior.methods.annealed_vae import AnnealedVAE, AnnealedVAERecipe
from metaprior.methods.attributes import Attribute, find_attribute, find_labelled_attribute
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe
from metaprior.methods.beta_tcvae import BetaTCVAE, BetaTCVAERecipe
from metaprior.methods.beta_vae import BetaVAE, BetaVAERecipe
from metaprior.methods.dip_vae import DIPVAE, DIPVAERecipe
from metaprior.methods.factor_vae import FactorVAE, FactorVAERecipe
from metaprior.methods.hsic_vae import HSICVAE, HSICVAERecipe
from metaprior.methods.info_vae import InfoVAE, InfoVAERecipe
from metaprior.methods.likelihoods import Bernoulli, Likelihood, Normal
from metaprior.methods.pair_vae import PairVAE, PairVAERecipe
from metaprior.methods.recipes import RECIPES, find_recipe, name_of
from metaprior.methods.s2 import S2BetaTCVAERecipe, S2BetaVAERecipe, S2DIPVAERecipe, S2FactorVAERecipe
from metaprior.methods.supervised import Supervised, SupervisedRecipe
from metaprior.methods.supervision import LOSSES, Supervision, SupervisionRecipe
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.methods.wae import WAE, NormalWAE, WAEGANRecipe, WAERecipe

__all__ = [
    "AAE", "DIPVAE", "HSICVAE", "LOSSES", "RECIPES", "VAE", "WAE", "AAERecipe", "AnnealedVAE", "AnnealedVAERecipe",
    "Attribute", "Autoencoder", "AutoencoderRecipe", "Bernoulli", "BetaTCVAE", "BetaTCVAERecipe", "BetaVAE",
    "BetaVAERecipe", "DIPVAERecipe", "FactorVAE", "FactorVAERecipe", "HSICVAERecipe", "InfoVAE", "InfoVAERecipe",
    "Likelihood", "Normal", "NormalAAE", "NormalWAE", "PairVAE", "PairVAERecipe", "S2BetaTCVAERecipe",
    "S2BetaVAERecipe", "S2DIPVAERecipe", "S2FactorVAERecipe", "Supervised", "SupervisedRecipe", "Supervision",
    "SupervisionRecipe", "VAERecipe", "WAEGANRecipe", "WAERecipe", "find_attribute", "find_labelled_attribute",
    "find_recipe", "name_of",
]  # fmt: skip
