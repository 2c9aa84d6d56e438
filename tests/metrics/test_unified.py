import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from metaprior.core import MetapriorError
from metaprior.metrics import area_precision, dci, merge_points, mig, modularity, sap, unified_scores

HALF = 1 - np.log(2) / np.log(10)


def drawn(n: int = 900) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, [3, 4, 2], size=(n, 3))
    return factors @ rng.normal(size=(3, 5)) + 0.3 * rng.normal(size=(n, 5)), factors


def matrix(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(0.4, size=(7, 4))


def components(strength: np.ndarray, threshold: float) -> np.ndarray:
    """Labels of the factors and then the codes in the graph of the edges that are strong enough."""
    edges = np.where((strength >= threshold) & (strength > 0), 1, 0)
    codes, factors = edges.shape
    graph = np.block([[np.zeros((factors, factors)), edges.T], [edges, np.zeros((codes, codes))]])
    return connected_components(graph, directed=False)[1]


def test_each_metric_is_one_matrix_in_one_way() -> None:
    codes, factors = drawn()
    split = codes[:600], factors[:600], codes[600:], factors[600:]
    trees, gap, accuracies = dci(*split), mig(*split[:2]), sap(*split)
    assert unified_scores(trees.importance).disentanglement == trees.disentanglement
    assert unified_scores(trees.importance).completeness == trees.completeness
    information = unified_scores(gap.mutual_information, gap.entropy)
    assert information.mig == pytest.approx(gap.value)
    assert information.modularity == pytest.approx(modularity(*split[:2]).value)
    assert unified_scores(accuracies.scores).sap == pytest.approx(accuracies.value)


@pytest.mark.parametrize(
    ("strength", "expected"),
    [
        ([[1, 0], [0, 1], [0, 0]], {"disentanglement": 1, "modularity": 2 / 3, "sap": 1, "area_precision": 2}),
        (
            np.vstack([np.eye(5), np.eye(5)]),
            {"disentanglement": 1, "completeness": HALF, "sap": 0, "area_precision": 5},
        ),
        (np.hstack([np.eye(5), np.eye(5)]), {"disentanglement": HALF, "modularity": 1 - 1 / 9, "area_precision": 5}),
        (np.zeros((4, 3)), {"disentanglement": 0, "completeness": 0, "modularity": 0, "sap": 0, "area_precision": 0}),
    ],
)
def test_known_matrices(strength: np.ndarray, expected: dict[str, float]) -> None:
    scores = unified_scores(strength)
    for name, value in expected.items():
        assert getattr(scores, name) == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("seed", range(5))
def test_precision_counts_the_components_of_the_graph(seed: int) -> None:
    strength = matrix(seed).round(1)  # with ties, and edges of weight 0
    thresholds = np.sort(strength.ravel())[::-1]
    counts = []
    for threshold in thresholds:
        labels = components(strength, threshold)
        counts.append(sum((labels == label).sum() > 1 for label in set(labels)))
    area = sum(
        (a + b) / 2 * (s - t) for a, b, s, t in zip(counts, counts[1:], thresholds, thresholds[1:], strict=False)
    )
    assert area_precision(strength) == pytest.approx(area)


@pytest.mark.parametrize("seed", range(5))
def test_factors_merge_where_the_graph_connects_them(seed: int) -> None:
    strength = matrix(seed)
    merged = merge_points(strength)
    assert np.array_equal(merged, merged.T)
    assert np.diag(merged) == pytest.approx(strength.max(axis=0))
    for i, j in ((0, 1), (0, 3), (2, 3)):
        at, above = (components(strength, t) for t in (merged[i, j], np.nextafter(merged[i, j], np.inf)))
        assert at[i] == at[j]
        assert above[i] != above[j]


def test_factors_that_share_no_code_merge_over_a_chain() -> None:
    merged = merge_points([[0.9, 0.6, 0.0], [0.0, 0.7, 0.8]])
    assert merged[0, 2] == 0.6


def test_a_constant_factor_is_left_out_by_its_entropy() -> None:
    strength, entropy = matrix(0), np.array([1.0, 0.0, 2.0, 0.5])
    with_constant, without = (
        unified_scores(strength, entropy),
        unified_scores(strength[:, [0, 2, 3]], entropy[entropy > 0]),
    )
    for name in ("disentanglement", "completeness", "mig", "sap", "modularity", "area_precision"):
        assert getattr(with_constant, name) == getattr(without, name)
    assert unified_scores(strength).mig is None


def test_small_matrices() -> None:
    assert unified_scores([[0.4, 0.2]]).sap == pytest.approx(0.3)
    single = unified_scores([[0.4], [0.1]], np.array([2.0]))
    assert single.modularity is None
    assert single.mig == pytest.approx(0.15)
    with pytest.raises(MetapriorError, match="must not be negative"):
        unified_scores([[1.0, -0.1]])
    with pytest.raises(MetapriorError, match="entropy must be 2 numbers"):
        unified_scores([[1.0, 0.1]], np.array([1.0]))
