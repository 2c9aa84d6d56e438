"""Nearest neighbours: what do the examples with the most similar features say?"""

from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from metaprior.core import MetapriorError
from metaprior.judge.probes.result import Probe, accuracy, as_examples
from metaprior.metrics.arrays import Array

Metric: TypeAlias = Literal["cosine", "euclidean"]


def knn_predict(
    train: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    test: Float[Tensor, "m d"],
    k: int = 20,
    metric: Metric = "cosine",
    temperature: float | None = None,
    chunk: int = 1024,
) -> Int64[Tensor, " m"]:
    """The class with the most votes among each test example's ``k`` nearest training examples; ties go to the lowest.

    Each neighbour has one vote, or with a ``temperature`` T the weight exp(similarity / T), where the similarity is
    the cosine or minus the distance. Source of the weighting: Wu et al. 2018 (T = 0.07, k = 200).

    >>> knn_predict(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1]), torch.tensor([[0.9, 0.1]]), k=1)
    tensor([1])
    """
    if not 1 <= k <= len(train):
        raise MetapriorError(f"k must be between 1 and the {len(train)} training examples; it is {k}")
    votes = one_hot(labels).to(train.dtype)
    if metric == "cosine":
        train, test = normalize(train, dim=1), normalize(test, dim=1)
    else:  # about their centre, where cdist's matrix product loses no digits
        centre = train.mean(0)
        train, test = train - centre, test - centre
    predicted = []
    for part in test.split(chunk):
        similarity = part @ train.T if metric == "cosine" else -torch.cdist(part, train)
        nearest, index = similarity.topk(k, dim=1)
        weight = torch.ones_like(nearest)
        if temperature is not None:  # relative to the nearest, so that a small temperature does not overflow
            weight = ((nearest - nearest[:, :1]) / temperature).exp()
        predicted.append((weight[:, :, None] * votes[index]).sum(1).argmax(1))
    return torch.cat(predicted)


def knn_probe(
    train: Array,
    train_labels: Tensor | np.ndarray,
    test: Array,
    test_labels: Tensor | np.ndarray,
    k: int = 20,
    metric: Metric = "cosine",
    temperature: float | None = None,
) -> Probe:
    """Accuracy of nearest neighbours."""
    x, labels, z, correct = as_examples(train, train_labels, test, test_labels)
    return accuracy(knn_predict(x, labels, z, min(k, len(x)), metric, temperature), correct)
