"""CLEVR and KITTI, whose labels are derived from what is said of the objects in a scene."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from metaprior.core import MetapriorError
from metaprior.data.vtab.encoded import content
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.kitti_split import FILES as MAPPING
from metaprior.data.vtab.kitti_split import read_kitti_split
from metaprior.data.vtab.labels import clevr_count, clevr_distance, kitti_distance
from metaprior.data.vtab.sources.own_files import OwnFiles, named
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.task import Task

CLEVR_SPLITS = {"train": "train", "validation": "val"}
KIND, Z = 0, 13
"""The columns of KITTI's labels that hold an object's type and how far in front of the camera it is, in metres."""


def _open_clevr(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        split = CLEVR_SPLITS[part.split]
        file = path / "scenes" / f"CLEVR_{split}_scenes.json"
        try:
            scenes = json.loads(content(file))["scenes"]
            names = [scene["image_filename"] for scene in scenes]
            labels = [_clevr_label(task, scene["objects"]) for scene in scenes]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise MetapriorError(f"{file} does not hold CLEVR's scenes: {error}; fetch it again") from error
        return named(task, part, names, [path / "images" / split / name for name in names], labels)

    return examples


def _clevr_label(task: Task, objects: list[dict[str, Any]]) -> int:
    if task.name == "clevr-count":
        return clevr_count(len(objects))
    return clevr_distance(each["pixel_coords"][2] for each in objects)


def _open_kitti(task: Task, path: Path) -> Callable[[Part], Examples]:
    mapping = next(path.glob(f"**/{MAPPING[0]}")).parent
    split = read_kitti_split(mapping)

    def examples(part: Part) -> Examples:
        names = [f"{number:06d}" for number in split[part.split]]
        labels = [_kitti_label(path / "training" / "label_2" / f"{name}.txt") for name in names]
        files = [path / "training" / "image_2" / f"{name}.png" for name in names]
        return named(task, part, [file.name for file in files], files, labels)

    return examples


def _kitti_label(file: Path) -> int:
    try:
        rows = [line.split() for line in content(file).decode().splitlines()]
        return kitti_distance([(row[KIND], float(row[Z])) for row in rows])
    except (ValueError, IndexError) as error:
        raise MetapriorError(f"{file} does not hold KITTI's labels: {error}; fetch it again") from error


_CLEVR = tuple(
    name for split in CLEVR_SPLITS.values() for name in (f"images/{split}", f"scenes/CLEVR_{split}_scenes.json")
)
CLEVR = OwnFiles((("clevr/CLEVR_v1.0", _CLEVR), ("CLEVR_v1.0", _CLEVR)), _open_clevr)

_KITTI = ("training/image_2", "training/label_2", *(f"**/mapping/{name}" for name in MAPPING))
KITTI = OwnFiles(tuple((name, _KITTI) for name in ("Kitti/raw", "kitti", "KITTI")), _open_kitti)
