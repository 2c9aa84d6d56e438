"""The probe protocol: a model, labelled images to learn from and others to test on."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from metaprior.core import Batch, MetapriorError
from metaprior.data import Dataset
from metaprior.judge import PROTOCOLS, probe
from metaprior.judge.probe import PROBES, labelled_features
from tests.judge.worlds import Pixels


def labelled(count: int, seed: int, noise: int = 20, classes: int = 3) -> Dataset:
    """Pictures whose brightest pixel is their class."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes)
    images = np.eye(classes)[labels] * 200 + rng.integers(0, noise + 1, size=(count, classes))
    pixels = torch.from_numpy(images).to(torch.uint8)[:, None, None, :]
    return Dataset("bright", pixels, labels=torch.from_numpy(labels), class_names=tuple("abc"[:classes]))


class Streamed:
    """The same examples as a source that must be read to be known."""

    def __init__(self, data: Dataset) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def gather(self, indices: torch.Tensor) -> Batch:
        return self.data.gather(indices)


def test_classes_that_are_plain_to_see_are_found() -> None:
    scores = probe(Pixels(), labelled(60, 0), labelled(40, 1))
    assert tuple(scores.scores) == PROTOCOLS["probe"].scores
    assert {score.value for score in scores.scores.values()} == {1.0}


def test_labels_are_read_from_memory_or_from_batches_alike() -> None:
    data = labelled(60, 0)
    held, streamed = labelled_features(Pixels(), data), labelled_features(Pixels(), Streamed(data), batch=7)
    assert all(map(np.array_equal, held, streamed))


def test_scores_are_those_of_the_probes_on_the_features() -> None:
    train, test = labelled(60, 0, noise=255), labelled(80, 1, noise=255)
    scores = probe(Pixels(), train, test, seed=4)
    arrays = [labelled_features(Pixels(), data) for data in (train, test)]
    for name, score in zip(PROBES, scores.scores.values(), strict=True):
        found = PROBES[name](arrays[0], arrays[1], 4)
        assert (score.value, score.se, score.n, score.seed) == (found.value, found.se, 80, 4)


def test_json_says_how_the_strength_was_chosen() -> None:
    told = probe(Pixels(), labelled(60, 0), labelled(40, 1), model_name="mine").to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["protocol"], told["model"], told["data"]) == ("probe", "mine", "bright")
    assert told["scores"]["ridge_accuracy"]["chosen_by"] == "leave-one-out"
    assert told["scores"]["logistic_accuracy"]["chosen_by"] == "validation"
    assert "60 training examples" in told["scores"]["knn_accuracy"]["protocol"]


def test_a_probe_with_too_few_examples_says_so_and_the_others_go_on() -> None:
    scores = probe(Pixels(), labelled(9, 0), labelled(40, 1))
    assert scores["few_shot_accuracy"].value is None
    assert "3 training examples, and 5 are to be drawn" in (scores["few_shot_accuracy"].reason or "")
    assert scores["ridge_accuracy"].value == 1


def test_data_without_labels_and_unknown_probes_are_refused() -> None:
    bare = Dataset("bare", labelled(10, 0).images)
    with pytest.raises(MetapriorError, match="'labels'"):
        probe(Pixels(), bare, bare)
    with pytest.raises(MetapriorError, match="unknown probe 'rigde'; did you mean 'ridge'"):
        probe(Pixels(), labelled(10, 0), labelled(10, 1), probes=("rigde",))


def test_a_model_whose_features_are_not_numbers_is_refused() -> None:
    broken = Pixels(weight=torch.full((3, 3), torch.nan))
    with pytest.raises(MetapriorError, match=r"training features hold .* NaN"):
        probe(broken, labelled(60, 0), labelled(40, 1))


def test_examples_without_a_label_are_left_out() -> None:
    whole = labelled(60, 0)
    assert whole.labels is not None
    known = torch.arange(60) % 4 > 0
    partly = replace(whole, labels=whole.labels.where(known, -1))
    found, expected = (
        probe(Pixels(), data, data, probes=("ridge",)) for data in (partly, whole.take(known.nonzero()[:, 0]))
    )
    assert found["ridge_accuracy"].value == expected["ridge_accuracy"].value
    assert found["ridge_accuracy"].n == 45
