"""Stand-ins for tasks of VTAB with real pictures: parts of the packs.

Rows are taken in the order in which TFDS would store them, by the MD5 of their numbers: as good as drawn at random, and
the same everywhere, whatever order a pack is in. As in VTAB, the first nine tenths train and the last tenth selects
where a pack has no split of its own for that.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Int64

from metaprior.data.catalogue_packs import PACKS
from metaprior.data.packs import Pack
from metaprior.data.store import find, missing
from metaprior.data.vtab.encoded import pictures_of_encoded
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.order import stored_order_of_numbers
from metaprior.data.vtab.splits import FEW
from metaprior.data.vtab.task import MissingTask, Setting, TaskData

TEST = 1_000


def load_pack(name: str, pack: str, classes: int, folder: Path, setting: Setting) -> TaskData:
    """The task of telling a pack's labels. The pack lies where data sets lie; nothing is read from ``folder``."""
    entry = PACKS[pack]
    if find(entry.files[0]) is None:
        raise MissingTask(str(missing(pack, entry.files[0], entry.fetch)))
    return load_rows(Pack(pack, entry.files[0], entry.fetch, entry.caveat), name, classes, setting)


def load_rows(pack: Pack, name: str, classes: int, setting: Setting) -> TaskData:
    """What trains, selects and tests, of the rows of a pack; pictures stay as they are in the file until read."""
    sizes = pack.splits()
    train = stored_order_of_numbers(sizes["train"], "train")
    if "val" in sizes:
        val, selects = stored_order_of_numbers(sizes["val"], "validation"), "val"
    else:
        (train, val), selects = np.split(train, [sizes["train"] * 9 // 10]), "train"
    if setting == "1k":
        train, val = train[: FEW[0]], val[: FEW[1]]
    encoded = {split: pack.encoded(split) for split in ("train", selects, "test")}
    test = balanced(encoded["test"][1], TEST)

    def examples(split: str, rows: Int64[np.ndarray, " n"]) -> Examples:
        content, labels = encoded[split]
        chosen = [bytes(content[row]) for row in rows]
        keys = [f"{split}/{row}" for row in rows]
        where = [f"picture {row} of {pack.name}, split {split}," for row in rows]
        pictures = pictures_of_encoded(f"standin/{pack.name} pack", keys, chosen.__getitem__, where.__getitem__)
        return Examples(pictures, labels[rows], classes)

    caveat = f"a stand-in, not a task of VTAB; {pack.caveat + '; ' if pack.caveat else ''}"
    caveat += f"trained on {len(train):,}, selected on {len(val):,}, tested on {len(test):,} of {sizes['test']:,}"
    return TaskData(
        name, examples("train", train), examples(selects, val), examples("test", test), f"pack {pack.file}", caveat
    )


def balanced(labels: Int64[np.ndarray, " n"], count: int) -> Int64[np.ndarray, " m"]:
    """At most so many rows, as many of each class as there are or as others have.

    >>> labels = np.array([0, 0, 0, 0, 0, 1, 2, 2])
    >>> sorted(labels[balanced(labels, 5)].tolist())
    [0, 0, 1, 2, 2]
    """
    order = stored_order_of_numbers(len(labels), "test")
    turn = np.empty(len(labels), np.int64)  # how many of its class come before
    for label in np.unique(labels):
        mine = labels[order] == label
        turn[mine] = np.arange(mine.sum())
    return order[np.argsort(turn, kind="stable")[:count]]
