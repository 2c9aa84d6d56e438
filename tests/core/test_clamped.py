"""Batches of a world in which one group of factors varies."""

import pytest
import torch

from metaprior.core import Clamped, MetapriorError

SIZES, LENGTH = (3, 2, 4), 24 * 5  # five hidden states a combination
STREAM = Clamped(64, factor_sizes=SIZES, groups=((1,), (2,), (0,)), ratio=(1.0, 1.0, 10.0))


def factors(indices: torch.Tensor) -> torch.Tensor:
    return torch.stack(torch.unravel_index(indices // 5, SIZES), dim=1)


def varying(turn: int) -> tuple[int, ...]:
    found = factors(STREAM.indices(LENGTH, 0, "clamped", turn))
    return tuple((found != found[:1]).any(dim=0).nonzero().flatten().tolist())


def test_one_group_varies_at_each_turn_as_often_as_its_ratio_says():
    seen = [varying(turn) for turn in range(2400)]
    assert set(seen) == {(0,), (1,), (2,)}
    for group, share in (((1,), 1 / 12), ((2,), 1 / 12), ((0,), 10 / 12)):
        assert seen.count(group) / len(seen) == pytest.approx(share, abs=4 * (share * (1 - share) / len(seen)) ** 0.5)


def test_factors_of_a_group_vary_independently_and_uniformly_and_so_does_what_is_hidden():
    stream = Clamped(24_000, factor_sizes=SIZES, groups=((0, 2),), ratio=(1.0,))
    indices = stream.indices(LENGTH, 0, "clamped", 0)
    found = factors(indices)
    assert found[:, 1].unique().numel() == 1
    assert torch.bincount(found[:, 0] * 4 + found[:, 2]) / 24_000 == pytest.approx([1 / 12] * 12, abs=0.01)
    assert torch.bincount(indices % 5) / 24_000 == pytest.approx([1 / 5] * 5, abs=0.012)


def test_what_is_held_is_drawn_anew_at_each_turn():
    stream = Clamped(4, factor_sizes=SIZES, groups=((0,),), ratio=(1.0,))
    held = torch.stack([factors(stream.indices(LENGTH, 0, "clamped", turn))[0, 1:] for turn in range(400)])
    assert held.unique(dim=0).shape == (8, 2)


def test_turns_repeat_themselves():
    assert torch.equal(STREAM.indices(LENGTH, 0, "clamped", 7), STREAM.indices(LENGTH, 0, "clamped", 7))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"groups": (), "ratio": ()}, "each group of factors that is to vary must have one with several values"),
        ({"groups": ((),), "ratio": (1.0,)}, "must have one with several values"),
        ({"factor_sizes": (1, 4), "groups": ((0,),), "ratio": (1.0,)}, "must have one with several values"),
        ({"ratio": (1.0,)}, "the 3 groups of factors need as many ratios"),
        ({"ratio": (0.0, 0.0, 0.0)}, "one of them above 0"),
        ({"ratio": (-1.0, 1.0, 1.0)}, "ratios of at least 0"),
    ],
)
def test_groups_that_make_no_sense_are_refused(choices, said):
    given = {"factor_sizes": SIZES, "groups": STREAM.groups, "ratio": STREAM.ratio} | choices
    with pytest.raises(MetapriorError, match=said):
        Clamped(4, **given)


def test_a_source_that_cannot_be_a_world_is_refused():
    with pytest.raises(MetapriorError, match="need a world of all 24 combinations"):
        STREAM.indices(25, 0, "clamped", 0)
