"""Criteria to select models by: a metric on few labels, the supervised loss on held-out labels, or no labels at all."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from metaprior.core import Counter, MetapriorError, Source, Step, generator, unknown
from metaprior.judge import USUAL, Score, Settings, judge, rank
from metaprior.methods import VAE
from metaprior.metrics import METRICS
from metaprior.objectives import kl_normal
from metaprior.study.experiment import Experiment, load
from metaprior.training import Loop

TRAIN_SHARE = 0.9
"""Of the labels, what a validation metric's predictors learn from; they are tested on the others."""
IMAGES = 1000
"""How many images the criteria without labels look at."""

Valued: TypeAlias = Callable[[Any, Any], Score]
"""The value of a model on what the criterion looks at, which is the same for all models."""


@dataclass(frozen=True)
class Criterion:
    """How a run is valued, and on what."""

    looks_at: Literal["labels", "held-out labels", "images"]
    larger_is_better: bool
    value: Valued | None
    """None: runs are valued by each other."""


def criteria_by_name() -> dict[str, Criterion]:
    """Every criterion by name."""
    terms = ("negative_elbo", "reconstruction", "kl")
    factors = [name for name in (*USUAL, "unified") if name != "unsupervised"]  # which looks at no labels
    scores = [score for name in factors for score in METRICS[name].scores]
    return {
        "supervised": Criterion("held-out labels", False, r_sup),
        "udr": Criterion("images", True, None),
        **{name: Criterion("images", False, _term(name)) for name in terms},
        **{score: Criterion("labels", True, _metric(score)) for score in scores},
    }


def find_criterion(name: str) -> Criterion:
    """The criterion of that name.

    >>> find_criterion("negative_elbo").larger_is_better
    False
    """
    criteria = criteria_by_name()
    if name not in criteria:
        raise unknown("criterion", name, criteria)
    return criteria[name]


def r_sup(model: Any, held: Any) -> Score:
    """R_sup of a model that learned from labels, on others; where it is a sum over them, divided by their number."""
    supervision = getattr(model, "supervision", None)
    if supervision is None:
        return Score(None, len(held), 0, "held-out labels", reason="its method has no supervised loss")
    if len(held) < supervision.loss.fewest:
        few = f"its loss needs at least {supervision.loss.fewest} examples, and {len(held)} did not train"
        return Score(None, len(held), 0, "held-out labels", reason=few)
    batch = held.gather(torch.arange(len(held)))
    with torch.inference_mode():
        value = supervision(model.encode(batch.inputs), batch.factors, Step()).item()
    value /= len(held) if supervision.loss.sums else 1
    return Score(value, len(held), 0, "held-out labels")


def _metric(score: str) -> Valued:
    def value(model: Any, labelled: Any) -> Score:
        settings = Settings(train=len(labelled), test=len(labelled), train_share=TRAIN_SHARE)
        return judge(model, labelled, metrics=[score], settings=settings)[score]

    return value


def _term(name: str) -> Valued:
    def value(model: Any, data: Any) -> Score:
        if not isinstance(model, VAE):
            return Score(None, IMAGES, 0, "images of the data", reason="its method is no VAE")
        return Score(elbo_terms(model, data)[name], IMAGES, 0, "images of the data")

    return value


def elbo_terms(model: VAE, data: Source, images: int = IMAGES, batch: int = 250, seed: int = 0) -> dict[str, float]:
    """Reconstruction and KL of a VAE on images drawn uniformly, means in nats, and their sum, the negative ELBO."""
    rows = torch.randint(len(data), (images,), generator=generator(seed, "elbo"))
    totals = {"reconstruction": 0.0, "kl": 0.0}
    with torch.inference_mode():
        for place, part in enumerate(rows.split(batch)):
            shown = data.gather(part)
            posterior, codes = model.infer(shown, Step(draws=Counter(seed, place)))
            totals["reconstruction"] += model.reconstruction(shown, codes)["reconstruction"].value.item() * len(part)
            totals["kl"] += kl_normal(*posterior).sum().item()
    return {name: total / images for name, total in (totals | {"negative_elbo": sum(totals.values())}).items()}


def agreement(experiments: Mapping[Path, Experiment], data: Any, data_name: str) -> dict[Path, Score]:
    """UDR of each run among those that differ from it in their seed alone; such scores are compared across choices.

    A run that has no such other has no value. Source: Duan et al. 2020, "Unsupervised Model Selection for Variational
    Disentangled Representation Learning".
    """
    found: dict[Path, Score] = {}
    for group in groups_of_choices(experiments):
        if len(group) == 1:
            reason = "UDR compares runs that differ in their seed alone, and no other has these choices"
            found[group[0]] = Score(None, IMAGES, 0, "images of the data", reason=reason)
            continue
        models: dict[str, Any] = {str(folder): load(folder) for folder in group}
        ranked = rank(models, data, n=IMAGES, data_name=data_name)
        found |= {folder: ranked[str(folder)]["udr"] for folder in group}
    return found


def groups_of_choices(experiments: Mapping[Path, Experiment]) -> list[list[Path]]:
    """Runs in groups that differ in their seed alone; an error where two of a group have the same seed.

    Of the options of the loop, the number of steps is a choice too; the others are not.
    """
    groups: dict[str, dict[int, Path]] = {}
    for folder, experiment in experiments.items():
        seed, steps = experiment.loop.seed, experiment.loop.steps
        group = groups.setdefault(json.dumps(replace(experiment, loop=Loop(steps=steps)).plain()), {})
        if seed in group:
            raise MetapriorError(
                f"UDR compares runs of several seeds, and {group[seed]} and {folder} have the same choices and seed "
                f"{seed}; leave one out"
            )
        group[seed] = folder
    return [list(group.values()) for group in groups.values()]
