"""The probe protocols: a model's features of labelled images, and a simple predictor on top of them."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from metaprior.core import Encodes, MetapriorError, unknown
from metaprior.judge.features import Gathers, Progress, features
from metaprior.judge.probes import Probe, few_shot, knn_probe, logistic_probe, ridge_probe
from metaprior.judge.probes.result import as_examples
from metaprior.judge.scores import Score, Scores

Labelled: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Features N×D and class indices N."""


def labelled_features(
    model: Encodes, data: Gathers, batch: int = 512, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Features N×D and labels N of the labelled examples of a source; those of label -1 are left out."""
    held = getattr(data, "labels", None)  # a set in memory: no need to read its images for the labels
    if not isinstance(held, Tensor):
        rows = torch.arange(len(data)).split(batch)
        held = torch.cat([data.gather(part).labels for part in rows])
    labels = held.cpu().numpy()
    known = labels >= 0
    if known.any() and not known.all():
        rows = torch.from_numpy(np.flatnonzero(known))
        return features(model, data, rows, batch, progress), labels[known]
    return features(model, data, batch=batch, progress=progress), labels


def ridge(train: Labelled, test: Labelled, seed: int = 0) -> Probe:
    """Ridge regression onto class indicators, strength by leave-one-out."""
    return ridge_probe(*train, *test)


def logistic(train: Labelled, test: Labelled, seed: int = 0) -> Probe:
    """Multinomial logistic regression, strength by a fifth of the training examples."""
    return logistic_probe(*train, *test, seed=seed)


def knn(train: Labelled, test: Labelled, seed: int = 0) -> Probe:
    """Twenty nearest neighbours by cosine, one vote each."""
    return knn_probe(*train, *test)


def five_shot(train: Labelled, test: Labelled, seed: int = 0) -> Probe:
    """Ridge on five examples a class, ten draws."""
    return few_shot(*train, *test, shots=5, repeats=10, seed=seed)


PROBES: dict[str, Callable[[Labelled, Labelled, int], Probe]] = {
    "ridge": ridge,
    "logistic": logistic,
    "knn": knn,
    "few-shot": five_shot,
}


def probe(
    model: Encodes,
    train: Gathers,
    test: Gathers,
    *,
    probes: tuple[str, ...] = ("ridge", "logistic", "knn", "few-shot"),
    seed: int = 0,
    model_name: str = "",
    data_name: str = "",
    batch: int = 512,
    progress: Progress | None = None,
) -> Scores:
    """Accuracy of each probe, learnt on ``train`` and tested on ``test``; scores are called ``<probe>_accuracy``."""
    for name in probes:
        if name not in PROBES:
            raise unknown("probe", name, PROBES)
    learnt, tested = (labelled_features(model, data, batch, progress) for data in (train, test))
    as_examples(*learnt, *tested)  # what no probe can take is an error, not a score that each of them lacks
    return Scores(
        protocol="probe",
        scores={f"{name.replace('-', '_')}_accuracy": _score(name, learnt, tested, seed) for name in probes},
        model=model_name or type(model).__name__,
        data=data_name or getattr(train, "name", "") or type(train).__name__,
    )


def _score(name: str, train: Labelled, test: Labelled, seed: int) -> Score:
    protocol = f"frozen features, {name}, {len(train[1])} training examples"
    rows = len(train[1]) + len(test[1])
    try:
        found = PROBES[name](train, test, seed)
    except MetapriorError as error:  # too few labels for this probe, say: the others may still work
        return Score(None, len(test[1]), seed, protocol, rows, reason=str(error))
    details = {"strength": found.strength, "chosen_by": found.chosen_by}
    return Score(found.value, found.n, seed, protocol, rows, se=found.se, details=details)
