import numpy as np
import torch

from metaprior.report.codes import activity, order_by_information, reach, typical


def test_one_code_per_factor_becomes_a_diagonal_whatever_the_order() -> None:
    random = np.random.default_rng(0)
    for _ in range(5):
        table = random.permutation(np.vstack([np.diag([1.0, 2.0, 3.0]), np.full((2, 3), 0.1)]))
        assert (np.diag(table[order_by_information(table)]) == [1, 2, 3]).all()


def test_every_code_comes_once_also_with_fewer_codes_than_factors() -> None:
    for shape in [(2, 5), (5, 2), (1, 1)]:
        assert sorted(order_by_information(np.random.default_rng(1).random(shape))) == list(range(shape[0]))


def test_activity_is_the_variance_over_examples() -> None:
    assert activity(torch.tensor([[1.0, 5.0], [3.0, 5.0]])).tolist() == [1.0, 0.0]


def test_the_typical_example_is_the_mean_where_there_is_one() -> None:
    codes = torch.tensor([[-3.0, 10.0], [0.0, 0.0], [3.0, -10.0]])
    assert typical([codes, 100 * codes]) == 1


def test_reach_goes_as_far_as_the_codes_but_never_less_than_two() -> None:
    codes = torch.stack([torch.linspace(-9, 9, 101), torch.linspace(-0.1, 0.1, 101)], dim=1)
    values = reach(codes, steps=5)
    assert values[1].tolist() == [-2, -1, 0, 1, 2]
    assert values[0, 0] < -8
    assert values[0, -1] > 8
