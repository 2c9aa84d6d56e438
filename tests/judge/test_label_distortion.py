"""Usefulness of a model's codes: which labels, learned from which rows, by means and by samples."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from metaprior.judge import rate_distortion
from metaprior.judge.label_distortion import targets
from metaprior.methods.vae import VAE
from tests.conftest import Columns, random
from tests.judge.linear import linear_vae


def identity(noise: float, scale: float = 1.0) -> VAE:
    """q(z | x) = N(scale x, noise) of three values."""
    eye = torch.eye(3, dtype=torch.float64)
    return linear_vae(eye * scale, torch.full((3,), noise, dtype=torch.float64), eye, 1.0)


def told(count: int, seed: int = 0, **columns: Tensor) -> Columns:
    """Vectors whose first value's sign is the label, unless other columns say otherwise."""
    vectors = random(seed, count, 3, dtype=torch.float64)
    return Columns(values=vectors, **(columns or {"labels": (vectors[:, 0] > 0).long()}))


FEW = {"images": 1, "samples": 1}


def test_labels_of_the_rows_themselves_two_thirds_to_learn_from() -> None:
    scores = rate_distortion(identity(0.1), told(900), **FEW)
    assert scores["label_distortion"].n == 300
    assert "mean codes, 600 training examples" in scores["label_distortion"].protocol
    assert (scores["probe_accuracy"].value or 0) > 0.95
    assert scores["label_distortion"].details["label_entropy"] == pytest.approx(math.log(2), abs=0.02)
    assert scores["label_distortion"].se is not None


def test_other_examples_to_learn_from_where_they_are_given() -> None:
    scores = rate_distortion(identity(0.1), told(100), told(500, seed=1), **FEW)
    assert scores["label_distortion"].n == 100
    assert "500 training examples" in scores["label_distortion"].protocol
    assert (scores["probe_accuracy"].value or 0) > 0.95


def test_samples_of_a_collapsed_code_tell_nothing_though_its_means_tell_all() -> None:
    """H(Y) - D_y <= I(y; z) <= R holds of samples; means that differ by little can still be told apart."""
    scores = rate_distortion(identity(1.0, scale=0.02), told(3000), **FEW)
    rate = scores["rate"].value
    assert rate is not None
    assert rate < 0.001
    means, samples = scores["label_distortion"], scores["label_distortion_sampled"]
    assert (means.value or 9) < 0.2
    assert samples.details["label_entropy"] - (samples.value or 0) <= rate + 3 * (samples.se or 0)


def test_samples_of_a_certain_code_tell_what_its_means_tell() -> None:
    scores = rate_distortion(identity(1e-8), told(900), **FEW)
    means, samples = scores["label_distortion"].value, scores["label_distortion_sampled"].value
    assert means == pytest.approx(samples, abs=1e-3)


def test_factors_are_told_each_and_on_average_and_what_is_not_known_is_left_out() -> None:
    vectors = random(0, 900, 3, dtype=torch.float64)
    factors = torch.stack([(vectors[:, 0] > 0).long(), torch.arange(900) % 4, torch.zeros(900).long()], dim=1)
    factors[:50, 0] = -1
    scores = rate_distortion(identity(0.1), Columns(values=vectors, factors=factors), **FEW)
    table = scores.tables["usefulness_by_factor"]
    assert table.rows == ("factor_0", "factor_1")  # the third does not vary
    assert table.columns == ("label_distortion", "probe_accuracy")
    assert table.values[0, 0] < 0.2
    assert table.values[1, 0] == pytest.approx(math.log(4), abs=0.05)
    assert scores["label_distortion"].value == pytest.approx(table.values[:, 0].mean())


def test_data_without_either_say_so() -> None:
    scores = rate_distortion(identity(0.1), Columns(values=random(0, 20, 3, dtype=torch.float64)), **FEW)
    assert scores["label_distortion"].value is None
    assert "neither labels nor factors" in (scores["label_distortion"].reason or "")
    constant = rate_distortion(identity(0.1), told(60, labels=torch.zeros(60).long()), **FEW)
    assert "at least 2 classes" in (constant["probe_accuracy"].reason or "")


def test_targets_are_read_from_memory_or_from_batches_alike() -> None:

    class Held(Columns):
        labels = torch.arange(10)

    rows = torch.tensor([7, 2])
    held, streamed = targets(Held(vectors=torch.zeros(10, 1)), rows), targets(told(10, labels=torch.arange(10)), rows)
    assert held[0] == streamed[0] == ("label",)
    assert np.array_equal(held[1], streamed[1])  # type: ignore[arg-type]


def test_of_a_label_and_factors_the_scores_are_the_label_s_and_the_table_is_the_factors() -> None:
    both = told(900)
    vectors = both.columns["values"]
    both.columns["labels"] = (vectors[:, 0] > 0).long()
    alone = rate_distortion(identity(0.1), both, **FEW)
    both.columns["factors"] = torch.stack([(vectors[:, 1] > 0).long(), torch.arange(900) % 2], dim=1)
    scores = rate_distortion(identity(0.1), both, **FEW)
    for name in ("label_distortion", "probe_accuracy", "label_distortion_sampled", "probe_accuracy_sampled"):
        assert scores[name].value == alone[name].value
    table = scores.tables["usefulness_by_factor"]
    assert table.rows == ("factor_0", "factor_1")
    assert table.values[0, 1] > 0.9 > 0.6 > table.values[1, 1]
    assert "usefulness_by_factor" not in alone.tables
