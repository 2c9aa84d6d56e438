"""What a probe finds, and the features and labels that it accepts."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.metrics.arrays import Array, as_codes, as_numpy


@dataclass(frozen=True)
class Probe:
    """How well a probe predicts examples that it did not see."""

    value: float
    """Accuracy for classes, R² for numbers."""
    se: float | None
    """Standard error: binomial over test examples, or over repeats where there are some."""
    n: int
    """Test examples."""
    strength: float | None = None
    """The chosen strength of the L2 penalty, in the probe's own convention."""
    chosen_by: str | None = None
    """What chose the strength: leave-one-out errors, or validation examples."""


def accuracy(predicted: Tensor, labels: Tensor, strength: float | None = None, chosen_by: str | None = None) -> Probe:
    """The share of correct predictions and its binomial standard error."""
    share = float((predicted == labels).double().mean())
    return Probe(share, (share * (1 - share) / len(labels)) ** 0.5, len(labels), strength, chosen_by)


def as_features(values: Array, name: str = "features", dtype: torch.dtype = torch.float64) -> Tensor:
    """Features N×D, finite, as a tensor; a tensor stays on its device."""
    device = values.device if isinstance(values, Tensor) else None
    return torch.from_numpy(as_codes(values, name)).to(device=device, dtype=dtype)


def as_features_alike(
    train: Array, test: Array, what: str = "features", dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Two matrices with the same columns: of the training examples, and of the test examples."""
    x, z = as_features(train, f"training {what}", dtype), as_features(test, f"test {what}", dtype)
    if x.shape[1] != z.shape[1]:
        raise MetapriorError(f"training {what} have {x.shape[1]} columns and test {what} {z.shape[1]}")
    return x, z


def as_examples(
    train: Array,
    train_labels: Tensor | np.ndarray,
    test: Array,
    test_labels: Tensor | np.ndarray,
    dtype: torch.dtype = torch.float64,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What a probe learns from, and what it is tested on: features and labels of each, checked."""
    x, z = as_features_alike(train, test, dtype=dtype)
    return x, as_labels(train_labels, x, "training labels"), z, as_labels(test_labels, z, "test labels")


def as_labels(values: "Tensor | np.ndarray | list[int]", features: Tensor, name: str = "labels") -> Tensor:
    """Class indices N, int64 and not negative, on the device of the features they belong to."""
    labels = as_numpy(values)  # type: ignore[arg-type]
    if labels.ndim != 1 or labels.dtype.kind not in "iub":
        raise MetapriorError(f"{name} must be one whole number an example; these are {labels.dtype} {labels.shape}")
    if len(labels) != len(features):
        raise MetapriorError(f"there are {len(features)} rows of features and {len(labels)} {name}")
    if (labels < 0).any():
        raise MetapriorError(f"{name} must not be negative; row {int((labels < 0).argmax())} holds {labels.min()}")
    return torch.from_numpy(labels.astype(np.int64)).to(features.device)
