"""Streams: which examples of a source each turn sees. A pure function of (seed, name, turn), so nothing is saved."""

import functools
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from metaprior.core.batch import Batch
from metaprior.core.errors import MetapriorError
from metaprior.core.randomness import generator


class Source(Protocol):
    """Examples by index: a data set, a rendered world, a text."""

    def __len__(self) -> int: ...

    def gather(self, indices: Tensor) -> Batch:
        """The examples at ``indices``, int64 of any shape; each column begins with that shape. Images in [0, 1]."""
        ...

    def to(self, device: torch.device) -> "Source":
        """The same source, kept on ``device`` where it fits."""
        ...


_MOST = 2**24


@dataclass(frozen=True)
class Stream:
    """How to draw: ``batch`` examples a turn over all processes together, from the source of that name."""

    batch: int
    source: str = "train"

    def __post_init__(self) -> None:
        if not isinstance(self.batch, int) or not 1 <= self.batch <= _MOST:
            raise MetapriorError(f"a batch holds at least 1 example and at most {_MOST}, not {self.batch}")

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """Indices into a source of ``length`` examples, int64; the first axis is the global batch."""
        raise TypeError(f"{type(self).__name__} must say which examples it draws")

    def restarts(self, length: int, turn: int) -> bool:
        """Whether the examples of this turn do not continue those of the last, so that carried state is forgotten."""
        return False


@dataclass(frozen=True)
class Replacement(Stream):
    """Independent and uniform, with replacement: the sampling of the disentanglement studies.

    >>> Replacement(3).indices(10, seed=0, name="train", turn=5).shape
    torch.Size([3])
    """

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """Uniform indices, int64, B."""
        return torch.randint(length, (self.batch,), generator=generator(seed, name, turn))


