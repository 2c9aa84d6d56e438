"""Disentangling Factors of Variation Using Few Labels (Locatello et al. 2020): its claims.

It could not be checked against the paper's full text: directions of effects are from memory or from the abstracts,
thresholds are this project's own, and the paper's own correlation values are not known here.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from metaprior.core import Recipe, generator
from metaprior.data import World, few_labels
from metaprior.data import load as load_data
from metaprior.judge import Settings, judge
from metaprior.methods import VAE, find_recipe
from metaprior.metrics import gaussian_total_correlation
from metaprior.papers.claim import Claim, Experiment, Measured, Verdict
from metaprior.study import Experiment as Training
from metaprior.study import load
from metaprior.study.analysis import rank_correlation
from metaprior.training import Loop

_WORLD = "dsprites:size=16,scale=3,orientation=2,position_x=8,position_y=8"
_LOOP = Loop(steps=300, threads=1)  # so that the ten models take 40 s of one core: chosen by time alone
_SEEDS = (0, 1)
_BETAS = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Model:
    """One model of the smoke experiments: beta-VAE, or S2-beta-VAE where it has labels."""

    beta: float
    seed: int
    labels: int | None = None

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return "beta-vae" if self.labels is None else "s2-beta-vae"

    @property
    def name(self) -> str:
        """The name of its run folder."""
        return f"{self.recipe}-beta{self.beta:g}-{self.seed}"

    def training(self) -> Training:
        """All that decides its run."""
        method: Recipe = dataclasses.replace(find_recipe(self.recipe), beta=self.beta, lr=1e-3, latent_dim=6)  # pyright: ignore
        loop = dataclasses.replace(_LOOP, seed=self.seed)
        return Training(recipe=self.recipe, method=method, data=_WORLD, labels=self.labels, loop=loop)

    def load(self, folder: Path) -> VAE:
        """The trained model."""
        model = load(folder / self.name)
        assert isinstance(model, VAE)
        return model


_UNLABELLED = [Model(beta, seed) for beta in _BETAS for seed in _SEEDS]
_PAIRS = [(Model(1.0, seed, labels=100), Model(1.0, seed)) for seed in _SEEDS]


def trainings(models: Iterable[Model]) -> Mapping[str, Training]:
    """What is trained, by the name of its run folder."""
    return {model.name: model.training() for model in models}


def smoke_world() -> World:
    """The world of the smoke experiments: dSprites at 16 px, 1,152 images."""
    world = load_data(_WORLD)
    assert isinstance(world, World)
    return world.cached()


def dci_disentanglement(model: VAE, data: Any) -> float:
    """DCI disentanglement by the fast backend, on 2,000 examples of a world or on all rows of a labelled set."""
    value = judge(model, data, metrics=["dci"], settings=Settings(train=2000, test=1000))["dci_disentanglement"].value
    return float("nan") if value is None else value


def few_labels_beat_none(folder: Path) -> Measured:
    """Without selection: the same beta with and without 100 labels, paired seeds."""
    world = smoke_world()
    gains = []
    for with_labels, without in _PAIRS:
        first, second = (dci_disentanglement(model.load(folder), world) for model in (with_labels, without))
        gains.append(first - second)
    return {"gain_mean": float(np.mean(gains)), "gain_min": min(gains), "gain_max": max(gains)}


def gain_is_clear(measured: Measured) -> tuple[Verdict, str | None]:
    """The rule of ``few-labels-beat-none``."""
    return "pass" if measured["gain_min"] > 0 and measured["gain_mean"] >= 0.1 else "fail", None


def labels_suffice_for_selection(folder: Path) -> Measured:
    """Does DCI on 100 labelled examples rank models as DCI on the world does?"""
    world = smoke_world()
    labelled = few_labels(world, 100, seed=0)
    models = [model.load(folder) for model in _UNLABELLED]
    on_labels = [dci_disentanglement(model, labelled) for model in models]
    on_world = [dci_disentanglement(model, world) for model in models]
    return {"spearman_dci": rank_correlation(on_labels, on_world), "models": len(models)}


def ranks_agree(measured: Measured) -> tuple[Verdict, str | None]:
    """The rule of ``labels-suffice-for-selection``."""
    rho = measured["spearman_dci"]
    if rho >= 0.6:
        return "pass", None
    if rho <= 0:
        return "fail", None
    return "inconclusive", f"{measured['models']} models are too few to tell {rho:.2f} from 0.6"


def sampled_codes_decorrelate(folder: Path) -> Measured:
    """Gaussian total correlation of mean and of sampled codes against beta."""
    world = smoke_world()
    images = world.gather(torch.arange(len(world))).images
    of_means, of_samples = [], []
    for beta in _BETAS:
        values = []
        for seed in _SEEDS:
            with torch.inference_mode():
                mean, logvar = Model(beta, seed).load(folder).posterior(images)
            noise = torch.randn(mean.shape, generator=generator(seed, "sampled codes"))
            sampled = mean + (logvar / 2).exp() * noise
            values.append([gaussian_total_correlation(torch.cov(c.double().T).numpy()) for c in (mean, sampled)])
        on_mean, on_samples = np.mean(values, axis=0)
        of_means.append(float(on_mean))
        of_samples.append(float(on_samples))
    return {
        "spearman_sampled": rank_correlation(_BETAS, of_samples),
        "mean_tc_last_over_first": of_means[-1] / of_means[0],
        "sampled_tc_first": of_samples[0],
        "sampled_tc_last": of_samples[-1],
    }


def only_samples_decorrelate(measured: Measured) -> tuple[Verdict, str | None]:
    """The rule of ``sampled-codes-decorrelate``."""
    held = measured["spearman_sampled"] <= -0.8 and measured["mean_tc_last_over_first"] >= 0.5
    return "pass" if held else "fail", None


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "few-labels-beat-none",
            "A few labels in the loss give a more disentangled representation than none",
            None,
            "Locatello et al. 2020, abstract",
            {
                "smoke": Experiment(
                    "DCI disentanglement with 100 labels minus without: above 0 for each seed, mean at least 0.1",
                    trainings(model for pair in _PAIRS for model in pair),
                    few_labels_beat_none,
                    gain_is_clear,
                    _SEEDS,
                    minutes=0.4,
                )
            },
        ),
        Claim(
            "labels-suffice-for-selection",
            "100 labels suffice to tell good models from bad ones by DCI",
            None,
            "Locatello et al. 2020, abstract",
            {
                "smoke": Experiment(
                    "Spearman correlation of DCI on 100 labels with DCI on the world, over 8 beta-VAEs: "
                    "at least 0.6 passes, at most 0 fails, between is inconclusive",
                    trainings(_UNLABELLED),
                    labels_suffice_for_selection,
                    ranks_agree,
                    _SEEDS,
                    minutes=0.5,
                )
            },
        ),
        Claim(
            "sampled-codes-decorrelate",
            "With more regularisation sampled codes decorrelate while mean codes stay correlated",
            None,
            "Locatello et al. 2019",
            {
                "smoke": Experiment(
                    "Gaussian TC of sampled codes falls with beta (Spearman at most -0.8), that of mean codes at the "
                    "largest beta is at least half of that at the smallest",
                    trainings(_UNLABELLED),
                    sampled_codes_decorrelate,
                    only_samples_decorrelate,
                    _SEEDS,
                    minutes=0.5,
                )
            },
        ),
    )
}
