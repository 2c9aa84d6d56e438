"""Where codes come from: a world is recognised by what it holds, and draws have the statistics they claim."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data import Dataset
from metaprior.judge import codes as codes_module
from metaprior.judge import judge
from metaprior.judge.codes import codes_of, is_world, was_seen
from metaprior.judge.draws import CodesOfRows, CodesOfWorld, Encoded
from tests.judge.worlds import SIZES, Pixels, all_factors, rows, world


def shuffled() -> Dataset:
    """Every combination once, in another order than a world's."""
    source = world()
    factors = source.factors_of(torch.randperm(len(source), generator=torch.Generator().manual_seed(0)))
    return Dataset(
        "shuffled", source.render(factors), factors=factors, factor_names=("a", "b", "c"), factor_sizes=SIZES
    )


def test_a_world_is_known_by_its_order() -> None:
    in_order = dataclasses.replace(shuffled(), images=world().render(all_factors()), factors=all_factors())
    assert is_world(world())
    assert is_world(in_order)
    assert not is_world(shuffled())
    assert not is_world(rows())
    assert not is_world(Dataset("bare", images=world().render(all_factors())))


def test_one_row_out_of_its_order_makes_a_set_no_world() -> None:
    sizes = (10, 10, 10)
    factors = all_factors(sizes)
    in_order = Dataset(
        "all", world(sizes).render(factors), factors=factors, factor_names=tuple("abc"), factor_sizes=sizes
    )
    assert is_world(in_order)
    for row in (1, 500, 998):
        moved = factors.clone()
        moved[row] = moved[row - 1]
        assert not is_world(dataclasses.replace(in_order, factors=moved))


def test_samples_of_a_world_are_uniform_and_of_one_example_each() -> None:
    held = all_factors().numpy().astype(float)
    codes, factors = codes_of(held, world()).sample(6000, seed=1)
    assert np.array_equal(codes, factors)
    for column, size in zip(factors.T, SIZES, strict=True):
        counts = np.bincount(column, minlength=size)
        assert np.abs(counts - 6000 / size).max() < 5 * np.sqrt(6000 / size * (1 - 1 / size))


def test_samples_of_rows_have_no_repetitions() -> None:
    number = np.arange(50.0)[:, None]
    held = codes_of(number, np.zeros((50, 2), dtype=int))
    for n in (20, 50, 99):
        codes, _ = held.sample(n, seed=0)
        assert len(np.unique(codes)) == len(codes) == min(n, 50)


@pytest.mark.parametrize(("train", "test", "expected"), [(1000, 1000, (40, 20)), (10, 5, (10, 5)), (1000, 5, (40, 5))])
def test_rows_are_split_two_thirds_to_one_without_overlap(train: int, test: int, expected: tuple[int, int]) -> None:
    number = np.arange(60.0)[:, None]
    learnt, _, tested, _ = codes_of(number, np.zeros((60, 1), dtype=int)).split(train, test, seed=0)
    assert (len(learnt), len(tested)) == expected
    assert not set(learnt.ravel()) & set(tested.ravel())


@pytest.mark.parametrize(("rows", "share", "expected"), [(9, 0.9, (8, 1)), (2, 2 / 3, (1, 1)), (10, 0.9, (9, 1))])
def test_of_few_rows_one_at_least_is_left_to_test_on(rows: int, share: float, expected: tuple[int, int]) -> None:
    held = CodesOfRows(Encoded(np.arange(rows)[:, None]), np.zeros((rows, 1), dtype=int), train_share=share)
    learnt, _, tested, _ = held.split(100, 100, seed=0)
    assert (len(learnt), len(tested)) == expected


def test_one_row_cannot_be_split() -> None:
    with pytest.raises(MetapriorError, match="too few to train and to test on"):
        codes_of([[1.0]], [[1]]).split(10, 10, seed=0)


@pytest.mark.parametrize("method", ["sample", "split"])
@pytest.mark.parametrize("data", [world(), rows()], ids=["world", "rows"])
def test_the_seed_decides(method: str, data: object) -> None:
    held = codes_of(Pixels(), data)  # type: ignore[arg-type]
    sizes = (30,) if method == "sample" else (30, 20)
    once, again, other = (getattr(held, method)(*sizes, seed=seed) for seed in (3, 3, 4))
    assert all(map(np.array_equal, once, again))
    assert not all(map(np.array_equal, once, other))


def test_a_model_on_rows_gives_the_codes_of_those_rows() -> None:
    data = rows()
    held = codes_of(Pixels(), data)
    assert isinstance(held, CodesOfRows)
    assert data.factors is not None
    assert np.array_equal(held.factors, data.factors.numpy())
    assert np.allclose(held.codes.mean * (np.array(SIZES) - 1), held.factors, atol=0.02)
    assert held.factor_sizes == SIZES


