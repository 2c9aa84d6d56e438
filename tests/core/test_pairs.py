"""Pairs of a world's images."""

import pytest
import torch

from metaprior.core import MetapriorError, Pairs

SIZES = (3, 1, 6, 4)
LENGTH = 3 * 6 * 4 * 5  # five hidden states a combination


def factors(indices: torch.Tensor) -> torch.Tensor:
    combination = indices // 5
    return torch.stack(
        [combination // 24, torch.zeros_like(combination), combination // 4 % 6, combination % 4], dim=-1
    )


@pytest.mark.parametrize("changed", [1, 2, 3])
def test_so_many_factors_differ_and_the_hidden_part_is_drawn_anew(changed):
    pairs = Pairs(4000, factor_sizes=SIZES, changed=changed).indices(LENGTH, 0, "pairs", 3)
    assert pairs.shape == (4000, 2)
    assert 0 <= int(pairs.min()) <= int(pairs.max()) < LENGTH
    first, second = factors(pairs[:, 0]), factors(pairs[:, 1])
    differ = first != second
    assert (differ.sum(dim=1) == changed).all()
    share = differ.double().mean(dim=0)
    assert torch.allclose(share[[0, 2, 3]], torch.full((3,), changed / 3, dtype=torch.float64), atol=0.05)
    same_hidden = (pairs[:, 0] % 5 == pairs[:, 1] % 5).double().mean()
    assert same_hidden.item() == pytest.approx(0.2, abs=0.03)


def test_the_new_value_is_any_other_one():
    pairs = Pairs(20_000, factor_sizes=(6,)).indices(6, 0, "pairs", 0)
    step = (pairs[:, 1] - pairs[:, 0]) % 6
    assert torch.bincount(step, minlength=6)[0] == 0
    assert (torch.bincount(step, minlength=6)[1:] > 3500).all()


def test_a_random_number_of_factors_is_from_one_to_all_but_one():
    pairs = Pairs(4000, factor_sizes=SIZES, changed=0).indices(LENGTH, 1, "pairs", 0)
    counts = (factors(pairs[:, 0]) != factors(pairs[:, 1])).sum(dim=1)
    assert torch.bincount(counts, minlength=4).tolist()[0] == torch.bincount(counts, minlength=4).tolist()[3] == 0
    assert (counts == 1).double().mean().item() == pytest.approx(0.5, abs=0.05)


def test_that_random_number_is_uniform_and_so_is_which_factors_change():
    sizes, count = (2, 3, 2, 4, 5), 20_000
    pairs = Pairs(count, factor_sizes=sizes, changed=0).indices(240, 0, "pairs", 0)
    first, second = (torch.stack(torch.unravel_index(pairs[:, side], sizes), dim=1) for side in (0, 1))
    differ = first != second
    of_each_number = torch.bincount(differ.sum(dim=1), minlength=6) / count
    assert of_each_number.tolist() == pytest.approx([0, 0.25, 0.25, 0.25, 0.25, 0], abs=0.012)
    assert differ.double().mean(dim=0).tolist() == pytest.approx([0.5] * 5, abs=0.015)  # 2.5 of 5 on average


def test_turns_differ_and_repeat_themselves():
    pairs = Pairs(8, factor_sizes=SIZES)
    draws = [pairs.indices(LENGTH, 0, "pairs", turn) for turn in (0, 0, 1)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"factor_sizes": ()}, "this data has none"),
        ({"factor_sizes": (1, 1)}, "none that vary"),
        ({"factor_sizes": (3, 4), "changed": 3}, "differ in 1 to 2 factors"),
    ],
)
def test_impossible_pairs(options, said):
    with pytest.raises(MetapriorError, match=said):
        Pairs(4, **options)


def test_rows_that_are_no_world_are_refused():
    with pytest.raises(MetapriorError, match="a world of all 12 combinations"):
        Pairs(4, factor_sizes=(3, 4)).indices(100, 0, "pairs", 0)
