"""Few-shot accuracy: a ridge probe on a few examples of each class, drawn again and again."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from metaprior.core import MetapriorError, generator
from metaprior.judge.probes.result import Probe, as_examples
from metaprior.judge.probes.ridge import STRENGTHS, ridge_probe
from metaprior.metrics.arrays import Array

ONE_SHOT = 2.0**10


def few_shot(
    train: Array,
    train_labels: Tensor | np.ndarray,
    test: Array,
    test_labels: Tensor | np.ndarray,
    shots: int = 5,
    repeats: int = 10,
    seed: int = 0,
    scarce: Literal["refuse", "take"] = "refuse",
) -> Probe:
    """Mean accuracy over ``repeats`` draws of ``shots`` training examples a class, with the mean's standard error.

    Draws are without replacement within a class; each draw chooses its own ridge strength by leave-one-out accuracy.
    Of one example a class the one left out has no other of its class, so nothing can be chosen: the strength is 2^10,
    that of big_vision's few-shot evaluator. A class with fewer examples is an error, or with ``scarce="take"`` gives
    all that it has.
    """
    if shots < 1 or repeats < 1:
        raise MetapriorError(f"shots and repeats must be at least 1; they are {shots} and {repeats}")
    x, labels, z, correct = as_examples(train, train_labels, test, test_labels)
    classes, counts = labels.unique(return_counts=True)
    if scarce == "refuse" and int(counts.min()) < shots:
        short = int(classes[counts.argmin()])
        raise MetapriorError(f"class {short} has {int(counts.min())} training examples, and {shots} are to be drawn")
    strengths = STRENGTHS if shots > 1 else (ONE_SHOT,)
    values = []
    for repeat in range(repeats):
        source = generator(seed, "few-shot", repeat)
        rows = torch.cat([_draw(labels, int(c), shots, source) for c in classes])
        values.append(ridge_probe(x[rows], labels[rows], z, correct, strengths).value)
    se = float(np.std(values, ddof=1) / len(values) ** 0.5) if repeats > 1 else None
    return Probe(float(np.mean(values)), se, len(z), chosen_by="leave-one-out" if shots > 1 else None)


def _draw(labels: Tensor, label: int, shots: int, source: torch.Generator) -> Tensor:
    rows = (labels == label).nonzero()[:, 0]
    return rows[torch.randperm(len(rows), generator=source)[:shots].to(rows.device)]
