"""Worlds: indices and factors are two names of one combination."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metaprior.core import DataSpec, MetapriorError
from metaprior.data import DSpritesOptions, Held, World, dsprites_world
from metaprior.data.world import factors_of, index_of


def small_world() -> World:
    return dsprites_world(DSpritesOptions(size=16, scale=2, orientation=4, position_x=4, position_y=5))


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
    assert small_world().spec == DataSpec(image_shape=(1, 16, 16), factor_sizes=(3, 2, 4, 4, 5))


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
