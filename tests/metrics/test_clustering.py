"""Clusters against classes: hand-made tables, names that do not matter, and what has no structure."""

import itertools

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.metrics import adjusted_rand_index, cluster_accuracy, normalised_mutual_information, purity
from metaprior.metrics.clustering import contingency

SCORES = (cluster_accuracy, purity, normalised_mutual_information, adjusted_rand_index)
TABLE = np.array([[5, 1, 2], [1, 2, 4], [0, 2, 3]])  # clusters × classes


def examples(table):
    """A cluster and a class of each example of a table of counts."""
    cells = np.argwhere(np.asarray(table) >= 0)
    return np.repeat(cells, np.asarray(table).ravel(), axis=0).T


def test_scores_of_a_table_by_hand():
    """The best names are 0→0, 1→2, 2→1: 5 + 4 + 2 of 20; the commonest classes are 5 + 4 + 3."""
    clusters, labels = examples(TABLE)
    assert contingency(clusters, labels).tolist() == TABLE.tolist()
    assert cluster_accuracy(clusters, labels) == 11 / 20
    assert purity(clusters, labels) == 12 / 20
    joint = TABLE / 20
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    within = joint > 0
    information = float((joint[within] * np.log(joint[within] / np.outer(rows, columns)[within])).sum())
    entropies = [-float((p * np.log(p)).sum()) for p in (rows, columns)]
    assert normalised_mutual_information(clusters, labels) == pytest.approx(2 * information / sum(entropies), abs=1e-12)
    pairs = [float((n * (n - 1) / 2).sum()) for n in (TABLE, TABLE.sum(axis=1), TABLE.sum(axis=0))]
    expected = pairs[1] * pairs[2] / (20 * 19 / 2)
    index = (pairs[0] - expected) / ((pairs[1] + pairs[2]) / 2 - expected)
    assert adjusted_rand_index(clusters, labels) == pytest.approx(index, abs=1e-12)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 5)])
def test_the_assignment_is_the_best_of_all(shape):
    rng = np.random.default_rng(0)
    for _ in range(20):
        table = rng.integers(0, 9, shape)
        table[:, 0] += 1  # every cluster occurs
        table[0] += 1  # every class occurs
        wide = table if shape[0] <= shape[1] else table.T
        orders = itertools.permutations(range(wide.shape[1]), wide.shape[0])
        best = max(sum(wide[row, column] for row, column in enumerate(order)) for order in orders)
        assert cluster_accuracy(*examples(table)) == pytest.approx(best / table.sum())


@pytest.mark.parametrize("score", SCORES)
def test_names_do_not_matter(score):
    clusters, labels = examples(TABLE)
    value = score(clusters, labels)
    names = np.array([30, -1, 12])  # of a cluster, -1 is a name as any other
    assert score(names[clusters], labels) == pytest.approx(value, abs=1e-12)
    assert score(clusters, np.array([9, 0, 4])[labels]) == pytest.approx(value, abs=1e-12)
    assert score(torch.from_numpy(clusters), labels.tolist()) == pytest.approx(value, abs=1e-12)
    assert score(labels, labels) == 1


@pytest.mark.parametrize("score", SCORES)
def test_what_has_no_label_is_left_out(score):
    clusters, labels = examples(TABLE)
    more = np.concatenate([clusters, [0, 0, 7]]), np.concatenate([labels, [-1, -1, -1]])
    assert score(*more) == score(clusters, labels)


def test_one_cluster_tells_nothing():
    labels = [0, 0, 0, 1, 2]
    assert [score([4] * 5, labels) for score in SCORES] == pytest.approx([0.6, 0.6, 0, 0])


def test_a_cluster_an_example_is_pure_and_no_class():
    """Only purity and NMI reward it; one cluster of each class may be right."""
    labels = np.repeat(np.arange(2), 10)
    found = [score(np.arange(20), labels) for score in SCORES]
    nmi = 2 * np.log(2) / (np.log(2) + np.log(20))
    assert found == pytest.approx([0.1, 1, nmi, 0], abs=1e-12)


def test_split_classes_cost_accuracy_and_no_purity():
    clusters, labels = [0, 0, 0, 1, 2, 2], [0, 0, 0, 0, 1, 1]
    assert cluster_accuracy(clusters, labels) == pytest.approx(5 / 6)
    assert purity(clusters, labels) == 1


def test_clusters_at_random_are_no_better_than_chance():
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    found = [adjusted_rand_index(rng.permutation(labels), labels) for _ in range(100)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 10
    assert min(found) < 0 < max(found)


@pytest.mark.parametrize("score", SCORES)
def test_bad_input_is_named(score):
    with pytest.raises(MetapriorError, match="3 clusters and 2 labels"):
        score([0, 1, 1], [0, 1])
    with pytest.raises(MetapriorError, match="no example has one"):
        score([0, 1], [-1, -1])
    with pytest.raises(MetapriorError, match=r"labels must be whole numbers; column 0 holds 0\.5"):
        score([0, 1], [0.5, 1])
    with pytest.raises(MetapriorError, match=r"clusters must be one whole number an example.*\(1, 2\)"):
        score([[0, 1]], [0, 1])
    with pytest.raises(MetapriorError, match="clusters are empty"):
        score([], [])
