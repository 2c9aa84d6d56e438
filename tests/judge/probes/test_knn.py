"""Nearest neighbours: scikit-learn's votes, and weights by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from metaprior.core import MetapriorError
from metaprior.judge.probes import knn_predict, knn_probe
from metaprior.judge.probes.knn import Metric
from tests.judge.probes.blobs import blobs

both_metrics = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


def problem() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    features, labels = blobs(0, 60, 3, classes=4)
    return torch.from_numpy(features), torch.from_numpy(labels), torch.from_numpy(blobs(1, 50, 3, classes=4)[0])


@both_metrics
@pytest.mark.parametrize("k", [1, 2, 7, 60])
def test_predictions_are_scikit_learns(k: int, metric: Metric) -> None:
    train, labels, test = problem()
    theirs = KNeighborsClassifier(k, algorithm="brute", metric=metric).fit(train, labels)
    assert knn_predict(train, labels, test, k, metric).tolist() == theirs.predict(test.numpy()).tolist()


@both_metrics
@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_a_temperature_weighs_each_neighbour_by_its_similarity(metric: Metric, temperature: float) -> None:
    train, labels, test = problem()
    expected = []
    for row in test:
        if metric == "cosine":
            similarity = [float(row @ x / (row.norm() * x.norm())) for x in train]
        else:
            similarity = [-float((row - x).norm()) for x in train]
        nearest = sorted(range(len(train)), key=lambda i: -similarity[i])[:15]
        votes = [0.0] * 4
        for i in nearest:
            votes[labels[i]] += math.exp(similarity[i] / temperature)
        expected.append(votes.index(max(votes)))
    found = knn_predict(train, labels, test, 15, metric, temperature).tolist()
    assert found == expected
    assert found != knn_predict(train, labels, test, 15, metric).tolist()


@both_metrics
def test_a_temperature_near_zero_leaves_the_nearest_alone(metric: Metric) -> None:
    train, labels, test = problem()
    cold = knn_predict(train, labels, test, 20, metric, temperature=1e-12)
    assert torch.equal(cold, knn_predict(train, labels, test, 1, metric))


def test_a_tie_goes_to_the_lowest_class() -> None:
    train = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    labels = torch.tensor([3, 1, 3, 1])
    assert knn_predict(train, labels, torch.tensor([[0.0]]), 4, "euclidean").item() == 1


@both_metrics
def test_chunks_change_nothing(metric: Metric) -> None:
    train, labels, test = problem()
    whole, parts = (knn_predict(train, labels, test, 5, metric, chunk=chunk) for chunk in (1000, 7))
    assert torch.equal(whole, parts)


@pytest.mark.parametrize("shift", [1.0, 1e8])
def test_distances_do_not_see_a_shift(shift: float) -> None:
    train, labels, test = problem()
    moved = knn_predict(train + shift, labels, test + shift, 5, "euclidean")
    assert torch.equal(moved, knn_predict(train, labels, test, 5, "euclidean"))


def test_the_cosine_does_not_see_a_scale() -> None:
    train, labels, test = problem()
    scales = torch.linspace(0.1, 10, len(train), dtype=train.dtype)[:, None]
    assert torch.equal(knn_predict(train * scales, labels, 3 * test, 5), knn_predict(train, labels, test, 5))


def test_the_probe_is_the_share_of_correct_predictions() -> None:
    train, test = blobs(0, 60, 3), blobs(1, 50, 3)
    found = knn_probe(*train, *test, k=5, metric="euclidean")
    p = KNeighborsClassifier(5).fit(*train).score(*test)
    assert found.value == pytest.approx(p)
    assert found.se == pytest.approx((p * (1 - p) / 50) ** 0.5)
    assert found.n == 50


def test_fewer_examples_than_neighbours_all_vote() -> None:
    features, labels = np.eye(3), np.array([1, 1, 0])
    assert knn_probe(features, labels, features, labels, k=20).value == pytest.approx(2 / 3)


@pytest.mark.parametrize("k", [0, 61])
def test_neighbours_must_be_there(k: int) -> None:
    train, labels, test = problem()
    with pytest.raises(MetapriorError, match="between 1 and the 60 training examples"):
        knn_predict(train, labels, test, k)
