"""Nets and objectives joined: what is optimised, by which player. One class a family."""

from metaprior.methods.factor_vae import FactorVAE, FactorVAERecipe
from metaprior.methods.recipes import RECIPES, find_recipe, name_of
from metaprior.methods.s2_vae import S2VAERecipe
from metaprior.methods.supervision import Supervision
from metaprior.methods.vae import VAE, VAERecipe

__all__ = [
    "RECIPES", "VAE", "FactorVAE", "FactorVAERecipe", "S2VAERecipe", "Supervision", "VAERecipe", "find_recipe",
    "name_of",
]  # fmt: skip
