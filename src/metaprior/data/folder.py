"""A folder of pictures as a data set: labels by sub-folder, or labels and factors in a table beside them."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset
from metaprior.data.packs import PackOptions
from metaprior.data.pictures import decode_all, stack
from metaprior.data.world import Held, World, index_of

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm")
SPLITS = ("train", "val", "valid", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class FolderOptions(PackOptions):
    """``path``: the folder; ``size``: shorter side scaled to it, centre square kept; ``channels``: 1 or 3.

    Sub-folders called train, val, test … are splits; without them everything is ``train``. Within a split:

    - ``factors.csv`` with a column ``file`` and one column a factor (an empty cell: not known), or
    - ``labels.csv`` with the columns ``file`` and ``label``, or
    - one sub-folder a class, or
    - pictures without labels.

    Distinct values of a column, in order (of size, if all are numbers), are the indices 0, 1, … A folder without splits
    whose ``factors.csv`` has each combination of them exactly once, in whatever order, is a world.
    """

    path: Path


def folder(options: FolderOptions, split: str = "train") -> Dataset | World:
    """The pictures of one split, in the order of their names or of the table; of an undivided folder, maybe a world."""
    root = _split(options.path.expanduser(), split)
    name = f"folder:path={options.path}"
    if (root / "factors.csv").is_file():
        data = _factors(root / "factors.csv", name, options)
        return _world(data) if root == options.path.expanduser() else data
    if (root / "labels.csv").is_file():
        return _labels(root / "labels.csv", name, options)
    classes = _classes(options.path.expanduser(), root)
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
    table = next((root / name for name in ("factors.csv", "labels.csv") if (root / name).is_file()), None)
    return len(_table(table)[0]) if table else len(_pictures(root))


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


def _classes(path: Path, root: Path) -> list[str]:
    """Names of the class folders of all splits together, so that a label means the same in each."""
    roots = [path / name for name in SPLITS if (path / name).is_dir()] or [root]
    names = {child.name for place in roots for child in place.iterdir() if child.is_dir() and _any_picture(child)}
    if names and any(child.suffix.lower() in ENDINGS for child in root.iterdir()):
        raise MetapriorError(f"{root} has pictures both beside class folders and in them; move them into one")
    return sorted(names)


def _any_picture(path: Path) -> bool:
    return any(file.suffix.lower() in ENDINGS for file in path.rglob("*"))


def _pictures(root: Path) -> list[Path]:
    files = sorted(file for file in root.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    if not files:
        raise MetapriorError(f"there are no pictures in {root}")
    return files


def _read(files: list[Path], name: str, options: FolderOptions) -> Tensor:
    return stack(decode_all([(file, str(file)) for file in files], options.size, options.channels), name)


def _factors(table: Path, name: str, options: FolderOptions) -> Dataset:
    files, columns = _table(table)
    if not columns:
        raise MetapriorError(f"{table} needs a column for each factor beside the column 'file'")
    indexed = [_indices(cells, f"{table}: the column '{column}'") for column, cells in columns.items()]
    return Dataset(
        name,
        images=_read(files, name, options),
        factors=torch.stack([indices for indices, _ in indexed], dim=1),
        factor_names=tuple(columns),
        factor_sizes=tuple(len(values) for _, values in indexed),
        factor_values=tuple(tuple(values) for _, values in indexed),
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


def _labels(table: Path, name: str, options: FolderOptions) -> Dataset:
    files, columns = _table(table)
    if list(columns) != ["label"]:
        raise MetapriorError(f"{table} needs the columns 'file' and 'label', and has file, {', '.join(columns)}")
    indices, values = _indices(columns["label"], f"{table}: the column 'label'")
    return Dataset(name, images=_read(files, name, options), labels=indices, class_names=tuple(values))


def _table(table: Path) -> tuple[list[Path], dict[str, list[str]]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            rows, names = list(reader), reader.fieldnames or []
    except (csv.Error, UnicodeDecodeError) as error:
        raise MetapriorError(f"{table} is not a table of comma-separated values: {error}") from error
    if not rows or "file" not in rows[0]:
        raise MetapriorError(f"{table} needs a first line of column names with 'file' among them, and rows below it")
    if twice := [name for name in names if names.count(name) > 1]:
        raise MetapriorError(f"{table} has two columns called '{twice[0]}'; give each factor a name of its own")
    listed = [row["file"] for row in rows]
    ragged = next((i for i, row in enumerate(rows, 2) if None in row or None in row.values()), None)
    if ragged is not None:
        raise MetapriorError(f"{table}, line {ragged} has more or fewer columns than the first line")
    if twice := next((name for name, times in Counter(listed).items() if times > 1), None):
        raise MetapriorError(f"{table} lists '{twice}' twice; give each picture one line")
    files = [table.parent / name for name in listed]
    absent = next((file for file in files if not file.is_file()), None)
    if absent is not None:
        raise MetapriorError(f"{table} names {absent}, which is not there")
    return files, {name: [row[name].strip() for row in rows] for name in rows[0] if name != "file"}


def _indices(cells: list[str], what: str) -> tuple[Tensor, list[str]]:
    """Cells as indices into their sorted distinct values, and those; -1 for an empty cell, and some must not be."""
    distinct = {cell for cell in cells if cell}
    if not distinct:
        raise MetapriorError(f"{what} has no value in any row; fill it in, or delete it")
    try:
        values = sorted(distinct, key=float)
    except ValueError:
        values = sorted(distinct)
    place = {value: i for i, value in enumerate(values)} | {"": -1}
    return torch.tensor([place[cell] for cell in cells]), values