@dataclass(frozen=True)
class Epochs(Stream):
    """Shuffled anew each epoch, every example once; a batch may straddle two epochs, so none is dropped.

    With ``drop_last`` none straddles, and so no example is in a batch twice: the last of an epoch that fill no batch
    are left out of it.

    >>> seen = [Epochs(2).indices(4, seed=0, name="train", turn=t) for t in (0, 1)]
    >>> sorted(torch.cat(seen).tolist())
    [0, 1, 2, 3]
    """

    drop_last: bool = False

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """The next B positions of the endless concatenation of shuffled epochs."""
        if self.drop_last:
            if self.batch > length:
                raise MetapriorError(f"a batch of {self.batch} cannot be of different ones of {length} examples")
            epoch, k = divmod(turn, length // self.batch)
            return _permutation(length, seed, name, epoch)[k * self.batch : (k + 1) * self.batch]
        place = torch.arange(turn * self.batch, (turn + 1) * self.batch)
        epochs = range(int(place[0]) // length, int(place[-1]) // length + 1)
        shuffled = torch.cat([_permutation(length, seed, name, epoch) for epoch in epochs])
        return shuffled[place - epochs[0] * length]


@functools.lru_cache(maxsize=8)
def _permutation(length: int, seed: int, name: str, epoch: int) -> Tensor:
    return torch.randperm(length, generator=generator(seed, name, epoch))


@dataclass(frozen=True)
class Cycle(Stream):
    """In the order of the source, round and round: the labelled stream of the few-labels study.

    >>> Cycle(3).indices(4, seed=0, name="labelled", turn=1).tolist()
    [3, 0, 1]
    """

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """The next B indices modulo the length."""
        return torch.arange(turn * self.batch, (turn + 1) * self.batch) % length


@dataclass(frozen=True)
class Windows(Stream):
    """Contiguous windows of a long sequence, one track an example: truncated back-propagation through time.

    Each window holds ``length + 1`` places, so inputs and next-token targets come from one draw.

    >>> Windows(batch=2, length=3).indices(20, seed=0, name="text", turn=1).tolist()
    [[3, 4, 5, 6], [13, 14, 15, 16]]
    """

    length: int = 35

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """Places in the sequence, B×(length + 1); a track that ends starts over."""
        track = length // self.batch
        windows = (track - 1) // self.length
        if windows < 1:
            raise MetapriorError(
                f"a text of {length} tokens is too short for {self.batch} tracks of {self.length + 1}; "
                "take a smaller batch or window"
            )
        start = torch.arange(self.batch) * track + turn % windows * self.length
        return start[:, None] + torch.arange(self.length + 1)

    def restarts(self, length: int, turn: int) -> bool:
        """Whether the tracks begin anew at this turn."""
        return turn % ((length // self.batch - 1) // self.length) == 0


@dataclass(frozen=True)
class Pairs(Stream):
    """Pairs of a world's images that differ in ``changed`` factors and share the others: B×2 indices.

    The first image is uniform; so are which factors change and their new values, always other than the old. With
    ``changed=0`` their number is uniform from 1 to all but one. Factors of one value cannot change; a nuisance that is
    hidden in an index beside the factors is drawn anew. That the source counts through all combinations in order is for
    the recipe to ask (:attr:`DataSpec.examples`): a stream sees its length alone.

    >>> Pairs(2, factor_sizes=(3, 4)).indices(12, seed=0, name="pairs", turn=0).shape
    torch.Size([2, 2])
    """

    factor_sizes: tuple[int, ...] = ()
    changed: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        varying = sum(size > 1 for size in self.factor_sizes)
        if not varying:
            raise MetapriorError("pairs need data with factors of variation, and this data has none that vary")
        if not 0 <= self.changed <= varying:
            raise MetapriorError(
                f"a pair may differ in 1 to {varying} factors (0: a random number), not {self.changed}"
            )

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """Indices of the first and the second images, B×2."""
        sizes = torch.tensor(self.factor_sizes)
        source, shape = generator(seed, name, turn), (self.batch, len(sizes))
        hidden = _hidden("pairs", length, sizes)
        first, nuisance = (torch.randint(n, (self.batch,), generator=source) for n in (length, hidden))
        rank = torch.rand(shape, generator=source).where(sizes > 1, 2.0).argsort(dim=1).argsort(dim=1)
        most = max(int((sizes > 1).sum()) - 1, 1)
        count = self.changed or 1 + torch.randint(most, (self.batch, 1), generator=source)
        places = _places(sizes)
        value = first[:, None] // hidden // places % sizes
        other = (value + 1 + (torch.rand(shape, generator=source) * (sizes - 1)).long()) % sizes
        second = (torch.where(rank < count, other, value) * places).sum(dim=1)
        return torch.stack([first, second * hidden + nuisance], dim=1)


@dataclass(frozen=True)
class Clamped(Stream):
    """A world's images that differ in one group of factors alone, another one each turn: B indices.

    ``groups`` are places of factors; each is drawn as often as its ``ratio`` says. Its factors are uniform and
    independent, all others are held at one value that is drawn with it; a nuisance that is hidden in an index beside
    the factors is drawn anew for each image. Of worlds alone, as :class:`Pairs`.

    >>> stream = Clamped(4, factor_sizes=(3, 5), groups=((1,),), ratio=(1,))
    >>> (stream.indices(15, seed=0, name="clamped", turn=0) // 5).unique().numel()  # the first factor is held
    1
    """

    factor_sizes: tuple[int, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    ratio: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = [[self.factor_sizes[place] for place in group] for group in self.groups]
        if not sizes or not all(max(group, default=1) > 1 for group in sizes):
            raise MetapriorError("each group of factors that is to vary must have one with several values")
        if len(self.ratio) != len(self.groups) or min(self.ratio) < 0 or max(self.ratio) <= 0:
            raise MetapriorError(
                f"the {len(self.groups)} groups of factors need as many ratios of at least 0, one of them above 0, not "
                f"{self.ratio}"
            )

    def indices(self, length: int, seed: int, name: str, turn: int) -> Tensor:
        """Indices of the images, B."""
        sizes, source = torch.tensor(self.factor_sizes), generator(seed, name, turn)
        hidden = _hidden("batches that hold factors", length, sizes)
        group = self.groups[int(torch.tensor(self.ratio, dtype=torch.float64).multinomial(1, generator=source))]
        uniform = torch.rand(self.batch + 1, len(sizes), generator=source, dtype=torch.float64)
        held, *_ = digits = (uniform * sizes).long()
        varies = torch.zeros(len(sizes), dtype=torch.bool)
        varies[list(group)] = True
        nuisance = torch.randint(hidden, (self.batch,), generator=source)
        return (torch.where(varies, digits[1:], held) * _places(sizes)).sum(dim=1) * hidden + nuisance


def _places(sizes: Tensor) -> Tensor:
    """What each digit of a combination's index counts: the last factor is the fastest."""
    return sizes.flip(0).cumprod(0).flip(0) // sizes


def _hidden(what: str, length: int, sizes: Tensor) -> int:
    """How many examples there are of each combination; an error where a source cannot be a world of all of them."""
    combinations = int(sizes.prod())
    if length % combinations:
        raise MetapriorError(
            f"{what} need a world of all {combinations} combinations of its factors; this data has {length} examples"
        )
    return length // combinations
