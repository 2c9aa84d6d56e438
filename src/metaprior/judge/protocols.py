"""The protocols by name: what each asks of a model and of data, and the scores that it yields. A literal table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from metaprior.judge.clusters import PIXELS, clusters
from metaprior.judge.disentanglement import judge
from metaprior.judge.probe import probe
from metaprior.judge.ranking import rank
from metaprior.judge.rate_distortion import SCORES as RATE_DISTORTION
from metaprior.judge.rate_distortion import rate_distortion
from metaprior.judge.samples import sample_quality
from metaprior.judge.scorers import SCORERS, SUMMARIES
from metaprior.metrics import METRICS


@dataclass(frozen=True)
class Protocol:
    """One protocol: ``run(model, data)`` where it needs factors or images, ``run(model, train, test)`` for labels.

    Where it needs other models, ``run(models by name, data)`` gives the scores of each by its name; where it needs no
    more than examples, ``run(model, data)``.
    """

    summary: str
    capability: str
    needs: Literal["examples", "factors", "labels", "models", "images"]
    scores: tuple[str, ...]
    run: Callable[..., Any]


PROTOCOLS: dict[str, Protocol] = {
    "disentanglement": Protocol(
        "do codes and factors of variation correspond one to one: MIG, DCI, BetaVAE and FactorVAE score, SAP, IRS…",
        "encode",
        "factors",
        tuple(score for name in (*SCORERS, *SUMMARIES) for score in METRICS[name].scores),
        judge,
    ),
    "probe": Protocol(
        "how well simple predictors on frozen features tell the classes: ridge, logistic, nearest neighbours, few-shot",
        "encode",
        "labels",
        ("ridge_accuracy", "logistic_accuracy", "knn_accuracy", "few_shot_accuracy"),
        probe,
    ),
    "clusters": Protocol(
        "do clusters that were found without labels agree with classes, and better than k-means on pixels: accuracy by "
        "assignment, purity, NMI, adjusted Rand index",
        "cluster or encode",
        "labels",
        (*METRICS["clusters"].scores, PIXELS),
        clusters,
    ),
    "udr": Protocol(
        "do models of one recipe, from different seeds, find the same codes: judged by each other, without labels",
        "posterior",
        "models",
        ("udr",),
        rank,
    ),
    "rd": Protocol(
        "what codes cost and what they keep: rate, distortion, bounds on the likelihood, label distortion",
        "explain",
        "examples",
        RATE_DISTORTION,
        rate_distortion,
    ),
    "samples": Protocol(
        "how far the model's own images are from the data's: Fréchet distance of their features",
        "sample",
        "images",
        tuple(METRICS["frechet_distance"].scores),
        sample_quality,
    ),
}
