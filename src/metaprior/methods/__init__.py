"""Nets and objectives joined: what is optimised, by which player. One class a family."""

from metaprior.methods.aae import AAE, AAERecipe, NormalAAE
from metaprior.methods.annealed_vae import AnnealedVAE, AnnealedVAERecipe
from metaprior.methods.attributes import Attribute, find_attribute, find_known_attribute, find_labelled_attribute
from metaprior.methods.autoencoder import Autoencoder, AutoencoderRecipe, NetsRecipe
from metaprior.methods.beta_tcvae import BetaTCVAE, BetaTCVAERecipe
from metaprior.methods.beta_vae import BetaVAE, BetaVAERecipe
from metaprior.methods.bottleneck import Bottleneck
from metaprior.methods.cae import CAE, CAERecipe
from metaprior.methods.categorical_aae import (
    CategoricalAAE,
    ClusteringAAE,
    ClusteringAAERecipe,
    SemiSupervisedAAE,
    SemiSupervisedAAERecipe,
)
from metaprior.methods.classifier import Classifier, ClassifierRecipe
from metaprior.methods.cvae import CVAE, CVAERecipe
from metaprior.methods.dae import DAE, DAERecipe
from metaprior.methods.dc_ign import DCIGN, AttributeDCIGN, DCIGNRecipe, FactorDCIGN
from metaprior.methods.dip_vae import DIPVAE, DIPVAERecipe
from metaprior.methods.factor_vae import FactorVAE, FactorVAERecipe
from metaprior.methods.fader import Fader, FaderRecipe
from metaprior.methods.hfvae import HFVAE, HFVAERecipe
from metaprior.methods.hsic_vae import HSICVAE, HSICVAERecipe
from metaprior.methods.info_vae import InfoVAE, InfoVAERecipe
from metaprior.methods.information_dropout import (
    InformationDropout,
    InformationDropoutAutoencoder,
    InformationDropoutRecipe,
    MultiplicativeAutoencoder,
)
from metaprior.methods.invariant_vae import FourierMMDOfGroups, HSICOfGroups, InvariantVAE, MMDOfGroups
from metaprior.methods.iwae import IWAE, IWAERecipe
from metaprior.methods.joint_vae import JointVAE, JointVAERecipe
from metaprior.methods.likelihoods import Bernoulli, Likelihood, Normal
from metaprior.methods.m1_m2 import M1M2, M1M2Recipe
from metaprior.methods.m2 import M2, M2Recipe
from metaprior.methods.multiplicative_noise import MultiplicativeNoise, RectifiedNoise
from metaprior.methods.pair_vae import PairVAE, PairVAERecipe
from metaprior.methods.recipes import RECIPES, find_recipe, name_of
from metaprior.methods.rotation import LabelledRotation, LabelledRotationRecipe, Rotation, RotationRecipe
from metaprior.methods.s2 import S2BetaTCVAERecipe, S2BetaVAERecipe, S2DIPVAERecipe, S2FactorVAERecipe
from metaprior.methods.supervised import Supervised, SupervisedRecipe
from metaprior.methods.supervision import LOSSES, Supervision, SupervisionRecipe
from metaprior.methods.vae import VAE, VAERecipe
from metaprior.methods.vae_gan import VAEGAN, VAEGANRecipe
from metaprior.methods.vfae import TargetVFAE, VFAERecipe
from metaprior.methods.vib import VIB, VIBRecipe
from metaprior.methods.wae import WAE, NormalWAE, WAEGANRecipe, WAERecipe

__all__ = [
    "AAE", "CAE", "CVAE", "DAE", "DCIGN", "DIPVAE", "HFVAE", "HSICVAE", "IWAE", "LOSSES", "M1M2", "M2", "RECIPES",
    "VAE", "VAEGAN", "VIB", "WAE", "AAERecipe", "AnnealedVAE", "AnnealedVAERecipe", "Attribute", "AttributeDCIGN",
    "Autoencoder", "AutoencoderRecipe", "Bernoulli", "BetaTCVAE", "BetaTCVAERecipe", "BetaVAE", "BetaVAERecipe",
    "Bottleneck", "CAERecipe", "CVAERecipe", "CategoricalAAE", "Classifier", "ClassifierRecipe", "ClusteringAAE",
    "ClusteringAAERecipe", "DAERecipe", "DCIGNRecipe", "DIPVAERecipe", "FactorDCIGN", "FactorVAE",
    "FactorVAERecipe", "Fader", "FaderRecipe", "FourierMMDOfGroups", "HFVAERecipe", "HSICOfGroups", "HSICVAERecipe",
    "IWAERecipe", "InfoVAE", "InfoVAERecipe", "InformationDropout", "InformationDropoutAutoencoder",
    "InformationDropoutRecipe", "InvariantVAE", "JointVAE", "JointVAERecipe", "LabelledRotation",
    "LabelledRotationRecipe", "Likelihood", "M1M2Recipe", "M2Recipe", "MMDOfGroups", "MultiplicativeAutoencoder",
    "MultiplicativeNoise", "NetsRecipe", "Normal", "NormalAAE", "NormalWAE", "PairVAE", "PairVAERecipe",
    "RectifiedNoise", "Rotation", "RotationRecipe", "S2BetaTCVAERecipe", "S2BetaVAERecipe", "S2DIPVAERecipe",
    "S2FactorVAERecipe", "SemiSupervisedAAE", "SemiSupervisedAAERecipe", "Supervised", "SupervisedRecipe",
    "Supervision", "SupervisionRecipe", "TargetVFAE", "VAEGANRecipe", "VAERecipe", "VFAERecipe", "VIBRecipe",
    "WAEGANRecipe", "WAERecipe", "find_attribute", "find_known_attribute", "find_labelled_attribute", "find_recipe",
    "name_of",
]  # fmt: skip
