"""Every data set by name: what it is, what to fetch when it is missing, how it is read."""

import dataclasses
import inspect
from pathlib import Path
from typing import Any

from torch import Tensor

from metaprior.core import MetapriorError, unknown
from metaprior.data.arrays import ArraysOptions, arrays, arrays_splits
from metaprior.data.catalogue_packs import PACKS
from metaprior.data.catalogue_worlds import WORLDS
from metaprior.data.dataset import Dataset
from metaprior.data.digits import DigitsOptions, digits
from metaprior.data.digits import splits as digits_splits
from metaprior.data.entry import Entry
from metaprior.data.folder import FolderOptions, folder, folder_pictures, folder_splits
from metaprior.data.options import parse, split_name
from metaprior.data.store import find
from metaprior.data.table import TableOptions, table, table_splits
from metaprior.data.world import World

OWN: dict[str, Entry] = {
    "digits": Entry(
        "scikit-learn's 1,797 handwritten digits, 8×8 grey",
        "CC BY 4.0",
        DigitsOptions,
        digits,
        splits=digits_splits,
    ),
    "folder": Entry(
        "your own folder of pictures, labelled by sub-folder, labels.csv or factors.csv: folder:path=DIR,size=64",
        "yours",
        FolderOptions,
        folder,
        pictures=folder_pictures,
        splits=folder_splits,
    ),
    "arrays": Entry(
        "your own arrays of any shape, an example a row: arrays:path=FILE.npz",
        "yours",
        ArraysOptions,
        arrays,
        splits=arrays_splits,
    ),
    "table": Entry(
        "your own table of numbers, a vector a row: table:path=FILE.csv,label=COLUMN,factors=COLUMN+COLUMN",
        "yours",
        TableOptions,
        table,
        splits=table_splits,
    ),
}

CATALOGUE: dict[str, Entry] = WORLDS | OWN | PACKS


def load(name: str, split: str = "train") -> Dataset | World:
    """The data set or world that ``name:option=value,…`` names.

    A world that has been :func:`metaprior.data.rendered` on this machine comes from its file.

    >>> len(load("digits", split="test"))
    360
    """
    entry, options = find_entry(name)
    return entry.load(options, split)


def load_unseen(name: str) -> tuple[Dataset | World, str]:
    """The split ``test`` of a set that has one, else all that a training sees, and the split's name.

    >>> load_unseen("digits")[1], load_unseen("dsprites:size=16")[1]
    ('test', 'train')
    """
    entry, options = find_entry(name)
    split = "test" if entry.splits and "test" in entry.splits(options) else "train"
    return entry.load(options, split), split


def load_pictures(name: str, split: str = "train") -> list[Tensor]:
    """The pictures of a set, uint8 C×H×W, each of its own size (Kodak's are upright or not).

    >>> load_pictures("digits", split="test")[0].shape
    torch.Size([1, 8, 8])
    """
    entry, options = find_entry(name)
    if entry.pictures is not None:
        return entry.pictures(options, split)
    data = entry.load(options, split)
    if isinstance(data, World) or data.images is None:
        raise MetapriorError(f"'{name}' has no list of pictures; take a set of pictures")
    return list(data.images)


def available() -> list[dict[str, Any]]:
    """One row a set: ``name summary present path licence bytes fetch``; ``path`` is ``None`` without a file.

    >>> [row["present"] for row in available() if row["name"] in ("dsprites", "digits")]
    [True, True]
    """
    return [_row(name) for name in CATALOGUE]


def describe(name: str) -> dict[str, Any]:
    """The row of one set, and its ``files``, ``caveat``, ``options`` and ``about``, which says what options mean.

    An option has ``name type default required``.

    >>> [option["name"] for option in describe("digits")["options"]]
    ['size']
    """
    entry = _entry(name)
    options = [
        {
            "name": field.name,
            "type": getattr(field.type, "__name__", None) or str(field.type).replace("pathlib.", ""),
            "default": None if field.default is dataclasses.MISSING else field.default,
            "required": field.default is dataclasses.MISSING,
        }
        for field in dataclasses.fields(entry.options)
    ]
    about = (inspect.getdoc(entry.options) or "").replace("``", "")
    return _row(name) | {"files": list(entry.files), "caveat": entry.caveat, "options": options, "about": about}


def _entry(name: str) -> Entry:
    if name not in CATALOGUE:
        raise unknown("data set", name, CATALOGUE)
    return CATALOGUE[name]


def find_entry(text: str) -> tuple[Entry, Any]:
    """The row that a data string names, and its options, typed."""
    name, given = split_name(text)
    entry = _entry(name)
    return entry, parse(entry.options, given, name)


def same_data(one: str, other: str) -> bool:
    """Whether two strings name the same data, however their options and the paths among them are written.

    >>> same_data("dsprites:size=16,scale=2", "dsprites:scale=2,size=16"), same_data("dsprites", "digits")
    (True, False)
    """
    return one == other or _meant(one) == _meant(other)


def _meant(text: str) -> tuple[Entry, Any]:
    """The row that a data string names, and its options, their paths resolved."""
    entry, options = find_entry(text)
    paths = {name: value.expanduser().resolve() for name, value in vars(options).items() if isinstance(value, Path)}
    return entry, dataclasses.replace(options, **paths)


def _row(name: str) -> dict[str, Any]:
    entry = CATALOGUE[name]
    path = next(filter(None, map(find, entry.files)), None)
    return {
        "name": name,
        "summary": entry.summary,
        "present": not entry.files or path is not None,
        "path": str(path) if path else None,
        "licence": entry.licence,
        "bytes": entry.size,
        "fetch": entry.fetch,
    }
