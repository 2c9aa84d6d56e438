"""Worlds: indices and factors are two names of one combination."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metaprior.core import DataSpec, MetapriorError
from metaprior.data import DSpritesOptions, Held, World, dsprites_world, few_labels
from metaprior.data.world import factors_of, index_of


def small_world() -> World:
    return dsprites_world(DSpritesOptions(size=16, scale=2, orientation=4, position_x=4, position_y=5))


class Digits:
    """Each picture is the digits it was made of, factors first, then what is hidden."""

    def __call__(self, factors: torch.Tensor) -> torch.Tensor:
        return factors.to(torch.uint8)[:, None, None, :]

    def to(self, device: torch.device | str) -> "Digits":
        return self


HIDDEN = World("hiding", ("a", "b"), (3, 2), (1, 1, 4), Digits(), hidden_sizes=(4, 5))


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.data())
def test_index_and_factors_are_a_bijection(sizes: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, math.prod(sizes) - 1))
    factors = factors_of(torch.tensor(index), tuple(sizes))
    assert bool(((factors >= 0) & (factors < torch.tensor(sizes))).all())
    assert int(index_of(factors, tuple(sizes))) == index


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_order_is_that_of_the_cartesian_product(sizes: list[int]) -> None:
    """The last factor is the fastest."""
    product = torch.cartesian_prod(*map(torch.arange, sizes)).reshape(-1, len(sizes))
    assert torch.equal(factors_of(torch.arange(math.prod(sizes)), tuple(sizes)), product)


def test_a_batch_has_the_shape_of_its_indices() -> None:
    world = small_world()
    index = torch.tensor([[0, 7, 3], [len(world) - 1, 1, 7]])
    batch = world.gather(index)
    assert batch.images.shape == (2, 3, 1, 16, 16)
    assert batch.images.dtype == torch.float32
    assert float(batch.images.min()) == 0
    assert float(batch.images.max()) == 1
    assert torch.equal(world.index_of(batch.factors), index)
    assert torch.equal(batch.images[0, 1], batch.images[1, 2])
    assert world.gather(torch.tensor(3)).images.shape == (1, 16, 16)


def test_a_batch_is_rendered_in_one_call() -> None:
    """T13: the reference's generator makes one picture at a time, in Python, while the processor of tensors waits."""
    asked = []

    class Counting(Digits):
        def __call__(self, factors: torch.Tensor) -> torch.Tensor:
            asked.append(len(factors))
            return super().__call__(factors)

    world = HIDDEN.with_renderer(Counting())
    world.gather(torch.randint(len(world), (64, 2)))
    few_labels(world, 100, seed=0)
    assert asked == [128, 100]
    asked.clear()
    world.cached().gather(torch.arange(50))
    assert asked == [len(world)]  # all of it once, and no more


def test_a_cached_world_is_the_same_world() -> None:
    world = small_world()
    cached = world.cached()
    index = torch.arange(len(world))
    assert isinstance(cached.renderer, Held)
    assert torch.equal(cached.gather(index).images, world.gather(index).images)
    assert cached.digest == world.digest
    assert cached.cached() is cached
    assert torch.equal(cached.to("cpu").gather(index[:3]).images, world.to("cpu").gather(index[:3]).images)


def test_digest_tells_worlds_apart() -> None:
    digests = {dsprites_world(DSpritesOptions(size=16, orientation=n)).digest for n in (4, 5)}
    assert len(digests | {small_world().digest}) == 3
    assert small_world().digest == small_world().digest


def test_spec() -> None:
    assert small_world().spec == DataSpec(
        image_shape=(1, 16, 16),
        factor_sizes=(3, 2, 4, 4, 5),
        factor_names=("shape", "scale", "orientation", "position_x", "position_y"),
    )


