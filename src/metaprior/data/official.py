"""What readers of published files share: pictures by blocks into memory, every combination once, errors with a file."""

import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from zlib import error as ZlibError

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.dsprites import RASTER, shrink
from metaprior.data.world import Held, index_of

SIZES = (16, 32, RASTER)
"""Pixels of a side that published pictures are had at."""


@dataclass(frozen=True)
class OfficialOptions:
    """``size``: 64 pixels as in the studies, or 32 or 16, averaged over squares of pixels."""

    size: int = RASTER

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise MetapriorError(f"published sets have pictures of 16, 32 or 64 pixels, not size={self.size}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while ``path`` is read into one line about it."""
    try:
        yield
    except KeyError as error:
        raise MetapriorError(f"{path} is not laid out as it is published: {_line(error)}") from error
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, tarfile.TarError, ZlibError) as error:
        raise MetapriorError(f"{path} is damaged or no such file: {_line(error)}; fetch it again") from error


def places(factors: Int64[Tensor, "n f"], sizes: tuple[int, ...], path: Path) -> Int64[Tensor, " n"]:
    """The index of each row's combination of factors; an error unless each combination is there exactly once.

    An index equal to its factor's size is an error too: it would pass for the next value of the factor before.
    """
    if not len(factors):
        raise MetapriorError(f"{path} holds no pictures; fetch it again")
    index = index_of(factors, sizes)
    inside = bool(((factors >= 0) & (factors < torch.tensor(sizes))).all())
    if not inside or len(index) != prod(sizes) or len(index.unique()) != len(index):
        raise MetapriorError(
            f"{path} does not hold each combination of its factors once: it has {len(index):,} pictures, "
            f"{len(index.unique()):,} of them different, and there are {prod(sizes):,} combinations of {sizes}"
        )
    return index


def hold(
    name: str,
    blocks: Iterable[tuple[Tensor, UInt8[np.ndarray, "m 64 64 c"]]],
    sizes: tuple[int, ...],
    channels: int,
    size: int,
    instead: str = "",
) -> Held:
    """All pictures in memory as bytes, from blocks of places and pictures of 64 pixels that are read as they come.

    Where they do not fit, the error says to take smaller ones, or ``instead``.
    """
    needed, there = prod(sizes) * channels * size**2, memory()
    if needed > there:
        ways = [f"take '{name}:size={size // 2}', a quarter of it"] * (size > min(SIZES)) + [instead] * bool(instead)
        raise MetapriorError(
            f"'{name}' takes {needed / 1e9:.1f} GB of memory at {size} pixels, and this machine has {there / 1e9:.1f}; "
            f"{', or '.join(ways) or 'there are no smaller pictures of it'}"
        )
    images = torch.empty(prod(sizes), channels, size, size, dtype=torch.uint8)
    for index, pictures in blocks:
        part = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        if size != RASTER:  # pictures of one channel are averaged 3 times slower where their channel seems to be last
            part = shrink(part.clone(memory_format=torch.contiguous_format), size)
        images[index] = part
    return Held(images, sizes)


def memory() -> float:
    """The bytes of memory this machine has; infinity where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
