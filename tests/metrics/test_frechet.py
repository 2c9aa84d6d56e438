from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from scipy.linalg import sqrtm

from metaprior.core import MetapriorError
from metaprior.metrics import frechet_distance, frechet_distance_of_normals


def examples(seed: int, n: int = 60, size: int = 5) -> np.ndarray:
    """Correlated features with means of their own."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, size)) @ rng.normal(size=(size, size)) + rng.normal(size=size)


def covariance(seed: int, size: int = 5, rank: int | None = None) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(size, rank or size))
    return root @ root.T


def orthogonal(seed: int, size: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


def by_definition(one: np.ndarray, other: np.ndarray) -> float:
    """With the root of the product by SciPy."""
    gap, (first, second) = one.mean(axis=0) - other.mean(axis=0), (np.cov(each, rowvar=False) for each in (one, other))
    return float(gap @ gap + np.trace(first + second) - 2 * np.trace(sqrtm(first @ second)).real)


def exactly(one: np.ndarray, other: np.ndarray) -> float:
    """The same with fifty digits."""
    with mp.workdps(50):
        sets = [np.vectorize(mp.mpf, otypes=[object])(each) for each in (one, other)]
        gap, centred = sets[0].mean(axis=0) - sets[1].mean(axis=0), [each - each.mean(axis=0) for each in sets]
        first, second = (each.T @ each / (len(each) - 1) for each in centred)
        squares = mp.eig(mp.matrix((first @ second).tolist()), left=False, right=False)
        return float(gap @ gap + np.trace(first + second) - 2 * sum(mp.sqrt(abs(square)) for square in squares))


@pytest.mark.parametrize("size", [1, 2, 20])
def test_covariances_that_commute_in_closed_form(size: int) -> None:
    rng = np.random.default_rng(size)
    turn, gap, (a, b) = orthogonal(size, size), rng.normal(size=size), rng.exponential(size=(2, size))
    found = frechet_distance_of_normals(gap, turn @ np.diag(a) @ turn.T, np.zeros(size), turn @ np.diag(b) @ turn.T)
    assert found == pytest.approx(gap @ gap + np.square(np.sqrt(a) - np.sqrt(b)).sum(), rel=1e-12)


def test_two_by_two_in_closed_form() -> None:
    """The trace of the root of a 2×2 matrix P is √(tr P + 2 √det P)."""
    one, other = covariance(0, 2), covariance(1, 2)
    product = one @ other
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    found = frechet_distance_of_normals(np.zeros(2), one, np.zeros(2), other)
    assert found == pytest.approx(np.trace(one + other) - 2 * root, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_the_root_of_the_product(seed: int) -> None:
    one, other = examples(seed, 200, 12), examples(seed + 100, 300, 12)
    assert frechet_distance(one, other) == pytest.approx(by_definition(one, other), rel=1e-10)


def test_examples_and_their_moments_give_the_same() -> None:
    one, other = examples(0), examples(1)
    moments = [part for each in (one, other) for part in (each.mean(axis=0), np.cov(each, rowvar=False))]
    assert frechet_distance(one, other) == pytest.approx(frechet_distance_of_normals(*moments), rel=1e-12)


@pytest.mark.parametrize(("n", "size"), [(60, 5), (10, 40), (40, 40), (41, 40), (2, 3)])
def test_equal_sets_are_at_no_distance(n: int, size: int) -> None:
    one = examples(0, n, size)
    assert frechet_distance(one, one) <= 1e-12 * np.square(one).sum()
    assert frechet_distance(one, one + 3.0) == pytest.approx(9.0 * size)


DEFICIENT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as they are": lambda features: features,
    "a constant": lambda features: np.insert(features[:, 1:], 0, 0.1, axis=1),
    "a copy": lambda features: np.hstack([features[:, 1:], features[:, 2:3]]),
    "a sum": lambda features: np.hstack([features[:, 1:], features[:, 1:].sum(axis=1, keepdims=True)]),
    "few examples": lambda features: features[:3],
    "as many as features": lambda features: features[:5],
    "nearly a copy": lambda features: np.hstack([features[:, 1:], features[:, 2:3] + 1e-5 * features[:, :1]]),
}


@pytest.mark.parametrize("one", DEFICIENT)
@pytest.mark.parametrize("other", DEFICIENT)
def test_singular_covariances_agree_with_fifty_digits(one: str, other: str) -> None:
    sets = DEFICIENT[one](examples(0)), DEFICIENT[other](examples(1))
    # a covariance in float64 knows a variance of 1e-10 to 1e-16 of the others', and so its root to 1e-11
    assert frechet_distance(*sets) == pytest.approx(exactly(*sets), rel=1e-10)


def test_dead_features_of_either_set_add_what_is_alive_in_the_other() -> None:
    """Each set varies in features in which the other is still: no part of the root is theirs, however many they are."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 500, 120))
    one[:, :50], other[:, 70:] = 0.3, 0.7
    shared = frechet_distance(one[:, 50:70], other[:, 50:70])
    still = np.square(one.mean(axis=0) - other.mean(axis=0)) + one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)
    expected = shared + still[:50].sum() + still[70:].sum()
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-13)