def test_sampled_factors_are_uniform_and_reproducible() -> None:
    world = small_world()
    drawn, again = (world.sample_factors(6000, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(drawn, again)
    for column, size in zip(drawn.T, world.factor_sizes, strict=True):
        counts = column.bincount(minlength=size)
        deviation = math.sqrt(6000 * (1 / size) * (1 - 1 / size))
        assert (counts - 6000 / size).abs().max() < 5 * deviation


@pytest.mark.parametrize("factors", [[[0, 0, 4, 0, 0]], [[0, 0, 0, 0, -1]], [[0, 0, 0]]])
def test_impossible_factors(factors: list[list[int]]) -> None:
    with pytest.raises(MetapriorError, match="world 'dsprites' renders"):
        small_world().render(torch.tensor(factors))


@pytest.mark.parametrize("cached", [False, True])
def test_an_index_beyond_the_end(cached: bool) -> None:
    world = small_world().cached() if cached else small_world()
    with pytest.raises(IndexError):
        world.gather(torch.tensor([len(world)]))


def test_what_is_hidden_decides_the_picture_and_is_no_factor() -> None:
    index = torch.arange(3 * 2 * 4 * 5)
    batch = HIDDEN.gather(index)
    assert len(HIDDEN) == len(index)
    assert torch.equal((batch.images * 255).round().long().reshape(-1, 4), factors_of(index, (3, 2, 4, 5)))
    assert torch.equal(batch.factors, HIDDEN.factors_of(index))
    assert torch.equal(batch.factors, factors_of(index // 20, (3, 2)))
    assert HIDDEN.spec == DataSpec(image_shape=(1, 1, 4), factor_sizes=(3, 2), factor_names=("a", "b"))
    assert repr(HIDDEN) == "<World 'hiding': 120 images 1×1×4; a 3, b 2; hidden 4×5>"
    with pytest.raises(IndexError):
        HIDDEN.cached().gather(torch.tensor([120]))


def test_hidden_digits_are_0_unless_given() -> None:
    factors, hidden = torch.tensor([[2, 1], [0, 1]]), torch.tensor([[3, 4], [1, 0]])
    assert HIDDEN.render(factors).flatten(1).tolist() == [[2, 1, 0, 0], [0, 1, 0, 0]]
    assert HIDDEN.render(factors, hidden).flatten(1).tolist() == [[2, 1, 3, 4], [0, 1, 1, 0]]
    assert HIDDEN.index_of(factors).tolist() == [100, 20]
    assert HIDDEN.index_of(factors, hidden).tolist() == [119, 25]
    assert torch.equal(HIDDEN.factors_of(HIDDEN.index_of(factors, hidden)), factors)


@pytest.mark.parametrize("hidden", [[[4, 0]], [[0, -1]], [[0]], [[0, 0], [0, 0]]])
def test_impossible_hidden_digits(hidden: list[list[int]]) -> None:
    with pytest.raises(MetapriorError, match="renders n×2 hidden indices below"):
        HIDDEN.render(torch.zeros(1, 2, dtype=torch.int64), torch.tensor(hidden))


def test_a_cached_world_keeps_what_is_hidden() -> None:
    cached = HIDDEN.cached()
    index = torch.arange(len(HIDDEN)).reshape(2, -1)
    assert torch.equal(cached.gather(index).images, HIDDEN.gather(index).images)
    assert cached.digest == HIDDEN.digest
    assert cached.hidden_sizes == (4, 5)


def test_the_digest_depends_on_what_is_hidden() -> None:
    """On its sizes, and on its pictures; a world that hides nothing keeps the digest it always had."""
    assert dsprites_world(DSpritesOptions(size=16, orientation=4)).digest == "bbbf0e13ad974020"
    assert HIDDEN.digest != World("hiding", ("a", "b"), (3, 2), (1, 1, 4), Digits(), hidden_sizes=(5, 4)).digest


def test_uniform_indices_draw_what_is_hidden_uniformly() -> None:
    index = torch.randint(len(HIDDEN), (6000,), generator=torch.Generator().manual_seed(0))
    hidden = (HIDDEN.gather(index).images[:, 0, 0, 3] * 255).round().long()
    assert (hidden.bincount(minlength=5) - 1200).abs().max() < 5 * math.sqrt(6000 * 0.2 * 0.8)


def test_labelled_sets_draw_what_is_hidden_after_the_factors() -> None:
    """As the study's generators do: each factor in turn, then each nuisance, with one legacy generator."""
    data, random = few_labels(HIDDEN, 9, seed=2), np.random.RandomState(2)
    drawn = np.stack([random.randint(size, size=9) for size in (3, 2, 4, 5)], axis=1)
    assert data.images is not None
    assert data.factors is not None
    assert data.images.flatten(1).tolist() == drawn.tolist()
    assert data.factors.tolist() == drawn[:, :2].tolist()
    assert data.factor_sizes == (3, 2)
