"""Principal directions: an orthonormal basis of what the examples span, in which features are uncorrelated."""

import pytest
import torch

from metaprior.judge.probes.principal import principal
from tests.conftest import random

shapes = pytest.mark.parametrize(("n", "d"), [(40, 7), (15, 40), (12, 12)])


@shapes
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_scores_along_orthonormal_directions_are_the_features(n: int, d: int, kind: torch.dtype) -> None:
    x = random(0, n, d, dtype=kind) + 3
    basis = principal(x)
    rank = basis.directions.shape[1]
    assert rank == min(n - 1, d)
    assert basis.scores.dtype == kind
    tight = {"atol": 1e-4 if kind == torch.float32 else 1e-9}
    assert torch.allclose(basis.directions.T @ basis.directions, torch.eye(rank, dtype=kind), **tight)
    assert torch.allclose(basis.scores.T @ basis.scores, basis.squares.diag(), **tight)
    assert torch.allclose(basis.scores @ basis.directions.T + basis.mean, x, **tight)
    assert torch.allclose(basis.of(x), basis.scores, **tight)


def test_directions_without_variance_are_left_out() -> None:
    x = random(0, 20, 3)
    assert principal(torch.cat([x, x @ random(1, 3, 2), torch.ones(20, 1)], dim=1)).directions.shape == (6, 3)


def test_constant_features_have_no_direction() -> None:
    assert principal(torch.full((5, 2), 7.0)).scores.shape == (5, 0)
