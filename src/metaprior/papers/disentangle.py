"""Disentangling Factors of Variation Using Few Labels (Locatello et al. 2020): its claims.

The card behind this module could not be checked against the paper's full text: directions of effects are from memory
or from the abstracts, thresholds are this project's own, and the paper's own correlation values are not known here.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

from metaprior.core import generator
from metaprior.data import World, few_labels
from metaprior.data import load as load_data
from metaprior.judge import Settings, judge
from metaprior.methods import VAE
from metaprior.objectives import gaussian_total_correlation
from metaprior.papers.claim import Claim, Experiment, Outcome
from metaprior.study import load, train
from metaprior.training import Loop, Run

_SMOKE_WORLD = "dsprites:size=16,scale=3,orientation=2,position_x=8,position_y=8"
_SMOKE = Loop(steps=1500, threads=1)
_SMOKE_METHOD = {"lr": 1e-3, "latent_dim": 6}
_BETAS = (1.0, 2.0, 4.0, 8.0)


def trained(folder: Path, recipe: str, seed: int, labels: int | None = None, **method: float) -> VAE:
    """The model of a smoke run, trained unless its folder holds it already."""
    name = "-".join([recipe, *(f"{k}{v:g}" for k, v in method.items()), str(seed)])
    run = Run(folder / name)
    if not run.finished:
        choices: dict[str, Any] = _SMOKE_METHOD | method
        train(
            recipe, data=_SMOKE_WORLD, labels=labels, seed=seed, method=choices, out=run.folder, resume=run.begun,
            progress=False, loop=_SMOKE,
        )  # fmt: skip
    model = load(run.folder)
    assert isinstance(model, VAE)
    return model


def smoke_world() -> World:
    """The world of the smoke experiments: dSprites at 16 px, 1,152 images."""
    world = load_data(_SMOKE_WORLD)
    assert isinstance(world, World)
    return world.cached()


def dci_disentanglement(model: VAE, data: Any) -> float:
    """DCI disentanglement by the fast backend, on 2,000 examples of a world or on all rows of a labelled set."""
    value = judge(model, data, metrics=["dci"], settings=Settings(train=2000, test=1000))["dci_disentanglement"].value
    return float("nan") if value is None else value


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation.

    >>> round(rank_correlation([1, 2, 3], [2.0, 4.0, 9.0]), 6)
    1.0
    """
    return float(spearmanr(first, second)[0])  # pyright: ignore[reportArgumentType]


def few_labels_beat_none(folder: Path, seeds: tuple[int, ...]) -> Outcome:
    """Claim 5 (card section 4) without selection: the same beta with and without 100 labels, paired seeds."""
    world = smoke_world()
    gains = []
    for seed in seeds:
        with_labels = trained(folder, "s2-beta-vae", seed, labels=100, beta=1.0, gamma_sup=4.0)
        without = trained(folder, "beta-vae", seed, beta=1.0)
        gains.append(dci_disentanglement(with_labels, world) - dci_disentanglement(without, world))
    measured = {"gain_mean": float(np.mean(gains)), "gain_min": min(gains), "gain_max": max(gains)}
    return Outcome(measured, "pass" if min(gains) > 0 and np.mean(gains) >= 0.1 else "fail", seeds)


def labels_suffice_for_selection(folder: Path, seeds: tuple[int, ...]) -> Outcome:
    """Claim 1 (card section 4): does DCI on 100 labelled examples rank models as DCI on the world does?"""
    world = smoke_world()
    labelled = few_labels(world, 100, seed=0)
    models = [trained(folder, "beta-vae", seed, beta=beta) for beta in _BETAS for seed in seeds]
    on_labels = [dci_disentanglement(model, labelled) for model in models]
    on_world = [dci_disentanglement(model, world) for model in models]
    rho = rank_correlation(on_labels, on_world)
    measured = {"spearman_dci": rho, "models": len(models)}
    if rho >= 0.6:
        return Outcome(measured, "pass", seeds)
    if rho <= 0:
        return Outcome(measured, "fail", seeds)
    return Outcome(measured, "inconclusive", seeds, f"{len(models)} models are too few to tell {rho:.2f} from 0.6")


def sampled_codes_decorrelate(folder: Path, seeds: tuple[int, ...]) -> Outcome:
    """Claim 12 (card section 4): Gaussian total correlation of mean and of sampled codes against beta."""
    world = smoke_world()
    images = world.gather(torch.arange(len(world))).images
    of_means, of_samples = [], []
    for beta in _BETAS:
        values = []
        for seed in seeds:
            model = trained(folder, "beta-vae", seed, beta=beta)
            with torch.inference_mode():
                mean, logvar = model.posterior(images)
            noise = torch.randn(mean.shape, generator=generator(seed, "sampled codes"))
            sampled = mean + (logvar / 2).exp() * noise
            values.append([gaussian_total_correlation(torch.cov(c.double().T)).item() for c in (mean, sampled)])
        on_mean, on_samples = np.mean(values, axis=0)
        of_means.append(float(on_mean))
        of_samples.append(float(on_samples))
    rho = rank_correlation(_BETAS, of_samples)
    measured = {"spearman_sampled": rho, "mean_tc_last_over_first": of_means[-1] / of_means[0]}
    held = rho <= -0.8 and of_means[-1] >= 0.5 * of_means[0]
    return Outcome(measured | {"sampled_tc_last": of_samples[-1]}, "pass" if held else "fail", seeds)


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "few-labels-beat-none",
            "A few labels in the loss give a more disentangled representation than none",
            None,
            "Locatello et al. 2020, abstract; card claim 5",
            {
                "smoke": Experiment(
                    "DCI disentanglement with 100 labels minus without: above 0 for each seed, mean at least 0.1",
                    partial(few_labels_beat_none, seeds=(0, 1)),
                    minutes=0.5,
                )
            },
        ),
        Claim(
            "labels-suffice-for-selection",
            "100 labels suffice to tell good models from bad ones by DCI",
            None,
            "Locatello et al. 2020, abstract; card claim 1",
            {
                "smoke": Experiment(
                    "Spearman correlation of DCI on 100 labels with DCI on the world, over 8 beta-VAEs: "
                    "at least 0.6 passes, at most 0 fails, between is inconclusive",
                    partial(labels_suffice_for_selection, seeds=(0, 1)),
                    minutes=0.5,
                )
            },
        ),
        Claim(
            "sampled-codes-decorrelate",
            "With more regularisation sampled codes decorrelate while mean codes stay correlated",
            None,
            "Locatello et al. 2019; card claim 12",
            {
                "smoke": Experiment(
                    "Gaussian TC of sampled codes falls with beta (Spearman at most -0.8), that of mean codes at the "
                    "largest beta is at least half of that at the smallest",
                    partial(sampled_codes_decorrelate, seeds=(0, 1)),
                    minutes=0.5,
                )
            },
        ),
    )
}
