"""The norm of an encoder's Jacobian: linear encoders, of which it is known."""

import pytest
import torch

from metaprior.objectives import squared_jacobian
from tests.conftest import random

INPUTS = random(0, 6, 5, dtype=torch.float64)


def signs(count: int, codes: int) -> torch.Tensor:
    return random(1, count, codes, dtype=torch.float64).sign()


def test_of_a_linear_encoder_the_mean_over_directions_is_its_weights_squared_norm():
    weight, count = random(2, 5, 3, dtype=torch.float64), 40_000
    found = squared_jacobian(lambda x: x @ weight, INPUTS[:1].expand(count, -1), signs(count, 3))
    error = found.std().item() / count**0.5
    assert error > 0
    assert found.mean().item() == pytest.approx(weight.square().sum().item(), abs=4 * error)


def test_random_signs_are_exact_where_the_codes_gradients_are_orthogonal():
    weight = torch.linalg.qr(random(2, 5, 3, dtype=torch.float64))[0] * torch.tensor([1.0, 2.0, 3.0])
    found = squared_jacobian(lambda x: x @ weight, INPUTS, signs(6, 3))
    assert found.tolist() == pytest.approx([14.0] * 6, abs=1e-12)


def test_the_unit_directions_together_are_the_exact_norm_of_a_curved_encoder():
    """z = tanh(W x): row j of the Jacobian is (1 - z_j²) W_j."""
    weight = random(2, 5, 3, dtype=torch.float64)
    slopes = 1 - (INPUTS @ weight).tanh().square()
    units = torch.eye(3, dtype=torch.float64)
    found = sum(squared_jacobian(lambda x: (x @ weight).tanh(), INPUTS, unit.expand(6, 3)) for unit in units)
    expected = (slopes[:, None] * weight).square().sum(dim=(1, 2))
    assert torch.allclose(found, expected, atol=1e-12)


def test_its_gradient_is_that_of_the_weights_norm():
    weight = random(2, 5, 1, dtype=torch.float64).requires_grad_()
    squared_jacobian(lambda x: x @ weight, INPUTS, signs(6, 1)).mean().backward()
    assert torch.allclose(weight.grad, 2 * weight.detach(), atol=1e-12)


def test_images_are_taken_as_vectors_are():
    weight = random(2, 4, 2, dtype=torch.float64)
    images, directions = random(3, 6, 1, 2, 2, dtype=torch.float64), signs(6, 2)
    as_images = squared_jacobian(lambda x: x.flatten(1) @ weight, images, directions)
    as_vectors = squared_jacobian(lambda x: x @ weight, images.flatten(1), directions)
    assert torch.equal(as_images, as_vectors)
