"""The order of a shuffle buffer, as a pure function of (seed, name, turn)."""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from metaprior.core.errors import MetapriorError
from metaprior.core.randomness import generator
from metaprior.core.stream import Stream

BLOCK = 2**17
"""Draws that are made at once."""
MOST_PLACES = 2**24


@dataclass(frozen=True)
class Buffered(Stream):
    """Repeated for ever, then shuffled through a buffer: the order of tf.data's ``repeat().shuffle(buffer).batch(…)``.

    Each draw takes a uniform place of the buffer, which the next example of the endless repetition then fills. With
    fewer examples than places the epochs blur into each other: one may be in a batch twice and miss many.

    >>> Buffered(4, buffer=1).indices(3, seed=0, name="train", turn=1).tolist()
    [1, 2, 0, 1]
    """

    buffer: int = 10_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.buffer <= MOST_PLACES:
            raise MetapriorError(f"a buffer holds at least 1 example and at most {MOST_PLACES}, not {self.buffer}")

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """The next B examples that leave the buffer."""
        begin, end = turn * self.batch, (turn + 1) * self.batch
        blocks = range(begin // BLOCK, (end - 1) // BLOCK + 1)
        tape = _tape(length, self.buffer, seed, name)
        drawn = torch.cat([tape.block(block) for block in blocks])
        return drawn[begin - blocks[0] * BLOCK :][: self.batch]


@functools.lru_cache(maxsize=4)
def _tape(length: int, buffer: int, seed: int, name: str) -> "_Tape":
    return _Tape(length, buffer, seed, name)


class _Tape:
    """What a shuffle buffer gives, block by block.

    To go back by more than a block is to begin anew, and so is to resume: five million draws take 0.7 s.
    """

    def __init__(self, length: int, buffer: int, seed: int, name: str) -> None:
        self.length, self.seed, self.name = length, seed, name
        self.start = torch.arange(buffer) % length
        self.rewind()

    def rewind(self) -> None:
        self.done, self.held = 0, self.start
        self.last: dict[int, Tensor] = {}

    def block(self, index: int) -> Tensor:
        """The examples of one block."""
        if index not in self.last and index < self.done:
            self.rewind()
        while self.done <= index:
            self.last = {key: value for key, value in self.last.items() if key == self.done - 1}
            self.last[self.done] = self.draw()
            self.done += 1
        return self.last[index]

    def draw(self) -> Tensor:
        """The next block: each place gives what was put there when it was last drawn."""
        source = generator(self.seed, self.name, self.done)
        places = torch.randint(len(self.held), (BLOCK,), generator=source)
        put = (len(self.start) + self.done * BLOCK + torch.arange(BLOCK)) % self.length
        order = places.argsort(stable=True)
        sorted_places = places[order]
        again = torch.cat([torch.tensor([False]), sorted_places[1:] == sorted_places[:-1]])
        given = torch.where(again, put[order].roll(1), self.held[sorted_places])
        self.held = self.held.clone()
        latest = torch.cat([~again[1:], torch.tensor([True])])
        self.held[sorted_places[latest]] = put[order][latest]
        return torch.empty_like(given).scatter_(0, order, given)
