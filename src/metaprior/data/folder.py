"""A folder of pictures as a data set: labels by sub-folder, or labels and factors in a table beside them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset
from metaprior.data.folder_table import Table, indices, read_table
from metaprior.data.packs import PackOptions
from metaprior.data.pictures import decode_all, stack
from metaprior.data.world import Held, World, index_of

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm")
SPLITS = ("train", "val", "valid", "validation", "test")
FACTORS, LABELS, CLASSES = "factors.csv", "labels.csv", "class folders"
"""What may tell the labels of pictures; the first that is there does."""


@dataclass(frozen=True, kw_only=True)
class FolderOptions(PackOptions):
    """``path``: the folder; ``size``: shorter side scaled to it, centre square kept; ``channels``: 1 or 3.

    Sub-folders called train, val, test … are splits; without them everything is ``train``. Within a split:

    - ``factors.csv`` with a column ``file`` and one column a factor (an empty cell: not known), or
    - ``labels.csv`` with the columns ``file`` and ``label``, or
    - one sub-folder a class, or
    - pictures without labels.

    Splits have their labels in one of these ways; some may have none. Distinct values of a column in the tables of all
    splits, in order (of size, if all are numbers), are the indices 0, 1, … A folder without splits whose
    ``factors.csv`` has each combination of them exactly once, in whatever order, is a world.
    """

    path: Path


def folder(options: FolderOptions, split: str = "train") -> Dataset | World:
    """The pictures of one split, in the order of their names or of the table; of an undivided folder, maybe a world."""
    path = options.path.expanduser()
    root = _split(path, split)
    name = f"folder:path={options.path}"
    layout = _layouts(path)[root]
    if layout == FACTORS:
        data = _factors(*_tables(path, root / FACTORS), name, options)
        return _world(data) if root == path else data
    if layout == LABELS:
        return _labels(*_tables(path, root / LABELS), name, options)
    classes = _classes(path, root) if layout == CLASSES else []
    files = _pictures(root)
    labels = [classes.index(file.relative_to(root).parts[0]) for file in files] if classes else None
    return Dataset(
        name,
        images=_read(files, name, options),
        labels=None if labels is None else torch.tensor(labels),
        class_names=tuple(classes),
    )


def folder_pictures(options: FolderOptions, split: str = "train") -> list[Tensor]:
    """The pictures of one split in the order of their names, each of its own size: uint8, C×H×W."""
    files = _pictures(_split(options.path.expanduser(), split))
    return decode_all([(file, str(file)) for file in files], options.size, options.channels)


def folder_splits(options: FolderOptions) -> dict[str, int]:
    """How many examples each split has."""
    path = options.path.expanduser()
    found = [name for name in SPLITS if (path / name).is_dir()] or ["train"]
    return {name: _count(_split(path, name)) for name in found}


def _count(root: Path) -> int:
    layout = _layout(root)
    return len(_listed(read_table(root / layout))) if layout in (FACTORS, LABELS) else len(_pictures(root))


def _roots(path: Path) -> list[Path]:
    """The folders of the splits, or the one folder that is not divided."""
    return [path / name for name in SPLITS if (path / name).is_dir()] or [path]


def _split(path: Path, split: str) -> Path:
    if not path.is_dir():
        raise MetapriorError(f"there is no folder {path}; give one, as in folder:path=DIR")
    splits = [name for name in SPLITS if (path / name).is_dir()]
    if split in splits:
        return path / split
    if splits:
        raise unknown(f"split of the folder {path}", split, splits)
    if split not in ("train", "all"):
        raise MetapriorError(
            f"the folder {path} is not divided, so all of it is 'train' and nothing is '{split}'; make sub-folders of "
            f"it, 'train' and '{split}', and move each picture, with its class folder or table, into one of them"
        )
    return path


def _layouts(path: Path) -> dict[Path, str | None]:
    """What tells the labels of each split; an error where it is not the same, so that a label would mean two things."""
    layouts = {root: _layout(root) for root in _roots(path)}
    labelled = [(root, layout) for root, layout in layouts.items() if layout]
    for root, layout in labelled:
        first, its = labelled[0]
        if layout != its:
            raise MetapriorError(
                f"{first} has its labels by {its}, and {root} by {layout}; give all splits theirs in the same way, so "
                "that a label means the same in each"
            )
    return layouts


def _layout(root: Path) -> str | None:
    """What tells the labels of one split; None where its pictures have none."""
    table = next((name for name in (FACTORS, LABELS) if (root / name).is_file()), None)
    return table or (CLASSES if _class_folders(root) else None)


def _classes(path: Path, root: Path) -> list[str]:
    """Names of the class folders of all splits together, so that a label means the same in each."""
    if any(child.suffix.lower() in ENDINGS for child in root.iterdir()):
        raise MetapriorError(f"{root} has pictures both beside class folders and in them; move them into one")
    return sorted({name for place in _roots(path) for name in _class_folders(place)})


def _class_folders(root: Path) -> set[str]:
    return {child.name for child in root.iterdir() if child.is_dir() and _any_picture(child)}


def _any_picture(path: Path) -> bool:
    return any(file.suffix.lower() in ENDINGS for file in path.rglob("*"))


def _pictures(root: Path) -> list[Path]:
    files = sorted(file for file in root.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    if not files:
        raise MetapriorError(f"there are no pictures in {root}")
    return files


def _read(files: list[Path], name: str, options: FolderOptions) -> Tensor:
    return stack(decode_all([(file, str(file)) for file in files], options.size, options.channels), name)


def _tables(path: Path, own: Path) -> tuple[Table, list[Table]]:
    """The table of one split, and those of all splits together, so that an index means the same in each."""
    tables = [read_table(root / own.name) for root in _roots(path) if (root / own.name).is_file()]
    table = next(table for table in tables if table.path == own)
    for other in tables:
        if list(other.columns) != list(table.columns):
            raise MetapriorError(
                f"{other.path} has the columns file, {', '.join(other.columns)}, and {table.path} has file, "
                f"{', '.join(table.columns)}; give the tables of all splits the same columns in the same order"
            )
    return table, tables


def _listed(table: Table) -> list[Path]:
    files = [table.path.parent / name for name in table.files]
    absent = next((file for file in files if not file.is_file()), None)
    if absent is not None:
        raise MetapriorError(f"{table.path} names {absent}, which is not there")
    return files


def _factors(table: Table, tables: list[Table], name: str, options: FolderOptions) -> Dataset:
    if not table.columns:
        raise MetapriorError(f"{table.path} needs a column for each factor beside the column 'file'")
    numbered = [indices(table, tables, column) for column in table.columns]
    return Dataset(
        name,
        images=_read(_listed(table), name, options),
        factors=torch.stack([column for column, _ in numbered], dim=1),
        factor_names=tuple(table.columns),
        factor_sizes=tuple(len(values) for _, values in numbered),
        factor_values=tuple(values for _, values in numbered),
    )


def _world(data: Dataset) -> Dataset | World:
    """A world of the same pictures if each combination of factors is there exactly once, else the same data set.

    The rows of one part of a divided folder stay a data set though they may be complete: a world has no parts.
    """
    shape, there = data.spec.image_shape, data.combinations
    if data.images is None or data.factors is None or shape is None or there is None:
        return data
    if not len(data) == there.present == there.possible:
        return data
    held = Held(data.images[index_of(data.factors, data.factor_sizes).argsort()], data.factor_sizes)
    names, sizes, values = data.factor_names, data.factor_sizes, data.factor_values
    return World(data.name, names, sizes, shape, held, factor_values=values)


def _labels(table: Table, tables: list[Table], name: str, options: FolderOptions) -> Dataset:
    if list(table.columns) != ["label"]:
        raise MetapriorError(
            f"{table.path} needs the columns 'file' and 'label', and has file, {', '.join(table.columns)}"
        )
    labels, values = indices(table, tables, "label")
    return Dataset(name, images=_read(_listed(table), name, options), labels=labels, class_names=values)
