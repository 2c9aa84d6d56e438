"""Which stored examples are a task's train, val and test, and the 1,000 of the 1k setting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from metaprior.core import MetapriorError
from metaprior.data.vtab.caltech101 import caltech101_caveat
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.order import stored_order, stored_order_of_numbers
from metaprior.data.vtab.task import Setting, Task, TaskData

FEW = (800, 200)
"""How many examples of train and of val the setting ``1k`` has: the first of each."""

STORED: dict[str, dict[str, int]] = {
    "caltech101": {"train": 3060, "test": 6084},
    "cifar100": {"train": 50_000, "test": 10_000},
    "dtd": {"train": 1880, "validation": 1880, "test": 1880},
    "flowers102": {"train": 1020, "validation": 1020, "test": 6149},
    "pets": {"train": 3680, "test": 3669},
    "svhn": {"train": 73_257, "test": 26_032},
    "sun397": {"train": 76_128, "validation": 10_875, "test": 21_750},
    "patch-camelyon": {"train": 262_144, "validation": 32_768, "test": 32_768},
    "eurosat": {"train": 27_000},
    "resisc45": {"train": 31_500},
    "retinopathy": {"train": 35_126, "validation": 10_906, "test": 42_670},
    "clevr": {"train": 70_000, "validation": 15_000},
    "dmlab": {"train": 65_550, "validation": 22_628, "test": 22_735},
    "kitti": {"train": 6347, "validation": 423, "test": 711},
    "dsprites": {"train": 737_280},
    "smallnorb": {"train": 24_300, "test": 24_300},
}
"""How many examples TFDS stores of each image set, by its own splits."""


@dataclass(frozen=True)
class Part:
    """The examples ``start`` to ``stop`` of a split in stored order; to its end where ``stop`` is None."""

    split: str
    start: int = 0
    stop: int | None = None

    def first(self, count: int) -> "Part":
        """The first of these."""
        return Part(self.split, self.start, self.start + count)

    def places(self, stored: int) -> range:
        """Their places among the ``stored`` examples of the split."""
        return range(self.start, stored if self.stop is None else self.stop)


OWN = (Part("train"), Part("validation"), Part("test"))


def _of_train(stop: int, last: int | None = None, test: Part = OWN[2]) -> tuple[Part, Part, Part]:
    return Part("train", 0, stop), Part("train", stop, last), test


PARTS: dict[str, tuple[Part, Part, Part]] = {
    "caltech101": _of_train(2754),
    "cifar100": _of_train(45_000),
    "dtd": OWN,
    "flowers102": OWN,
    "pets": _of_train(2944),
    "svhn": _of_train(65_931),
    "sun397": OWN,
    "patch-camelyon": OWN,
    "eurosat": _of_train(16_200, 21_600, Part("train", 21_600)),
    "resisc45": _of_train(18_900, 25_200, Part("train", 25_200)),
    "retinopathy": OWN,
    "clevr": _of_train(63_000, None, Part("validation")),
    "dmlab": OWN,
    "kitti": OWN,
    "dsprites": _of_train(589_824, 663_552, Part("train", 663_552)),
    "smallnorb": (Part("train"), Part("test", 0, 12_150), Part("test", 12_150)),
}
"""Train, val and test of each image set as slices of what TFDS stores (1.1 of the card)."""


def parts(pictures: str, setting: Setting) -> tuple[Part, Part, Part]:
    """What trains, selects and tests: train800, val200 and test, or the whole of each.

    val200 is the beginning of val for every task, as ``train[45000:45200]`` of CIFAR-100.

    >>> parts("cifar100", "1k")[:2]
    (Part(split='train', start=0, stop=800), Part(split='train', start=45000, stop=45200))
    """
    train, val, test = PARTS[pictures]
    return (train.first(FEW[0]), val.first(FEW[1]), test) if setting == "1k" else (train, val, test)


def ordered(pictures: str, part: Part, keys: Sequence[str]) -> Int64[np.ndarray, " n"]:
    """Where among ``keys``, all those of the split in any order, the examples of a part are, in stored order."""
    _complete(pictures, part.split, len(keys))
    places = part.places(len(keys))
    return stored_order(keys, part.split)[places.start : places.stop]


def ordered_numbers(pictures: str, part: Part, count: int) -> Int64[np.ndarray, " n"]:
    """The same where the keys are the whole numbers below ``count``."""
    _complete(pictures, part.split, count)
    places = part.places(count)
    return stored_order_of_numbers(count, part.split)[places.start : places.stop]


def task_data(
    task: Task, setting: Setting, examples: Callable[[Part], Examples], source: str, caveat: str = ""
) -> TaskData:
    """The data of a task from a function that gives the examples of any part."""
    train, val, test = map(examples, parts(task.pictures, setting))
    if task.pictures == "caltech101" and setting == "1k":
        caveat = caltech101_caveat(train.pictures.keys, val.pictures.keys)
    return TaskData(task.name, train, val, test, source, caveat)


def _complete(pictures: str, split: str, count: int) -> None:
    expected = STORED[pictures][split]
    if count != expected:
        raise MetapriorError(
            f"{pictures}: {count:,} examples of its {split} split are there, and {expected:,} make up the order that "
            "the benchmark cuts; fetch the rest of it, for a part has another order"
        )
