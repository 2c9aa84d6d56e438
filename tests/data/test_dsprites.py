"""The rendered dSprites against the facts of the published set."""

import torch

from metaprior.data import load


def test_first_and_last_orientation_are_one_picture() -> None:
    world = load("dsprites")
    grid = torch.cartesian_prod(torch.arange(3), torch.arange(6), torch.arange(0, 32, 7), torch.arange(0, 32, 5))
    first, last = (torch.cat([grid[:, :2], torch.full((len(grid), 1), turn), grid[:, 2:]], dim=1) for turn in (0, 39))
    assert torch.equal(world.render(first), world.render(last))
