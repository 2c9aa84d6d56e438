"""Optimisers: which form of Adam it is."""

import math

import pytest
import torch

from metaprior.core import Adam


def stepped(gradients: list[float], optimizer: Adam) -> float:
    """How far down a parameter moves under these gradients."""
    parameter = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    built = optimizer.build([{"params": [parameter], "lr": optimizer.lr}], fused=False)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        built.step()
    return -parameter.item()


def test_epsilon_is_added_after_the_second_moment_s_bias_is_corrected():
    """The form of the paper. TensorFlow 1 adds it before, so that its first step here is .03 and not .5 of a rate."""
    tiny = 1e-8
    assert stepped([tiny], Adam(lr=1e-4)) == pytest.approx(1e-4 * tiny / (tiny + 1e-8))
    assert 1e-4 * math.sqrt(1e-3) * tiny / (math.sqrt(1e-3) * tiny + 1e-8) == pytest.approx(0.0307e-4, rel=0.01)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9)], ids=["of a VAE", "of the critic"])
def test_two_steps_are_the_textbook_s(betas):
    first, second = betas
    optimizer, gradients = Adam(lr=1e-4, betas=betas), [3.0, -1.0]
    expected, mean, square = 0.0, 0.0, 0.0
    for step, gradient in enumerate(gradients, start=1):
        mean, square = first * mean + (1 - first) * gradient, second * square + (1 - second) * gradient**2
        expected += 1e-4 * (mean / (1 - first**step)) / (math.sqrt(square / (1 - second**step)) + 1e-8)
    assert stepped(gradients, optimizer) == pytest.approx(expected, rel=1e-9)
