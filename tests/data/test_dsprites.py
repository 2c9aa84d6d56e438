"""The rendered dSprites against the facts of the published set, and against its true frames."""

import time

import pytest
import torch
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data import DSpritesOptions, World, dsprites_world, load
from metaprior.data.store import find

needs_frames = pytest.mark.skipif(
    find("dsprites_gif.parquet") is None, reason="dsprites_gif.parquet is not in ../shared/data or $METAPRIOR_DATA"
)


@pytest.fixture(scope="module")
def world() -> World:
    return dsprites_world()


def moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Area, and centroid (x, y) in pixel corners, of pictures n×64×64 of 0 and 255."""
    on = (images > 0).double()
    area, at = on.sum((1, 2)), torch.arange(64) + 0.5
    return area, torch.stack([(on.sum(1) * at).sum(1), (on.sum(2) * at).sum(1)], dim=1) / area[:, None]


def wrong_pixels(frames: Tensor, shape: int, world: World) -> list[int]:
    """Pixels that differ between each true frame and the nearest rendering of its shape, all other factors tried.

    (All but the impossible ones: the area tells the scale and the centroid the position, with a place to spare.)
    """
    axes = (torch.tensor([shape]), torch.arange(6), torch.arange(40), torch.tensor([16]), torch.tensor([16]))
    middle = torch.cartesian_prod(*axes)
    areas, centroids = moments(world.render(middle)[:, 0])
    offsets = centroids - (16 + 32 * 16 / 31)
    around = torch.cartesian_prod(*[torch.arange(-1, 2)] * 2)
    wrong = []
    for frame, area, centroid in zip(frames, *moments(frames), strict=True):
        near = (areas - area).abs() < 0.25 * area
        places = ((centroid - offsets[near] - 16) / 32 * 31).round().long()
        tried = middle[near][:, None].repeat(1, len(around), 1)
        tried[..., 3:] = (places[:, None] + around).clamp(0, 31)
        rendered = world.render(tried.flatten(0, 1))[:, 0]
        wrong.append(int((rendered != frame).flatten(1).sum(1).min()))
    return wrong


@needs_frames
@pytest.mark.parametrize(
    ("shape", "distinct", "exact"), [(0, 43, 43), (1, 44, 42), (2, 167, 159)], ids=["square", "ellipse", "heart"]
)
def test_true_frames_of_the_animation(world: World, shape: int, distinct: int, exact: int) -> None:
    data = load("dsprites-gif", "sample")
    assert data.images is not None
    assert data.labels is not None
    frames = data.images[data.labels == shape][:, 0].unique(dim=0)
    wrong = wrong_pixels(frames, shape, world)
    assert (len(wrong), wrong.count(0)) == (distinct, exact)
    assert max(wrong) <= 2


def test_first_and_last_orientation_are_one_picture(world: World) -> None:
    axes = [torch.arange(3), torch.arange(6), torch.tensor([0]), torch.arange(0, 32, 3), torch.arange(0, 32, 5)]
    first = torch.cartesian_prod(*axes)
    last = first.clone()
    last[:, 2] = 39
    assert torch.equal(world.render(first), world.render(last))


def test_sizes_and_order_are_those_of_the_published_set(world: World) -> None:
    assert (len(world), world.image_shape) == (737_280, (1, 64, 64))
    index = torch.tensor([0, 1, 32, 1024, 40_960, 245_760])
    assert world.factors_of(index).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ]


def test_directions(world: World) -> None:
    """position_x goes right, position_y down; a heart at orientation 0 has its tip below, its axis upright."""
    corner, right, down, heart = world.render(
        torch.tensor([[0, 0, 0, 0, 0], [0, 0, 0, 31, 0], [0, 0, 0, 0, 31], [2, 5, 0, 0, 0]])
    )[:, 0]
    assert torch.equal(corner.roll(32, dims=1), right)
    assert torch.equal(corner.roll(32, dims=0), down)
    assert torch.equal(heart[:, :32], heart[:, :32].flip(1))
    widths = (heart > 0).sum(1)[(heart > 0).any(1)]
    assert widths[-1] < widths.max() / 4 < widths[2]


def test_orientation_turns_counter_clockwise(world: World) -> None:
    """A quarter turn (9.75 steps) takes the heart's tip from below to the right."""
    heart = world.render(torch.tensor([[2, 5, 10, 0, 0]]))[:, 0] > 0
    columns = heart[0].sum(0)[heart[0].any(0)]
    assert columns[-1] < columns.max() / 4 < columns[2]


def test_pictures_have_no_grey_at_64_pixels_and_17_levels_at_16(world: World) -> None:
    index = torch.randint(len(world), (200,), generator=torch.Generator().manual_seed(0))
    factors = world.factors_of(index)
    large, small = world.render(factors), dsprites_world(DSpritesOptions(size=16)).render(factors)
    assert set(large.unique().tolist()) == {0, 255}
    assert len(small.unique()) == 17
    mean = large.unfold(2, 4, 4).unfold(3, 4, 4).double().mean((4, 5))
    assert (small - mean).abs().max() <= 0.5


def test_pictures_of_16_pixels_tell_positions_apart(world: World) -> None:
    """Shrinking keeps the sub-pixel shift: all 32 × 32 positions of the smallest sprites are different pictures."""
    small = dsprites_world(DSpritesOptions(size=16))
    for shape in range(3):
        places = torch.cartesian_prod(*(torch.tensor([v]) for v in (shape, 0, 3)), torch.arange(32), torch.arange(32))
        at_64, at_16 = (len(w.render(places).flatten(1).unique(dim=0)) for w in (world, small))
        assert at_16 == at_64 == 1024


def test_fewer_values_of_a_factor() -> None:
    small = dsprites_world(DSpritesOptions(size=16, shape=2, scale=2, orientation=8, position_x=3, position_y=1))
    assert small.factor_sizes == (2, 2, 8, 3, 1)
    factors = small.factors_of(torch.arange(len(small)))
    ellipse = small.render(factors[factors[:, 0] == 1])
    turned = ellipse.unflatten(0, (2, 8, 3))
    assert torch.equal(turned[:, :4], turned[:, 4:]), "an ellipse repeats every half turn"
    assert len(turned[1, :4, 0].flatten(1).unique(dim=0)) == 4, "and not before"


def test_kept_values_are_published_ones_where_they_coincide(world: World) -> None:
    """Ends of scale and positions, and orientation 0 and 2π/3 (13 of 39 steps), are in the smaller world too."""
    small = dsprites_world(DSpritesOptions(scale=2, orientation=3, position_x=2, position_y=2))
    full = torch.cartesian_prod(torch.arange(3), *(torch.tensor(v) for v in ((0, 5), (0, 13, 26), (0, 31), (0, 31))))
    assert torch.equal(small.render(small.factors_of(torch.arange(len(small)))), world.render(full))


@pytest.mark.parametrize("text", ["dsprites:size=20", "dsprites:orientation=0", "dsprites:scale=7"])
def test_options_out_of_range(text: str) -> None:
    with pytest.raises(MetapriorError, match="dsprites"):
        load(text)


def test_a_batch_is_quick(world: World) -> None:
    """It sits in the training step: 64 pictures within 20 ms even on a loaded machine (1 ms on a free core)."""
    index = torch.randint(len(world), (64,), generator=torch.Generator().manual_seed(0))
    times = []
    for _ in range(10):
        start = time.perf_counter()
        world.gather(index)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02
