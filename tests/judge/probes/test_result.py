"""What every probe refuses, and what it takes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.judge.probes import few_shot, knn_probe, logistic_probe, ridge_probe
from metaprior.judge.probes.result import Probe, accuracy
from tests.judge.probes.blobs import blobs

every_probe = pytest.mark.parametrize("probe", [ridge_probe, logistic_probe, knn_probe, few_shot])
TRAIN, TEST = blobs(0, 40, 4), blobs(1, 30, 4)
MISTAKES: dict[str, tuple[Callable[[Any, Any], tuple[Any, Any]], str]] = {
    "NaN": (lambda x, y: (np.where(np.arange(len(x))[:, None] == 3, np.nan, x), y), "features hold 4 NaN .* row 3"),
    "infinite": (lambda x, y: (x * np.where(np.arange(4) == 1, np.inf, 1), y), "infinite"),
    "length": (lambda x, y: (x, y[:-1]), r"rows of features and \d+ \w+ labels"),
    "one-hot labels": (lambda x, y: (x, np.eye(3)[y]), "one whole number an example"),
    "fractions": (lambda x, y: (x, y + 0.5), "one whole number an example"),
    "negative": (lambda x, y: (x, y - 1), "must not be negative"),
    "no matrix": (lambda x, y: (x[:, 0], y), "must be a matrix"),
    "empty": (lambda x, y: (x[:0], y[:0]), "empty"),
}


@every_probe
@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("part", ["training", "test"])
def test_bad_features_and_labels_are_one_line(probe: Callable[..., Probe], mistake: str, part: str) -> None:
    spoil, expected = MISTAKES[mistake]
    train, test = (spoil(*TRAIN), TEST) if part == "training" else (TRAIN, spoil(*TEST))
    with pytest.raises(MetapriorError, match=expected) as fault:
        probe(*train, *test)
    assert part in str(fault.value)
    assert "\n" not in str(fault.value)


@every_probe
def test_features_of_unlike_widths_are_one_line(probe: Callable[..., Probe]) -> None:
    with pytest.raises(MetapriorError, match=r"4 columns .* 3"):
        probe(*TRAIN, TEST[0][:, :3], TEST[1])


@every_probe
def test_arrays_and_tensors_are_the_same(probe: Callable[..., Probe]) -> None:
    tensors = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in (TRAIN, TEST)]
    assert probe(*TRAIN, *TEST) == probe(*tensors[0], *tensors[1])


@every_probe
def test_classes_far_apart_are_told(probe: Callable[..., Probe]) -> None:
    assert probe(*blobs(0, 40, 4, noise=0.01), *blobs(1, 30, 4, noise=0.01)).value == 1


def test_the_standard_error_of_a_share_is_binomial() -> None:
    found = accuracy(torch.tensor([0, 1, 1, 1]), torch.tensor([0, 1, 1, 0]))
    assert found == Probe(0.75, (0.75 * 0.25 / 4) ** 0.5, 4)