def test_a_world_too_large_to_encode_at_once_gives_the_same_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = codes_of(Pixels(), world())
    monkeypatch.setattr(codes_module, "WHOLE_WORLD", 10)
    as_drawn = codes_of(Pixels(), world())
    assert isinstance(as_drawn, CodesOfWorld)
    assert not isinstance(as_drawn.look_up, Encoded)
    assert all(map(np.array_equal, at_once.sample(100, seed=0), as_drawn.sample(100, seed=0)))


def test_rows_with_a_missing_factor_are_left_out_and_counted() -> None:
    data = rows()
    assert data.factors is not None
    factors = data.factors.clone()
    factors[[3, 17], [0, 2]] = -1
    held = codes_of(Pixels(), dataclasses.replace(data, factors=factors))
    assert isinstance(held, CodesOfRows)
    assert len(held.codes) == 198
    assert held.protocol == "finite (2 rows with a missing factor left out)"


def test_a_missing_factor_is_no_value_in_bare_arrays_either() -> None:
    held = codes_of([[0.0], [1.0], [2.0]], [[0], [-1], [1]])
    assert isinstance(held, CodesOfRows)
    assert held.factors.ravel().tolist() == [0, 1]
    assert held.protocol == "finite (1 rows with a missing factor left out)"


def test_a_factor_that_every_row_misses_is_constant() -> None:
    held = codes_of([[0.0], [1.0], [2.0]], [[0, -1], [-1, -1], [1, -1]])
    assert isinstance(held, CodesOfRows)
    assert held.factors.tolist() == [[0, -1], [1, -1]]
    scores = judge(np.arange(40.0)[:, None], np.stack([np.arange(40) % 4, np.full(40, -1)], axis=1), metrics=["mig"])
    assert scores["mig"].details["constant_factors"] == [1]


class Wide(Pixels):
    def __init__(self, logvar: float) -> None:
        super().__init__()
        self.logvar = logvar

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.encode(images)
        return mean, torch.full_like(mean, self.logvar)


def test_samples_that_would_overflow_are_refused() -> None:
    with pytest.raises(MetapriorError, match="log-variances of the posteriors reach 75, so that samples overflow"):
        codes_of(Wide(75.0), world(), representation="sampled")


def test_squares_of_the_widest_samples_can_be_summed() -> None:
    drawn, _ = codes_of(Wide(69.0), world(), representation="sampled").sample(100_000, seed=0)
    assert drawn.dtype == np.float32
    assert np.isfinite((drawn**2).sum(axis=0)).all()
    assert (drawn**2).sum(axis=0).mean() > 1e34  # not far from where it ends, 3e38


def test_of_many_pictures_of_a_combination_none_is_shown_twice_and_every_one_as_often() -> None:
    for each, pictures in ((3, 2), (7, 3), (5, 4), (4, 1), (6, 6)):
        shown = codes_module.some_of(each, pictures, 30_000).numpy()
        assert (np.diff(shown, axis=1) > 0).all()
        counts = np.bincount(shown.ravel(), minlength=each) / 30_000
        assert counts == pytest.approx(np.full(each, pictures / each), abs=5 / 2 / np.sqrt(30_000))


def test_a_permuted_world_has_the_same_codes_at_other_combinations() -> None:
    held = codes_of(np.arange(60.0)[:, None], world())
    assert isinstance(held, CodesOfWorld)
    (before, factors), (after, same) = held.sample(500, 0), held.permuted(1).sample(500, 0)
    assert np.array_equal(factors, same)
    assert not np.array_equal(before, after)
    assert set(after.ravel()) <= set(range(60))


def test_what_does_not_fit_together_is_refused() -> None:
    data, missing = rows(), torch.full((200, 3), -1)
    with pytest.raises(MetapriorError, match="the world has 60 images and codes have 59 rows"):
        codes_of(np.zeros((59, 2)), world())
    with pytest.raises(MetapriorError, match="codes have 199 rows and factors have 200"):
        codes_of(np.zeros((199, 2)), data)
    with pytest.raises(MetapriorError, match="a model needs images"):
        codes_of(Pixels(), all_factors())
    with pytest.raises(MetapriorError, match="every row of this data set misses some factor"):
        codes_of(Pixels(), dataclasses.replace(data, factors=missing))
    with pytest.raises(MetapriorError, match="'factors'"):
        codes_of(Pixels(), Dataset("bare", images=data.images))


def test_rows_are_seen_if_the_run_was_trained_on_the_same_ones_but_a_world_has_no_others() -> None:
    data = rows()
    trained = {"provenance": {"data_digest": data.digest}}
    assert was_seen(trained, data)
    assert not was_seen(trained, rows(seed=1))
    assert not was_seen({}, data)
    assert not was_seen({"provenance": {"data_digest": world().digest}}, world())


def test_permuted_rows_keep_every_code_and_every_factor() -> None:
    data = rows()
    held = codes_of(Pixels(), data)
    assert isinstance(held, CodesOfRows)
    other = held.permuted(seed=0)
    assert other.codes is held.codes
    assert not np.array_equal(other.factors, held.factors)
    assert sorted(map(tuple, other.factors)) == sorted(map(tuple, held.factors))
