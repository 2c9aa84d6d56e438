"""Posteriors of pairs: what is shared, and how."""

import torch

from metaprior.objectives import adaptively_shared, average_of_posteriors, product_of_posteriors, shared_where
from tests.conftest import random


def test_equal_posteriors_share_themselves():
    mean, logvar = random(0, 5, 1, 4).repeat(1, 2, 1), random(1, 5, 1, 4).repeat(1, 2, 1)
    for common in (average_of_posteriors, product_of_posteriors):
        for found, own in zip(common(mean, logvar), (mean, logvar), strict=True):
            assert torch.allclose(found, own[:, :1], atol=1e-6)
    assert adaptively_shared(mean, logvar).all()


def test_the_average_has_the_mean_variance_and_the_product_the_harmonic_mean():
    mean, variance = torch.tensor([[[0.0], [4.0]]]), torch.tensor([[[1.0], [3.0]]])
    found, logvar = average_of_posteriors(mean, variance.log())
    assert torch.allclose(torch.cat([found, logvar.exp()]).flatten(), torch.tensor([2.0, 2.0]))
    found, logvar = product_of_posteriors(mean, variance.log())  # precisions 1 and 1/3
    assert torch.allclose(torch.cat([found, logvar.exp()]).flatten(), torch.tensor([1.0, 1.5]))


def test_the_product_is_the_density_s_but_for_a_factor_of_two_in_its_variance():
    grid = torch.linspace(-30, 30, 60_001, dtype=torch.float64)
    means, variances = torch.tensor([-1.0, 2.0]).double(), torch.tensor([0.5, 2.0]).double()
    density = (-((grid[:, None] - means) ** 2) / (2 * variances)).sum(dim=1).exp()
    density = density / density.sum()
    centre = (density * grid).sum()
    spread = (density * (grid - centre) ** 2).sum()
    mean, logvar = product_of_posteriors(means.view(1, 2, 1), variances.log().view(1, 2, 1))
    assert torch.allclose(mean.squeeze(), centre)
    assert torch.allclose(logvar.exp().squeeze(), 2 * spread)


def test_codes_are_shared_up_to_half_way_between_the_least_and_the_greatest_divergence():
    distance = torch.tensor([0.0, 1.0, 1.9, 2.1, 4.0])
    mean = torch.stack([torch.zeros(5), (2 * distance).sqrt()])[None]
    assert adaptively_shared(mean, torch.zeros(1, 2, 5)).tolist() == [[True, True, True, False, False]]


def test_one_code_is_always_shared_and_of_more_the_furthest_never():
    alone, several = ((random(0, 50, 2, codes), random(1, 50, 2, codes)) for codes in (1, 4))
    assert adaptively_shared(*alone).all()
    shared = adaptively_shared(*several)
    assert not shared.all(dim=1).any()
    assert shared.any(dim=1).all()


def test_what_is_not_shared_stays_each_image_s_own():
    own, common = random(0, 3, 2, 4), random(1, 3, 1, 4)
    shared = random(2, 3, 4) > 0
    found = shared_where(shared, common, own)
    assert torch.equal(found[:, 0][shared], found[:, 1][shared])
    assert torch.equal(found[:, 0][~shared], own[:, 0][~shared])
    assert torch.equal(found[:, 1][~shared], own[:, 1][~shared])


def test_the_divergence_is_of_the_first_posterior_from_the_second():
    """It is not symmetric: a narrow posterior is near to a wide one, which is far from the narrow one."""
    narrow, wide, apart = (
        -3.0,
        0.0,
        1.4,
    )  # KL(narrow | wide) = 1.02, KL(wide | narrow) = 8.04, KL of means 1.4 apart: .98
    logvar = torch.tensor([[[narrow, 0.0, 0.0, 0.0], [wide, 0.0, 0.0, 0.0]]])
    mean = torch.tensor([[[0.0, 0.0, 0.0, 0.0], [0.0, apart, 0.0, 3.0]]])  # the last: 4.5
    assert adaptively_shared(mean, logvar).tolist() == [[True, True, True, False]]
    assert adaptively_shared(mean, logvar.flip(1)).tolist() == [[False, True, True, False]]
