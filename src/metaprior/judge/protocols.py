"""The protocols by name: what each asks of a model and of data, and the scores that it yields. A literal table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from metaprior.judge.disentanglement import judge
from metaprior.judge.probe import probe
from metaprior.judge.scores import Scores


@dataclass(frozen=True)
class Protocol:
    """One protocol: ``run(model, data)`` where it needs factors, ``run(model, train, test)`` where it needs labels."""

    summary: str
    capability: str
    needs: Literal["factors", "labels"]
    scores: tuple[str, ...]
    run: Callable[..., Scores]


PROTOCOLS: dict[str, Protocol] = {
    "disentanglement": Protocol(
        "do codes and factors of variation correspond one to one: MIG, DCI, FactorVAE score",
        "encode",
        "factors",
        ("mig", "dci_disentanglement", "dci_completeness", "dci_informativeness", "factor_vae_score"),
        judge,
    ),
    "probe": Protocol(
        "how well simple predictors on frozen features tell the classes: ridge, logistic, nearest neighbours, few-shot",
        "encode",
        "labels",
        ("ridge_accuracy", "logistic_accuracy", "knn_accuracy", "few_shot_accuracy"),
        probe,
    ),
}
