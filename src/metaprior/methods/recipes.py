"""The recipe table: every method's name and its published defaults. A new method adds a row."""

import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import ModuleType

from metaprior.core import MetapriorError, Recipe, to_plain, unknown
from metaprior.methods.aae import AAERecipe
from metaprior.methods.annealed_vae import AnnealedVAERecipe
from metaprior.methods.autoencoder import AutoencoderRecipe
from metaprior.methods.beta_tcvae import BetaTCVAERecipe
from metaprior.methods.beta_vae import BetaVAERecipe
from metaprior.methods.cae import CAERecipe
from metaprior.methods.categorical_aae import ClusteringAAERecipe, SemiSupervisedAAERecipe
from metaprior.methods.classifier import ClassifierRecipe
from metaprior.methods.cvae import CVAERecipe
from metaprior.methods.dae import DAERecipe
from metaprior.methods.dc_ign import DCIGNRecipe
from metaprior.methods.dip_vae import DIPVAERecipe
from metaprior.methods.factor_vae import FactorVAERecipe
from metaprior.methods.fader import FaderRecipe
from metaprior.methods.hfvae import HFVAERecipe
from metaprior.methods.hsic_vae import HSICVAERecipe
from metaprior.methods.info_vae import InfoVAERecipe
from metaprior.methods.information_dropout import InformationDropoutRecipe
from metaprior.methods.iwae import IWAERecipe
from metaprior.methods.joint_vae import JointVAERecipe
from metaprior.methods.m1_m2 import M1M2Recipe
from metaprior.methods.m2 import M2Recipe
from metaprior.methods.pair_vae import PairVAERecipe
from metaprior.methods.rotation import LabelledRotationRecipe, RotationRecipe
from metaprior.methods.s2 import S2BetaTCVAERecipe, S2BetaVAERecipe, S2DIPVAERecipe, S2FactorVAERecipe
from metaprior.methods.supervised import SupervisedRecipe
from metaprior.methods.vae import VAERecipe
from metaprior.methods.vae_gan import VAEGANRecipe
from metaprior.methods.vfae import VFAERecipe
from metaprior.methods.vib import VIBRecipe
from metaprior.methods.wae import WAEGANRecipe, WAERecipe


@dataclass(frozen=True)
class Row:
    """One row of the table: the recipe with its defaults, one line about it, and the paper."""

    recipe: Recipe
    summary: str
    paper: str


_FEW = "Locatello et al. 2020, few labels"
_WEAK = "Locatello et al. 2020, weak supervision"

