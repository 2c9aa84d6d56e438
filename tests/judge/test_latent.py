import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.judge import fit_mixture, interpolate


def clusters(n: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes of three distant normals with weights 1/2, 1/3 and 1/6, in units that differ by 10^6; and whose each is."""
    rng = np.random.default_rng(seed)
    of = rng.choice(3, size=n, p=[1 / 2, 1 / 3, 1 / 6])
    shape = np.array([[1.0, 0.0], [0.8, 0.6]])
    return (np.array([[0, 0], [20, 0], [0, 20]])[of] + rng.normal(size=(n, 2)) @ shape.T) * [1e3, 1e-3], of


def test_one_component_is_the_normal_of_the_codes() -> None:
    codes = np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 4)) + 3
    found = fit_mixture(codes, components=1)
    assert found.means[0].numpy() == pytest.approx(codes.mean(axis=0))
    covariance = (found.factors[0] @ found.factors[0].T).numpy()
    assert covariance == pytest.approx(np.cov(codes, rowvar=False, ddof=0), rel=1e-4, abs=1e-4)


def test_components_are_found_in_any_unit() -> None:
    codes, of = clusters()
    found = fit_mixture(codes, components=3)
    order = found.weights.argsort(descending=True)
    assert found.weights[order].tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 6], abs=0.03)
    for place, component in enumerate(order):
        own = codes[of == place]
        covariance = (found.factors[component] @ found.factors[component].T).numpy()
        assert found.means[component].numpy() == pytest.approx(
            own.mean(axis=0), rel=1e-3, abs=1e-3 * own.std(axis=0).max()
        )
        assert np.corrcoef(own, rowvar=False)[0, 1] == pytest.approx(
            covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), rel=0.01
        )


def test_samples_have_the_moments_of_the_mixture() -> None:
    codes, _ = clusters()
    drawn = fit_mixture(codes, components=3).sample(20_000).numpy()
    assert drawn.mean(axis=0) == pytest.approx(codes.mean(axis=0), rel=0.05)
    assert np.cov(drawn, rowvar=False) == pytest.approx(np.cov(codes, rowvar=False), rel=0.05, abs=0.05)


def test_samples_depend_on_the_seed_alone() -> None:
    one, again = (fit_mixture(clusters()[0], components=3, seed=5) for _ in range(2))
    assert torch.equal(one.sample(10, seed=1), again.sample(10, seed=1))
    assert not torch.equal(one.sample(10, seed=1), one.sample(10, seed=2))
    assert one.sample(10).dtype == torch.float32


def test_codes_that_do_not_vary_and_repeated_codes_are_no_obstacle() -> None:
    codes = np.random.default_rng(0).normal(size=(50, 3)).repeat(4, axis=0)
    codes[:, 1] = 7.0
    drawn = fit_mixture(codes, components=10).sample(100)
    assert drawn[:, 1].numpy() == pytest.approx(7.0, abs=0.01)
    assert torch.isfinite(fit_mixture(np.zeros((5, 2)), components=2).sample(3)).all()


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_both_ends_are_reached_and_the_way_back_is_the_same(kind) -> None:
    start, end = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0))
    way = interpolate(start, end, 7, kind)
    assert way.shape == (6, 7, 5)
    assert torch.allclose(way[:, 0], start)
    assert torch.allclose(way[:, -1], end)
    assert torch.allclose(way.flip(1), interpolate(end, start, 7, kind), atol=1e-6)


def test_a_linear_way_has_equal_steps() -> None:
    start, end = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0))
    steps = interpolate(start, end, 5).diff(dim=1)
    assert torch.allclose(steps, steps[:, :1].expand_as(steps), atol=1e-6)


def test_a_spherical_way_turns_by_equal_angles_at_one_length() -> None:
    start, end = torch.nn.functional.normalize(torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0)), dim=2)
    way = interpolate(start, end, 5, "spherical")
    assert way.norm(dim=2).numpy() == pytest.approx(1.0, abs=1e-6)
    cosines = (way[:, 1:] * way[:, :-1]).sum(dim=2)
    whole = (start * end).sum(dim=1, keepdim=True).arccos()
    assert torch.allclose(cosines.arccos(), (whole / 4).expand(-1, 4), atol=1e-3)
    quarter = interpolate(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]]), 3, "spherical")
    assert quarter[0, 1].tolist() == pytest.approx([2**0.5, 2**0.5])


@pytest.mark.parametrize("times", [1.0, 3.0, -1.0, 0.0])
def test_where_there_is_no_angle_the_way_is_straight(times: float) -> None:
    start = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    found = interpolate(start, times * start, 5, "spherical")
    assert torch.allclose(found, interpolate(start, times * start, 5), atol=1e-5)


def test_bad_input_is_named() -> None:
    codes = np.zeros((4, 2))
    with pytest.raises(MetapriorError, match="10 components take at least 10 codes, not 4"):
        fit_mixture(codes)
    with pytest.raises(MetapriorError, match="components must be at least 1, not 0"):
        fit_mixture(codes, components=0)
    with pytest.raises(MetapriorError, match="codes hold 8 NaN values"):
        fit_mixture(codes * np.nan, components=1)
    ends = torch.zeros(2, 3)
    with pytest.raises(MetapriorError, match="steps must be at least 2, not 1: both ends are steps"):
        interpolate(ends, ends, 1)
    with pytest.raises(MetapriorError, match=r"both B×Z, not \(2, 3\) and \(1, 3\)"):
        interpolate(ends, ends[:1], 3)
    with pytest.raises(MetapriorError, match="unknown kind of interpolation 'sphere'; did you mean 'spherical'"):
        interpolate(ends, ends, 3, "sphere")  # pyright: ignore[reportArgumentType]
