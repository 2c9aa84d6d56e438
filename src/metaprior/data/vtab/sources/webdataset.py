"""The tar files that CLIP benchmark exports, ``wds_vtab-*``: train and test, without what selects.

They hold the benchmark's train, and not its val, so that neither val200 nor the 1,000 can be had from them.
"""

import tarfile
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError
from metaprior.data.official import reading
from metaprior.data.vtab.encoded import pictures_of_encoded
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.labels import LATENT_CLASSES, ORIENTATIONS, POSITIONS, latent_class
from metaprior.data.vtab.sources.source import Found, Source, first_folder
from metaprior.data.vtab.task import Setting, Task, TaskData

NAMES = {
    "caltech101": "caltech101",
    "cifar100": "cifar100",
    "dtd": "dtd",
    "flowers102": "flowers",
    "pets": "pets",
    "svhn": "svhn",
    "patch-camelyon": "pcam",
    "eurosat": "eurosat",
    "resisc45": "resisc45",
    "retinopathy": "diabetic_retinopathy",
    "clevr-count": "clevr_count_all",
    "clevr-distance": "clevr_closest_object_distance",
    "dmlab": "dmlab",
    "kitti-distance": "kitti_closest_vehicle_distance",
    "dsprites-location": "dsprites_label_x_position",
    "dsprites-orientation": "dsprites_label_orientation",
    "smallnorb-azimuth": "smallnorb_label_azimuth",
    "smallnorb-elevation": "smallnorb_label_elevation",
}
"""What each task is called after ``wds_vtab-``; SUN397 was exported with another split."""
UNBINNED = {"dsprites-location": POSITIONS, "dsprites-orientation": ORIENTATIONS}
"""How many values the labels have of tasks that were exported before they were put into 16 classes."""
HELD_OUT = 0.1
CAVEAT = "an export without the validation set: the last tenth of train selects in its place"


def find(task: Task, folder: Path, setting: Setting) -> Found | None:
    """The folder of a task; of use in the full setting alone."""
    if task.name not in NAMES:
        return None
    name = f"wds_vtab-{NAMES[task.name]}"
    path = first_folder(folder, [name, f"clip-benchmark/{name}", f"wds/{name}"])
    if path is None:
        return None
    lacks = [
        *(f"all tar files of {split} in {path}" for split in ("train", "test") if not _whole(path / split)),
        *(["val200 (the export has no validation set; use the setting full)"] if setting == "1k" else []),
    ]
    return Found(path, "; ".join(lacks))


def load(task: Task, path: Path, setting: Setting) -> TaskData:
    """The task in the full setting, after counts are checked."""
    train, test = (_examples(task, path / split) for split in ("train", "test"))
    for split, examples, count in (("train", train, task.sizes[0]), ("test", test, task.sizes[2])):
        if len(examples) != count:
            raise MetapriorError(f"{path / split} has {len(examples):,} examples, not {count:,}; fetch it again")
    stop = len(train) - int(HELD_OUT * len(train))
    fit, held = train.take(range(stop)), train.take(range(stop, len(train)))
    return TaskData(task.name, fit, held, test, f"webdataset, {path}", CAVEAT)


def _examples(task: Task, folder: Path) -> Examples:
    rows = [(tar, *row) for tar in _tars(folder) for row in _index(tar)]
    labels = np.array([label for *_, label in rows], np.int64)
    if task.name in UNBINNED and labels.max(initial=0) >= LATENT_CLASSES:
        labels = latent_class(labels, UNBINNED[task.name])

    def encoded(i: int) -> bytes:
        tar, _, start, size, _ = rows[i]
        with reading(tar), tar.open("rb") as file:
            file.seek(start)
            return file.read(size)

    keys = [f"{folder.name}/{name}" for _, name, *_ in rows]
    origin = f"{task.name} from {folder.parent.name}"
    pictures = pictures_of_encoded(origin, keys, encoded, lambda i: f"{rows[i][1]} in {rows[i][0]}")
    return Examples(pictures, labels, task.classes)


def _index(tar: Path) -> list[tuple[str, int, int, int]]:
    """Name, start and size of each picture's file in a tar, and its label."""
    pictures: dict[str, tuple[int, int]] = {}
    labels: dict[str, int] = {}
    with reading(tar), tarfile.open(tar) as archive:
        for member in archive:
            name, _, ending = member.name.rpartition(".")
            if ending == "cls":
                file = archive.extractfile(member)
                labels[name] = int(file.read()) if file else -1
            elif ending in ("webp", "png", "jpg", "jpeg"):
                pictures[name] = (member.offset_data, member.size)
    if pictures.keys() != labels.keys():
        odd = next(iter(pictures.keys() ^ labels.keys()))
        raise MetapriorError(f"{tar} has a picture or a label alone for {odd}; fetch it again")
    return [(name, *place, labels[name]) for name, place in pictures.items()]


def _tars(folder: Path) -> list[Path]:
    return [folder / f"{number}.tar" for number in range(_count(folder))]


def _whole(folder: Path) -> bool:
    return _count(folder) > 0 and all(tar.is_file() for tar in _tars(folder))


def _count(folder: Path) -> int:
    """How many tar files ``nshards.txt`` tells of; 0 where it does not."""
    file = folder / "nshards.txt"
    text = file.read_text().strip() if file.is_file() else ""
    return int(text) if text.isdecimal() else 0


WEBDATASET = Source("webdataset", "tar files that CLIP benchmark exported, the full setting alone", find, load)
