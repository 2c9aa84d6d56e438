import numpy as np
import pytest
from sklearn.svm import LinearSVC

from metaprior.metrics.squared_hinge import SortedCodes, separate


def drawn(classes: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    label = np.append(np.arange(classes), rng.integers(classes, size=n - classes))
    noise = rng.normal(size=(n, 5)) * [0, 0.1, 1, 1, 3]
    return np.column_stack([label, -0.1 * label, label % 2 + 20, np.zeros(n), label**2]) + noise, label


@pytest.mark.parametrize("c", [0.01, 1.0])
@pytest.mark.parametrize("classes", [2, 3, 9])
def test_lines_are_those_of_scikit_learn(classes: int, c: float) -> None:
    codes, label = drawn(classes)
    lines = separate(SortedCodes.of(codes), label, c)
    for i, code in enumerate(codes.T):
        theirs = LinearSVC(C=c, class_weight="balanced", tol=1e-8, max_iter=100_000, dual=False)
        theirs.fit(code[:, None], label)
        ours = np.column_stack([lines.slope[i], lines.intercept[i]])[1 if classes == 2 else 0 :]
        assert ours == pytest.approx(np.column_stack([theirs.coef_, theirs.intercept_]), abs=2e-5)
        assert np.mean(lines.predict(i, code) == theirs.predict(code[:, None])) > 0.99


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_gradient_vanishes_at_the_minimum(classes: int, scale: float) -> None:
    codes, label = drawn(classes)
    codes = codes * scale
    lines = separate(SortedCodes.of(codes), label, 0.01)
    weight = len(label) / (classes * np.bincount(label))
    for i, code in enumerate(codes.T):
        for k in range(classes):
            w, b, sign = lines.slope[i, k], lines.intercept[i, k], np.where(label == k, 1.0, -1.0)
            other = weight[1 - k] if classes == 2 else 1.0
            force = 0.02 * np.where(label == k, weight[k], other) * np.maximum(0, 1 - sign * (w * code + b)) * sign
            assert w == pytest.approx((force * code).sum(), abs=1e-8 * np.abs(force * code).sum())
            assert b == pytest.approx(force.sum(), abs=1e-8 * np.abs(force).sum())


def test_constant_codes_all_get_one_class() -> None:
    lines = separate(SortedCodes.of(np.full((6, 1), 3.0)), np.array([0, 0, 0, 1, 1, 2]), 0.01)
    assert len(set(lines.predict(0, np.full(5, 3.0)))) == 1
    assert np.isfinite(lines.slope).all()


@pytest.mark.parametrize("far", [-1e4, -1e8, -1e12])
@pytest.mark.parametrize("sign", [-1, 1])
def test_how_far_an_outlier_lies_on_its_own_side_does_not_matter(sign: int, far: float) -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(2, size=2_000)
    near = 2.0 * label + rng.normal(size=2_000)
    near[np.flatnonzero(label == 0)[0]] = -100.0  # beyond the margin already
    codes = sign * np.where(near == -100.0, far, near)
    found, expected = (separate(SortedCodes.of(each[:, None]), label, 0.01) for each in (codes, sign * near))
    assert found.slope == pytest.approx(expected.slope, abs=1e-9)
    assert found.intercept == pytest.approx(expected.intercept, abs=1e-9)


@pytest.mark.parametrize("far", [1e6, 1e8, 1e10, 1e15])
def test_a_reflected_code_has_reflected_lines_also_with_an_outlier(far: float) -> None:
    codes, label = drawn(4)
    codes[5] = -far
    lines, reflected = (separate(SortedCodes.of(each), label, 0.01) for each in (codes, -codes))
    assert lines.slope == pytest.approx(-reflected.slope, rel=1e-5, abs=1e-3 / far)
    assert lines.intercept == pytest.approx(reflected.intercept, abs=1e-5)
