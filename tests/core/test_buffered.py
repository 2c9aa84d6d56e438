"""The order of a shuffle buffer is that of a buffer that is filled, drawn from and refilled, one by one."""

import pytest
import torch

from metaprior.core import Buffered, Cycle, MetapriorError, generator
from metaprior.core.buffered import BLOCK


def one_by_one(length: int, buffer: int, seed: int, name: str, count: int) -> list[int]:
    """tf.data's repeat().shuffle(buffer), drawing the same places."""
    blocks = range(-(-count // BLOCK))
    places = torch.cat([torch.randint(buffer, (BLOCK,), generator=generator(seed, name, block)) for block in blocks])
    held, given = [place % length for place in range(buffer)], []
    for turn, place in enumerate(places[:count].tolist()):
        given.append(held[place])
        held[place] = (buffer + turn) % length
    return given


@pytest.mark.parametrize(("length", "buffer"), [(7, 20), (20, 7), (5, 5)])
def test_it_is_what_a_buffer_gives(length: int, buffer: int) -> None:
    stream = Buffered(50_000, buffer=buffer)  # the third batch lies in two blocks
    seen = torch.cat([stream.indices(length, 3, "train", turn) for turn in range(4)]).tolist()
    assert seen == one_by_one(length, buffer, 3, "train", 200_000)


def test_a_turn_is_the_same_wherever_one_comes_from() -> None:
    stream = Buffered(1000)
    late = stream.indices(800, 0, "train", 500)
    early = stream.indices(800, 0, "train", 3)
    assert torch.equal(stream.indices(800, 0, "train", 500), late)
    assert torch.equal(stream.indices(800, 0, "train", 3), early)


def test_every_example_is_as_frequent_as_the_others_and_epochs_blur() -> None:
    seen = torch.cat([Buffered(1000).indices(1000, 0, "train", turn) for turn in range(100)])
    assert seen[:1000].unique().numel() < 700  # an epoch would hold all 1000, draws with replacement 632
    counts = seen.bincount(minlength=1000)
    assert counts.min() > 60
    assert counts.float().std() < 10 / 2  # draws with replacement would have 10


def test_without_a_buffer_the_order_is_the_sources() -> None:
    for turn in range(3):
        assert torch.equal(Buffered(4, buffer=1).indices(6, 0, "x", turn), Cycle(4).indices(6, 0, "x", turn))


@pytest.mark.parametrize("buffer", [0, -1])
def test_a_buffer_without_a_place_is_an_error(buffer: int) -> None:
    with pytest.raises(MetapriorError, match="a buffer holds"):
        Buffered(4, buffer=buffer)