RECIPES: dict[str, Row] = {
    "vae": Row(VAERecipe(), "variational autoencoder", "Kingma & Welling 2014"),
    "beta-vae": Row(BetaVAERecipe(), "VAE with its KL term weighted by beta", "Higgins et al. 2017"),
    "annealed-vae": Row(AnnealedVAERecipe(), "VAE with its KL held at a growing capacity", "Burgess et al. 2018"),
    "factor-vae": Row(FactorVAERecipe(), "VAE with a penalty on total correlation, by a critic", "Kim & Mnih 2018"),
    "dip-vae-i": Row(DIPVAERecipe(), "VAE whose posterior means are decorrelated", "Kumar et al. 2018"),
    "dip-vae-ii": Row(DIPVAERecipe(kind="ii"), "VAE whose codes are decorrelated", "Kumar et al. 2018"),
    "beta-tcvae": Row(
        BetaTCVAERecipe(), "VAE with a penalty on total correlation, from the minibatch", "Chen et al. 2018"
    ),
    "info-vae": Row(InfoVAERecipe(), "VAE whose codes as a whole are drawn to the prior, by MMD", "Zhao et al. 2017"),
    "mmd-vae": Row(InfoVAERecipe(alpha=1.0, strength=100.0), "VAE with MMD in the place of its KL", "Zhao et al. 2017"),
    "ae": Row(
        AutoencoderRecipe(),
        "autoencoder; nothing shapes its codes",
        "Hinton & Salakhutdinov 2006",
    ),
    "dae": Row(DAERecipe(), "autoencoder that rebuilds clean inputs from spoiled ones", "Vincent et al. 2010"),
    "cae": Row(CAERecipe(), "autoencoder whose codes move little as inputs do", "Rifai et al. 2011"),
    "aae": Row(AAERecipe(), "autoencoder whose codes are drawn to the prior by a critic", "Makhzani et al. 2016"),
    "aae-cluster": Row(ClusteringAAERecipe(), "AAE with a category that comes to be a cluster", "Makhzani et al. 2016"),
    "aae-semi": Row(
        SemiSupervisedAAERecipe(), "AAE with a category that a few labels name; classifies", "Makhzani et al. 2016"
    ),
    "wae-mmd": Row(WAERecipe(), "squared error, and codes drawn to the prior by MMD", "Tolstikhin et al. 2018"),
    "wae-gan": Row(WAEGANRecipe(), "squared error, and codes drawn to the prior by a critic", "Tolstikhin et al. 2018"),
    "vae-gan": Row(VAEGANRecipe(), "VAE judged by what a critic of images sees", "Larsen et al. 2016"),
    "hsic-vae": Row(HSICVAERecipe(), "VAE whose groups of codes are kept independent, by HSIC", "Lopez et al. 2018"),
    "cvae": Row(CVAERecipe(), "VAE whose nets are told an attribute of each example", "Sohn et al. 2015"),
    "vib": Row(VIBRecipe(), "code that tells a label, and little else", "Alemi et al. 2017"),
    "iwae": Row(IWAERecipe(), "VAE with a tighter bound on the likelihood, by several samples", "Burda et al. 2016"),
    "joint-vae": Row(JointVAERecipe(), "VAE with discrete codes beside its continuous ones", "Dupont 2018"),
    "m2": Row(M2Recipe(), "VAE told a label, which it learns to tell from a few", "Kingma et al. 2014"),
    "vfae": Row(VFAERecipe(), "VAE whose codes tell nothing of an attribute, by MMD", "Louizos et al. 2016"),
    "fader": Row(FaderRecipe(), "autoencoder whose codes tell a critic nothing of an attribute", "Lample et al. 2017"),
    "hfvae": Row(
        HFVAERecipe(), "VAE with weights on the correlation between and within groups of codes", "Esmaeili et al. 2019"
    ),
    "information-dropout": Row(
        InformationDropoutRecipe(), "code with multiplicative noise that tells a label", "Achille & Soatto 2018"
    ),
    "classifier": Row(ClassifierRecipe(), "encoder that learns from the labels of all examples", "Zhai et al. 2019"),
    "rotation": Row(RotationRecipe(), "encoder that learns which way up pictures are", "Gidaris et al. 2018"),
    "sup-rotation": Row(
        LabelledRotationRecipe(), "encoder that learns what pictures show, and which way up", "Zhai et al. 2019, S4L"
    ),
    "dc-ign": Row(DCIGNRecipe(), "VAE that learns from batches in which one factor varies", "Kulkarni et al. 2015"),
    "m1-m2": Row(M1M2Recipe(), "M2 of the codes of a VAE that is trained beside it", "Kingma et al. 2014"),
    "s2-beta-vae": Row(S2BetaVAERecipe(), "beta-VAE with a few labelled factors in the loss", _FEW),
    "s2-factor-vae": Row(S2FactorVAERecipe(), "FactorVAE with a few labelled factors in the loss", _FEW),
    "s2-dip-vae-i": Row(S2DIPVAERecipe(), "DIP-VAE I with a few labelled factors in the loss", _FEW),
    "s2-dip-vae-ii": Row(S2DIPVAERecipe(kind="ii"), "DIP-VAE II with a few labelled factors in the loss", _FEW),
    "s2-beta-tcvae": Row(S2BetaTCVAERecipe(), "beta-TCVAE with a few labelled factors in the loss", _FEW),
    "supervised": Row(SupervisedRecipe(), "an encoder that learns from the few labels alone", _FEW),
    "ada-gvae": Row(PairVAERecipe(), "VAE of pairs, which find out what they share; averages", _WEAK),
    "ada-ml-vae": Row(PairVAERecipe(common="product"), "VAE of pairs, which find out what they share; products", _WEAK),
    "group-vae": Row(
        PairVAERecipe(known=True), "VAE of pairs that are known to share factors; averages", "Hosoya 2019"
    ),
    "ml-vae": Row(
        PairVAERecipe(known=True, common="product"),
        "VAE of pairs that are known to share factors; products",
        "Bouchacourt et al. 2018",
    ),
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name: a row of the table, ``FILE.py:NAME``, or an entry point of ``metaprior.recipes``.

    >>> find_recipe("beta-vea")
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: unknown method 'beta-vea'; did you mean 'beta-vae' or 'beta-tcvae'?
    """
    if name in RECIPES:
        return RECIPES[name].recipe
    if ".py:" in name:
        return _from_file(name)
    if name.endswith(".py"):
        raise MetapriorError(_which_of_file(name))
    for entry in importlib.metadata.entry_points(group="metaprior.recipes"):
        if entry.name == name:
            return _checked(entry.load(), name)
    raise unknown("method", name, RECIPES)


def name_of(recipe: Recipe) -> str:
    """A name by which :func:`find_recipe` finds a recipe of this type again: a row of the table, or ``FILE.py:NAME``.

    >>> name_of(FactorVAERecipe(gamma=3.0)), name_of(DIPVAERecipe(kind="ii", lr=1e-3))
    ('factor-vae', 'dip-vae-ii')
    """
    kind = type(recipe)
    alike = {name: row.recipe for name, row in RECIPES.items() if type(row.recipe) is kind}
    if alike:  # several rows may share a type: the one with the fewest other choices
        return min(alike, key=lambda name: sum(to_plain(alike[name])[k] != v for k, v in to_plain(recipe).items()))
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    if file is None or not hasattr(module, kind.__name__):
        raise MetapriorError(
            f"the recipe {kind.__name__} is defined where no one finds it again, so its runs could not be loaded; "
            "define it at the top of a file"
        )
    return f"{file}:{kind.__name__}"


def _from_file(name: str) -> Recipe:
    file, _, attribute = name.rpartition(":")
    module = _module(file)
    if not hasattr(module, attribute):
        raise MetapriorError(f"'{file}' has no '{attribute}'; give the name of a recipe it defines")
    return _checked(getattr(module, attribute), name)


def _module(file: str) -> ModuleType:
    path = Path(file)
    own = str(path.resolve())  # a name that hides no other module
    spec = importlib.util.spec_from_file_location(own, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise MetapriorError(f"there is no file '{file}'; a method of your own is named FILE.py:RECIPE")
    module = sys.modules[own] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as fault:
        del sys.modules[own]
        raise MetapriorError(f"'{file}' could not be imported: {type(fault).__name__}: {fault}") from fault
    return module


def _which_of_file(file: str) -> str:
    module = _module(file)
    found = [
        name
        for name, value in vars(module).items()
        if _is_recipe(value) and (not isinstance(value, type) or value.__module__ == module.__name__)  # not imports
    ]
    if not found:
        return f"'{file}' defines no recipe: a dataclass with needs_labels and build(data)"
    return f"say which recipe of the file: {' or '.join(f'{file}:{name}' for name in found)}"


def _is_recipe(found: object) -> bool:
    return is_dataclass(found) and hasattr(found, "build") and hasattr(found, "needs_labels")


def _checked(found: object, name: str) -> Recipe:
    recipe = found() if isinstance(found, type) else found
    if not _is_recipe(recipe):
        raise MetapriorError(f"'{name}' is not a recipe: it must be a dataclass with needs_labels and build(data)")
    return recipe  # pyright: ignore[reportReturnType]
