"""The files that a data set's makers publish, in the folders where torchvision or their own archives put them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.data.vtab.encoded import pictures_of_files
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.sources.source import Found, needs
from metaprior.data.vtab.splits import Part, ordered, ordered_numbers
from metaprior.data.vtab.task import Task


@dataclass(frozen=True)
class OwnFiles:
    """One image set: folders it may lie in, each with what must be there, and how its parts are read.

    ``open`` reads what is said of all examples once, and gives a function that gives the examples of a part.
    """

    layouts: tuple[tuple[str, tuple[str, ...]], ...]
    open: Callable[[Task, Path], Callable[[Part], Examples]]
    caveat: str = ""

    def find(self, folder: Path) -> Found | None:
        """The first folder that has everything, else the first that has something."""
        there = [found for name, names in self.layouts if (found := needs(folder / name, names))]
        return next((found for found in there if not found.lacks), next(iter(there), None))


def origin(task: Task) -> str:
    """Where pictures of a task's own files are from."""
    return f"{task.pictures} from its own files"


def named(
    task: Task, part: Part, keys: list[str], files: Sequence[Path], labels: Sequence[int] | Int64[np.ndarray, " n"]
) -> Examples:
    """The examples of a part, from the keys, files and labels of its whole split."""
    order = ordered(task.pictures, part, keys)
    pictures = pictures_of_files(origin(task), [keys[i] for i in order], [files[i] for i in order])
    return Examples(pictures, np.asarray(labels, np.int64)[order], task.classes)


def numbered(
    task: Task, part: Part, labels: Int64[np.ndarray, " n"], read: Callable[[int], UInt8[Tensor, "c h w"]]
) -> Examples:
    """The examples of a part, from the labels of its whole split and a reader of the picture of a number."""
    order = ordered_numbers(task.pictures, part, len(labels))
    keys = list(map(str, order.tolist()))
    pictures = Pictures(origin(task), keys, lambda i: read(int(order[i])))
    return Examples(pictures, np.asarray(labels, np.int64)[order], task.classes)
