import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics.interventions import Interventions, on_rows, on_world, over_batches

SIZES = (4, 3, 5)
FACTORS = np.stack(np.unravel_index(np.arange(60), SIZES), axis=1)
KINDS = pytest.mark.parametrize("there", [on_world(FACTORS, SIZES), on_rows(FACTORS, FACTORS)], ids=["world", "rows"])


@KINDS
@pytest.mark.parametrize("factor", range(3))
def test_a_held_factor_is_fixed_and_the_others_are_free(there: Interventions, factor: int) -> None:
    index = there.held(np.random.default_rng(0), np.full(400, factor), 50)
    values = there.codes(index)
    assert (np.ptp(values, axis=1) == 0)[:, factor].all()
    for k, size in enumerate(SIZES):
        shares = np.bincount(values[..., k].ravel().astype(int)) / index.size
        assert shares == pytest.approx(1 / size, abs=0.05 if k == factor else 0.01)


@KINDS
@pytest.mark.parametrize("factor", range(3))
def test_pairs_share_one_value_and_agree_in_the_others_by_chance(there: Interventions, factor: int) -> None:
    first, second = map(there.codes, there.pairs(np.random.default_rng(0), np.full(400, factor), 50))
    equal = (first == second).mean(axis=(0, 1))
    for k, size in enumerate(SIZES):
        assert equal[k] == pytest.approx(1.0 if k == factor else 1 / size, abs=0.01)
        assert np.bincount(first[..., k].ravel().astype(int)) / 20_000 == pytest.approx(1 / size, abs=0.01)
    assert len(np.unique(first[0, :, factor])) > 1


@KINDS
def test_batches_hold_the_factor_that_each_names(there: Interventions) -> None:
    factor = np.random.default_rng(0).integers(3, size=200)
    values = there.codes(there.held(np.random.default_rng(0), factor, 30))
    assert (np.ptp(values, axis=1)[np.arange(200), factor] == 0).all()
    first, second = map(there.codes, there.pairs(np.random.default_rng(0), factor, 30))
    assert (first == second).all(axis=1)[np.arange(200), factor].all()


def test_values_of_a_single_row_are_not_drawn() -> None:
    factors = np.array([[0], [0], [7], [1], [1], [1]])
    rows = on_rows(np.arange(6.0)[:, None], factors)
    assert rows.reason is None
    for drawn in (
        rows.held(np.random.default_rng(0), np.zeros(300, dtype=int), 4),
        *rows.pairs(np.random.default_rng(0), np.zeros(300, dtype=int), 4),
    ):
        assert np.unique(drawn).tolist() == [0, 1, 3, 4, 5]


def test_what_cannot_be_held_has_a_reason() -> None:
    assert on_rows(np.eye(3), [[0, 0], [0, 1], [1, 2]]).reason is not None
    assert "factor 1 has no value that two rows share" in str(on_rows(np.eye(3), [[0, 0], [0, 1], [1, 2]]).reason)
    assert on_rows(np.eye(3), [[2], [2], [2]]).reason == "no factor varies"
    assert on_world(np.eye(1), (1, 1)).reason == "no factor varies"
    assert on_world(np.eye(2), (1, 2)).reason is None


def test_the_world_is_sampled_uniformly_and_rows_are_all_there_are() -> None:
    index = on_world(FACTORS, SIZES).sample(np.random.default_rng(0), 60_000)
    assert np.bincount(index, minlength=60) / 60_000 == pytest.approx(1 / 60, abs=0.003)
    assert on_rows(FACTORS, FACTORS).sample(np.random.default_rng(0), 5).tolist() == list(range(60))


def test_a_function_is_asked_for_the_factors_of_the_index() -> None:
    by_function = on_world(lambda factors: factors @ [[100.0], [10.0], [1.0]], SIZES)
    index = np.array([[0, 59], [17, 31]])
    assert by_function.codes(index)[..., 0].tolist() == [[0.0, 324.0], [102.0, 201.0]]


@pytest.mark.parametrize("at_once", [1, 7, 64, 10_000])
def test_codes_are_reduced_batch_by_batch(at_once: int) -> None:
    world = on_world(lambda factors: factors.astype(float), SIZES)
    world = type(world)(world.codes, world.sizes, at_once)
    first, second = np.random.default_rng(0).integers(60, size=(2, 23, 5))
    found = over_batches(world, lambda a, b: (a * b).sum(axis=0), first, second)
    assert np.array_equal(found, (FACTORS[first] * FACTORS[second]).sum(axis=1))


@pytest.mark.parametrize("pictures", [1, 3])
def test_an_example_with_one_factor_set_is_the_same_in_all_else(pictures: int) -> None:
    shown = np.repeat(FACTORS, pictures, axis=0)
    world = on_world(np.column_stack([shown, np.arange(len(shown)) % pictures]), SIZES, pictures)
    index = np.arange(len(shown))
    assert np.array_equal(world.factors(index), shown)
    for factor, size in enumerate(SIZES):
        for value in range(size):
            before, after = world.codes(index), world.codes(world.with_value(index, factor, value))
            assert (after[:, factor] == value).all()
            assert np.array_equal(np.delete(after, factor, axis=1), np.delete(before, factor, axis=1))


@pytest.mark.parametrize("sizes", [(4.9, 3), (0, 3), (-2, 3), (), (float("nan"), 2), (float("inf"), 2), ("4", "3")])
def test_sizes_are_whole_numbers(sizes: tuple) -> None:
    with pytest.raises(MetapriorError, match="factor_sizes must be whole numbers from 1, one a factor; these are"):
        on_world(lambda factors: factors, sizes)
    assert on_world(lambda factors: factors, (4.0, 3.0)).sizes.tolist() == [4, 3]


@pytest.mark.parametrize(("sizes", "pictures"), [((10,) * 20, 1), ((2,) * 63, 1), ((2,) * 62, 2), ((10**30, 2), 1)])
def test_worlds_whose_examples_no_index_numbers_are_refused(sizes: tuple[int, ...], pictures: int) -> None:
    with pytest.raises(MetapriorError, match="make more examples than 64-bit integers number; leave factors out"):
        on_world(lambda factors: factors, sizes, pictures)


def test_the_largest_world_that_an_index_numbers() -> None:
    world = on_world(lambda factors: factors, (2,) * 62)
    values = world.codes(world.held(np.random.default_rng(0), np.arange(62), 50))
    assert (np.ptp(values, axis=1)[np.arange(62), np.arange(62)] == 0).all()
    assert values.mean() == pytest.approx(0.5, abs=0.01)
