"""What the catalogue says of one data set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.data.dataset import Dataset
from metaprior.data.world import World


@dataclass(frozen=True)
class Entry:
    """One row of the catalogue.

    ``files`` are what may be on the machine, any one of them being enough; none means nothing is needed. ``size`` is in
    bytes. ``pictures``, where the set can have them, reads pictures each of its own size. ``splits`` counts the
    examples of each; a world has none.
    """

    summary: str
    licence: str
    options: type
    load: Callable[[Any, str], Dataset | World]
    files: tuple[str, ...] = ()
    size: int = 0
    fetch: str = "nothing to fetch"
    caveat: str = ""
    pictures: Callable[[Any, str], list[Tensor]] | None = None
    splits: Callable[[Any], dict[str, int]] | None = None
