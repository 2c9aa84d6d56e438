import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from metaprior.core import MetapriorError
from metaprior.metrics import completeness, disentanglement

HALF = 1 - np.log(2) / np.log(10)


@pytest.mark.parametrize(
    ("importance", "score"),
    [
        ([[1, 0], [0, 1], [0, 0]], 1.0),
        (np.vstack([np.eye(5), np.eye(5)]), 1.0),
        (np.hstack([np.eye(5), np.eye(5)]), HALF),
        (np.zeros((10, 10)), 0.0),
        (np.ones((4, 3)), 0.0),
    ],
)
def test_disentanglement_of_known_matrices(importance: np.ndarray, score: float) -> None:
    assert disentanglement(importance) == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize(
    ("importance", "score"),
    [
        (np.vstack([np.eye(5), np.eye(5)]), HALF),
        (np.hstack([np.eye(5), np.eye(5)]), 1.0),
        (np.zeros((10, 10)), 0.0),
        (np.ones((4, 3)), 0.0),
    ],
)
def test_completeness_of_known_matrices(importance: np.ndarray, score: float) -> None:
    assert completeness(importance) == pytest.approx(score, abs=1e-9)


def test_the_definition_of_the_study() -> None:
    matrix = np.random.default_rng(0).gamma(0.3, size=(7, 4))
    per_code = 1 - entropy(matrix.T + 1e-11, base=4)
    assert disentanglement(matrix) == pytest.approx(np.sum(per_code * matrix.sum(1) / matrix.sum()), abs=1e-8)
    per_factor = 1 - entropy(matrix + 1e-11, base=7)
    assert completeness(matrix) == pytest.approx(np.sum(per_factor * matrix.sum(0) / matrix.sum()), abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.permutations(range(4)), st.floats(0.01, 100))
def test_order_and_unit_do_not_matter(codes: list[int], factors: list[int], unit: float) -> None:
    matrix = np.random.default_rng(1).gamma(0.3, size=(6, 4))
    changed = matrix[codes][:, factors] * unit
    assert disentanglement(changed) == pytest.approx(disentanglement(matrix))
    assert completeness(changed) == pytest.approx(completeness(matrix))
    assert completeness(matrix.T) == pytest.approx(disentanglement(matrix))


def test_negative_importances_are_refused() -> None:
    with pytest.raises(MetapriorError, match="must not be negative"):
        disentanglement([[1.0, -0.1]])
