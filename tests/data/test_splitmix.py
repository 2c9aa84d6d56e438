"""Random bits by number."""

import torch

from metaprior.data.splitmix import splitmix64, uniform

PUBLISHED = ["e220a8397b1dcdaf", "6e789e6aa1b965f4", "06c45d188009454f", "f88bb8a8724c81ec", "1b39896a51a8749b"]
"""The first outputs of Vigna's splitmix64.c with seed 0."""


def test_published_outputs() -> None:
    words = [f"{word % 2**64:016x}" for word in splitmix64(torch.arange(5)).tolist()]
    assert words == PUBLISHED


def test_uniform_numbers_are_below_one_and_flat() -> None:
    numbers = uniform(splitmix64(torch.arange(2**16)))
    counts = torch.histc(numbers, bins=64, min=0, max=1)
    assert uniform(torch.tensor([0, -1])).tolist() == [0, 1 - 2**-24]
    assert (counts - 1024).abs().max() < 5 * 1024**0.5
    assert torch.corrcoef(torch.stack([numbers[:-1], numbers[1:]]))[0, 1].abs() < 0.02