def test_lines_at_an_angle_in_closed_form() -> None:
    """Rank one against rank one: the root has trace |⟨u, v⟩|."""
    u, v = np.random.default_rng(0).normal(size=(2, 30))
    found = frechet_distance_of_normals(np.zeros(30), np.outer(u, u), np.zeros(30), np.outer(v, v))
    assert found == pytest.approx(u @ u + v @ v - 2 * abs(u @ v), rel=1e-12)


def test_a_sample_of_one_normal_is_too_far_from_another_by_as_much_as_it_is_small() -> None:
    rng = np.random.default_rng(0)
    far = {n: np.mean([frechet_distance(*rng.normal(size=(2, n, 8))) for _ in range(20)]) for n in (200, 800)}
    assert far[200] / far[800] == pytest.approx(4, rel=0.15)


SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(st.integers(2, 12), st.integers(2, 12), st.integers(1, 8))


@given(seed=SEEDS, shape=SIZES)
@settings(max_examples=60)
def test_it_is_symmetric_not_negative_and_blind_to_the_order_of_examples(
    seed: int, shape: tuple[int, int, int]
) -> None:
    n, m, size = shape
    one, other = examples(seed, n, size), examples(seed + 1, m, size)
    found = frechet_distance(one, other)
    assert found >= 0
    close = pytest.approx(found, rel=1e-9, abs=1e-9)
    assert frechet_distance(other, one) == close
    assert frechet_distance(one[::-1], other) == close
    assert (
        np.sqrt(frechet_distance(one, 2 * other)) <= np.sqrt(found) + np.sqrt(frechet_distance(other, 2 * other)) + 1e-6
    )


@given(seed=SEEDS, shape=SIZES, scale=st.floats(1e-3, 1e3))
@settings(max_examples=60)
def test_it_does_not_change_by_turns_and_shifts_and_grows_with_the_square_of_the_unit(
    seed: int, shape: tuple[int, int, int], scale: float
) -> None:
    n, m, size = shape
    one, other = examples(seed, n, size), examples(seed + 1, m, size)
    turn, shift = orthogonal(seed, size), np.random.default_rng(seed).normal(size=size)
    found = frechet_distance(one, other)
    close = pytest.approx(found, rel=1e-7, abs=1e-7)
    assert frechet_distance(one @ turn + shift, other @ turn + shift) == close
    assert frechet_distance(scale * one, scale * other) / scale**2 == close
    repeated = np.hstack([one, one]), np.hstack([other, other])
    assert frechet_distance(*repeated) == pytest.approx(2 * found, rel=1e-7, abs=1e-7)


def test_arrays_and_tensors_of_any_precision() -> None:
    one, other = examples(0), examples(1)
    expected = pytest.approx(frechet_distance(one, other), rel=1e-5)
    assert frechet_distance(torch.from_numpy(one).float(), other.astype(np.float32)) == expected
    assert frechet_distance(one.tolist(), torch.from_numpy(other)) == expected
    assert isinstance(frechet_distance(one, other), float)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), "the same features, not 2 and 3"),
        (np.zeros((5, 2)), np.zeros((1, 2)), "at least 2 examples of each set, not 1"),
        (np.full((5, 2), np.nan), np.zeros((5, 2)), "features hold 10 NaN values"),
        (np.zeros((5, 2)), np.full((5, 2), np.inf), "the others hold 10 infinite values"),
        (np.zeros(5), np.zeros((5, 2)), "features must be a matrix"),
        (np.full((5, 2), 1e200), np.zeros((5, 2)), "up to 1e[+]70, and these reach 1e[+]200"),
    ],
)
def test_bad_input_is_named(one: np.ndarray, other: np.ndarray, said: str) -> None:
    with pytest.raises(MetapriorError, match=said):
        frechet_distance(one, other)


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "positive semi-definite"),
        (-np.eye(2), "positive semi-definite"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
        (np.full((2, 2), np.nan), "these reach nan"),
        (np.eye(3), r"shapes \(2,\), \(3, 3\), \(2,\), \(2, 2\)"),
    ],
)
def test_what_is_no_covariance_is_refused(matrix: np.ndarray, said: str) -> None:
    with pytest.raises(MetapriorError, match=said):
        frechet_distance_of_normals(np.zeros(2), matrix, np.zeros(2), np.eye(2))


def test_a_covariance_may_be_rounded_to_float32() -> None:
    exact, rounded = covariance(0, 200, 50), covariance(0, 200, 50).astype(np.float32)
    other = covariance(1, 200)
    found = [frechet_distance_of_normals(np.zeros(200), each, np.zeros(200), other) for each in (exact, rounded)]
    assert found[0] == pytest.approx(found[1], rel=1e-3)
