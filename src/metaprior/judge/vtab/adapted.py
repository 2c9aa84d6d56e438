"""What adapting an encoder to a task gives: a test accuracy, and what was chosen on the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Adapted:
    """One adaptation: selected on the validation examples, fitted to all training examples, tested once."""

    value: float
    """Accuracy on the test examples."""
    se: float | None
    """Its standard error: binomial over test examples, or over draws where there are some."""
    n: int
    """Test examples."""
    chosen: Mapping[str, Any]
    """What was chosen: a strength; a learning rate and its schedule."""
    val: float | None
    """Accuracy of the choice on the validation examples; None where nothing was chosen by them."""
    details: Mapping[str, Any] = field(default_factory=dict)


def binomial(value: float, n: int) -> float:
    """The standard error of an accuracy over n examples.

    >>> round(binomial(0.5, 100), 6)
    0.05
    """
    return (value * (1 - value) / n) ** 0.5


def unseen(train_labels: np.ndarray, test_labels: np.ndarray) -> dict[str, Any]:
    """Of classes that are tested and have no training example: how many, and what share of the test. Empty: none.

    They cannot be predicted. VTAB draws its 800 and 200 examples without regard to classes, so that several tasks lack
    some: of SUN397's 397 the 800 hold 309.

    >>> unseen(np.array([0, 0, 2]), np.array([0, 1, 1, 2]))
    {'unseen_classes': 1, 'unseen_share': 0.5}
    """
    lost = np.setdiff1d(test_labels, train_labels)
    if not len(lost):
        return {}
    return {"unseen_classes": len(lost), "unseen_share": round(float(np.isin(test_labels, lost).mean()), 6)}
