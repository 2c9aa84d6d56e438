"""Parquet files as the hub of data sets keeps them: encoded pictures and labels, one row an example."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from metaprior.core import MetapriorError
from metaprior.data.vtab.encoded import pictures_of_encoded
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.once import once
from metaprior.data.vtab.sources.source import Found, Source
from metaprior.data.vtab.splits import STORED, Part, ordered, task_data
from metaprior.data.vtab.task import Setting, Task, TaskData

ROWS = 1024
ROW_CAVEAT = "rows are taken to be in the order of the makers' files, which the hub does not say"


@dataclass(frozen=True)
class HubSet:
    """One image set: its folders, its configuration, and its columns. Without a ``key`` the number of a row is it."""

    folders: tuple[str, ...]
    config: str = "default"
    image: tuple[str, ...] = ("image", "img")
    label: tuple[str, ...] = ("fine_label", "label")
    key: str = ""
    ending: str = ""


HUB: dict[str, HubSet] = {
    "cifar100": HubSet(("uoft-cs/cifar100", "cifar100")),
    "svhn": HubSet(("ufldl-stanford/svhn", "svhn"), config="cropped_digits"),
    "pets": HubSet(("timm/oxford-iiit-pet", "oxford-iiit-pet"), key="image_id", ending=".jpg"),
}
"""The sets whose rows have a key, or are in the order of numbers that are the key."""


def find(task: Task, folder: Path, setting: Setting) -> Found | None:
    """The first folder with files of any split."""
    hub = HUB.get(task.pictures)
    for path in (folder / name for name in (hub.folders if hub else ())):
        absent = [split for split in STORED[task.pictures] if not _files(path, task.pictures, split)]
        if len(absent) < len(STORED[task.pictures]):
            return Found(path, f"Parquet files of {', '.join(absent)} in {path}" if absent else "")
    return None


def load(task: Task, path: Path, setting: Setting) -> TaskData:
    """The task from the files of a folder."""
    caveat = "" if HUB[task.pictures].key else ROW_CAVEAT
    return task_data(task, setting, lambda part: _examples(task, path, part), f"hub parquet, {path}", caveat)


def _examples(task: Task, path: Path, part: Part) -> Examples:
    hub, files = HUB[task.pictures], _files(path, task.pictures, part.split)
    columns = _columns(files[0])
    image, label = _one_of(hub.image, columns, files[0]), _one_of(hub.label, columns, files[0])
    told = list(_rows(files, [label, *([_one_of((hub.key,), columns, files[0])] if hub.key else [])]))
    keys = [f"{row[1]}{hub.ending}" if hub.key else str(number) for number, row in enumerate(told)]
    order = ordered(task.pictures, part, keys)
    pictures = pictures_of_encoded(
        f"{task.pictures} from hub parquet",
        [keys[i] for i in order],
        _kept(files, f"{image}.bytes", [int(i) for i in order]),
        lambda i: f"the picture of row {order[i]:,} of {part.split} in {path}",
    )
    return Examples(pictures, np.array([row[0] for row in told], np.int64)[order], task.classes)


def _kept(files: Sequence[Path], column: str, order: Sequence[int]) -> Callable[[int], bytes]:
    """The encoded pictures of some rows, which are kept when the first is asked for."""

    @once
    def kept() -> dict[int, bytes]:
        wanted = set(order)
        return {row: bytes(content) for row, (content,) in enumerate(_rows(files, [column])) if row in wanted}

    return lambda i: kept()[order[i]]


def _files(path: Path, pictures: str, split: str) -> list[Path]:
    """The files of a split: train-00000-of-00001.parquet in ``data`` or the configuration, or converted ones."""
    config = HUB[pictures].config
    places = (f"data/{split}-*", f"{config}/{split}-*", f"{config}/{split}/*", f"{split}-*")
    return next((found for place in places if (found := sorted(path.glob(f"{place}.parquet")))), [])


def _columns(file: Path) -> list[str]:
    try:
        with duckdb.connect() as base:
            return [row[0] for row in base.execute("describe select * from read_parquet(?)", [str(file)]).fetchall()]
    except duckdb.Error as error:
        raise _damaged(file, error) from error


def _one_of(names: Sequence[str], columns: Sequence[str], file: Path) -> str:
    found = next((name for name in names if name in columns), None)
    if found is None:
        raise MetapriorError(f"{file} has no column {' or '.join(names)}, but {', '.join(columns)}")
    return found


def _rows(files: Sequence[Path], columns: Sequence[str]) -> Iterator[tuple]:
    """Some columns of all rows, file by file, in order."""
    for file in files:
        try:
            with duckdb.connect() as base:
                base.execute(f"select {', '.join(columns)} from read_parquet(?)", [str(file)])
                while rows := base.fetchmany(ROWS):
                    yield from rows
        except duckdb.Error as error:
            raise _damaged(file, error) from error


def _damaged(file: Path, error: duckdb.Error) -> MetapriorError:
    return MetapriorError(f"{file} is no such Parquet file: {str(error).splitlines()[0]}; fetch it again")


HUB_PARQUET = Source("hub parquet", "Parquet files of the hub: CIFAR-100, SVHN, Pets", find, load)
