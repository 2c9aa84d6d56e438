"""What labellers say, against the facts of the study's code."""

from typing import get_args

import numpy as np
import pytest
from numpy.random import RandomState

from metaprior.core import MetapriorError
from metaprior.data import LABELLERS, DSpritesOptions, LabellerName, divide, dsprites_world, few_labels

SIZES = (3, 6, 40, 32, 32)
WORLD = dsprites_world(DSpritesOptions(size=16))


def factors(count: int = 1000, sizes: tuple[int, ...] = SIZES) -> np.ndarray:
    return np.stack([np.random.default_rng(k).integers(size, size=count) for k, size in enumerate(sizes)], axis=1)


def test_the_names_that_options_take_are_those_of_the_table() -> None:
    assert get_args(LabellerName) == tuple(LABELLERS)


@pytest.mark.parametrize("name", LABELLERS)
def test_a_seed_is_a_labelling_and_missing_values_stay_missing(name: str) -> None:
    true = factors()
    true[::7, 2] = -1
    told, again = (LABELLERS[name](true.copy(), SIZES, RandomState(3)) for _ in range(2))
    assert np.array_equal(told.factors, again.factors)
    assert told.factors.shape[1] == len(told.sizes) == len(told.columns)
    assert ((told.factors < 0) == (true[:, told.columns] < 0)).all()
    assert (told.factors < np.array(told.sizes)).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [(5, [0, 1, 2, 3, 4]), (10, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), (6, [0, 0, 1, 2, 3, 4]), (3, [0, 1, 2])],
)
def test_bins_are_of_equal_width_and_keep_the_order(size: int, expected: list[int]) -> None:
    told = LABELLERS["binned"](np.arange(size)[:, None], (size,), RandomState(0))
    assert told.factors.ravel().tolist() == expected
    assert told.sizes == (min(size, 5),)


@pytest.mark.parametrize("size", [6, 7, 18, 24, 32, 40, 183])
def test_bins_are_those_of_the_formula_of_the_reference(size: int) -> None:
    values = np.arange(size)
    expected = np.minimum(np.floor(values.astype(np.float32) / np.float32(size / 5)), 4)
    assert LABELLERS["binned"](values[:, None], (size,), RandomState(0)).factors.ravel().tolist() == expected.tolist()


def test_a_tenth_of_noisy_labels_is_drawn_anew() -> None:
    true = factors(5000)
    told = LABELLERS["noisy"](true, SIZES, RandomState(0)).factors
    wrong, sizes = (told != true).mean(axis=0), np.array(SIZES)
    expected = 0.1 * (sizes - 1) / sizes
    assert np.abs(wrong - expected).max() < 5 * np.sqrt(0.09 / 5000)


def test_noise_is_drawn_label_by_label_in_the_order_of_the_reference() -> None:
    random, true = RandomState(5), factors(50)
    expected = true.copy()
    for i in range(50):
        for k, size in enumerate(SIZES):
            if random.rand() < 0.1:
                expected[i, k] = random.randint(size)
    assert np.array_equal(LABELLERS["noisy"](true, SIZES, RandomState(5)).factors, expected)


def test_partial_labels_tell_the_same_two_factors_of_every_example() -> None:
    true = factors()
    seen = set()
    for seed in range(40):
        told = LABELLERS["partial"](true, SIZES, RandomState(seed))
        assert told.columns == tuple(RandomState(seed).choice(5, size=2, replace=False))
        assert np.array_equal(told.factors, true[:, told.columns])
        assert told.sizes == tuple(SIZES[k] for k in told.columns)
        seen |= set(told.columns)
    assert seen == set(range(5))
    with pytest.raises(MetapriorError, match="tells 2 factors, and this data has 1"):
        LABELLERS["partial"](true[:, :1], SIZES[:1], RandomState(0))


def test_permuted_labels_are_a_bijection_of_each_factor_that_breaks_its_order() -> None:
    true = factors()
    told = LABELLERS["permuted"](true, SIZES, RandomState(1)).factors
    for k, size in enumerate(SIZES):
        assert len({(a, b) for a, b in zip(true[:, k], told[:, k], strict=True)}) == size
    assert abs(np.corrcoef(true[:, 2], told[:, 2])[0, 1]) < 0.5


def test_permutations_are_drawn_factor_by_factor_and_read_at_the_value_as_in_the_reference() -> None:
    random, true = RandomState(1), factors()
    orders = [random.permutation(size) for size in SIZES]
    expected = [[orders[k][value] for k, value in enumerate(row)] for row in true]
    assert LABELLERS["permuted"](true, SIZES, RandomState(1)).factors.tolist() == expected
    told = LABELLERS["permuted"](np.arange(4)[:, None], (4,), RandomState(0)).factors
    assert told.ravel().tolist() == [2, 3, 1, 0]  # whose inverse is 3, 2, 0, 1


def test_names_and_sizes_of_the_labelled_set_are_of_what_is_told() -> None:
    labelled = few_labels(WORLD, 20, seed=2, labeller=LABELLERS["partial"])
    truth = few_labels(WORLD, 20, seed=2)
    columns = [WORLD.factor_names.index(name) for name in labelled.factor_names]
    assert labelled.factors.tolist() == truth.factors[:, columns].tolist()
    assert labelled.factor_sizes == tuple(WORLD.factor_sizes[k] for k in columns)


@pytest.mark.parametrize(("count", "share", "training"), [(100, 0.9, 90), (10, 0.9, 9), (7, 0.9, 7), (3, 0.5, 2)])
def test_the_first_labels_train_and_the_rest_select(count: int, share: float, training: int) -> None:
    labelled = few_labels(WORLD, count, seed=0)
    train, held = divide(labelled, share)
    assert len(train) == training
    assert train.factors.tolist() == labelled.factors[:training].tolist()
    assert (held is None) == (training == count)
    if held is not None:
        assert held.factors.tolist() == labelled.factors[training:].tolist()


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5])
def test_impossible_shares(share: float) -> None:
    with pytest.raises(MetapriorError, match=r"must lie in \(0, 1\]"):
        divide(few_labels(WORLD, 10, seed=0), share)
