"""Standardising over the batch: PyTorch's batch normalisation, whatever the number of processes."""

import torch
from torch import nn

from metaprior.nets import Standardise
from tests.conftest import random


def identity(rows):
    return rows


def test_it_is_batch_normalisation_without_gain_and_shift():
    ours, theirs = Standardise(3).double(), nn.BatchNorm1d(3, affine=False).double()
    for seed in range(5):
        rows = 2 + 3 * random(seed, 8, 3, dtype=torch.float64)
        assert torch.allclose(ours(rows, identity), theirs(rows), atol=1e-12)
    assert torch.allclose(ours.mean, theirs.running_mean, atol=1e-12)
    # PyTorch averages variances over B - 1, and divides by those over B
    assert torch.allclose((ours.variance - 0.9**5) * 8 / 7, theirs.running_var - 0.9**5, atol=1e-12)


def test_a_part_of_the_batch_is_standardised_as_in_the_whole():
    rows = random(0, 8, 3, dtype=torch.float64)
    part = Standardise(3).double()(rows[:4], lambda _: rows)
    assert torch.allclose(part, Standardise(3).double()(rows, identity)[:4], atol=1e-12)


def test_without_the_whole_batch_and_after_training_the_running_averages_are_taken_and_kept():
    standardise, rows = Standardise(3).double(), random(0, 8, 3, dtype=torch.float64)
    assert torch.allclose(standardise(rows), rows, rtol=1e-4)  # mean 0, variance 1 from the beginning
    standardise(rows + 5, identity)
    mean = standardise.mean.clone()
    expected = (rows - mean) / (standardise.variance + 1e-5).sqrt()
    assert torch.equal(standardise(rows), expected)
    assert torch.equal(standardise.eval()(rows, identity), expected)
    assert torch.equal(standardise.mean, mean)
