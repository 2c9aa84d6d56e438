"""Folders as ``tensorflow-datasets`` prepares them, read without TensorFlow."""

import json
import re
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode
from metaprior.data.vtab.encoded import pictures_of_encoded
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.order import is_stored_order, stored_order_of_numbers
from metaprior.data.vtab.sources.source import Found, Source
from metaprior.data.vtab.sources.tfds_features import KEYS, LABELS
from metaprior.data.vtab.splits import PARTS, STORED, Part, task_data
from metaprior.data.vtab.task import Setting, Task, TaskData
from metaprior.data.vtab.tf_example import Values, parse_example
from metaprior.data.vtab.tfrecord import Records, records

NAMES = {
    "caltech101": "caltech101",
    "cifar100": "cifar100",
    "dtd": "dtd",
    "flowers102": "oxford_flowers102",
    "pets": "oxford_iiit_pet",
    "svhn": "svhn_cropped",
    "sun397": "sun397/tfds",
    "patch-camelyon": "patch_camelyon",
    "eurosat": "eurosat/rgb",
    "resisc45": "resisc45",
    "retinopathy": "diabetic_retinopathy_detection/btgraham-300",
    "clevr": "clevr",
    "dmlab": "dmlab",
    "kitti": "kitti",
    "dsprites": "dsprites",
    "smallnorb": "smallnorb",
}
"""The folder of each image set, with its configuration if there are several; versions are folders in it."""

SHORTER = {("sun397", "train"): 76_127}
"""Newer TFDS leaves out a picture that it cannot decode, at place 66,481 of train: those before it are the same."""

VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, eq=False)
class Shards:
    """The records of all shards of a split, one after the other."""

    files: tuple[Records, ...]
    starts: tuple[int, ...]

    def __len__(self) -> int:
        return self.starts[-1]

    def where(self, place: int) -> tuple[Records, int]:
        """The file of a record, and its place there."""
        number = int(np.searchsorted(self.starts, place, side="right")) - 1
        return self.files[number], place - self.starts[number]

    def features(self, place: int) -> dict[str, Values]:
        """The features of a record."""
        file, row = self.where(place)
        try:
            return parse_example(file[row])
        except MetapriorError as error:
            raise MetapriorError(f"{file.path}, record {row}: {error}") from error


def find(task: Task, folder: Path, setting: Setting) -> Found | None:
    """The newest version below ``folder``, or below ``tensorflow_datasets`` or ``tfds`` in it."""
    if task.pictures not in NAMES:
        return None
    parents = [folder / above / NAMES[task.pictures] for above in (".", "tensorflow_datasets", "tfds")]
    versions = [path for parent in parents for path in parent.glob("*.*.*") if VERSION.fullmatch(path.name)]
    if not versions:
        return None
    newest = max(versions, key=lambda path: [int(part) for part in path.name.split(".")])
    splits = dict.fromkeys(part.split for part in PARTS[task.pictures])
    lacks = "; ".join(filter(None, (_lack(newest, task.pictures, split) for split in splits)))
    return Found(newest, lacks)


def load(task: Task, path: Path, setting: Setting) -> TaskData:
    """The task from one version's folder; records that it does not need are not read."""
    return task_data(task, setting, lambda part: examples(task, path, part), f"tfds, {path}")


def examples(task: Task, path: Path, part: Part) -> Examples:
    """The examples of one part, whose keys are read from the records and checked to stand in the stored order."""
    stored = shards(path, _stem(task.pictures), part.split)
    expected = STORED[task.pictures][part.split]
    if len(stored) not in (expected, SHORTER.get((task.pictures, part.split))):
        raise MetapriorError(f"{path} has {len(stored):,} examples in {part.split}, and there are {expected:,}")
    places = part.places(len(stored))
    key, label = KEYS[task.pictures], LABELS[task.name]
    keys, labels = [], []
    for place in places:
        features = stored.features(place)
        try:
            keys.append(key(features) or str(stored_order_of_numbers(expected, part.split)[place]))
            labels.append(label(features))
        except (KeyError, IndexError, ValueError) as error:
            file, row = stored.where(place)
            raise MetapriorError(f"{file.path}, record {row} has no {task.name}: {error}") from error
    if not is_stored_order(keys, part.split):
        raise MetapriorError(f"the {part.split} split in {path} is not in the order of TFDS; prepare it again")
    return Examples(_pictures(task.pictures, stored, places, keys), np.array(labels, np.int64), task.classes)


def shards(path: Path, name: str, split: str) -> Shards:
    """All shards of a split, as many and as long as ``dataset_info.json`` says."""
    files = _files(path, name, split)
    found = tuple(map(records, files))
    told = _told(path, split)
    if told is not None and told != [len(file) for file in found]:
        raise MetapriorError(
            f"{path / 'dataset_info.json'} tells of {sum(told):,} examples in the {len(told)} shards of {split}, and "
            f"there are {sum(map(len, found)):,} in {len(found)}; fetch them again"
        )
    return Shards(found, tuple(accumulate(map(len, found), initial=0)))


def _pictures(pictures: str, stored: Shards, places: range, keys: list[str]) -> Pictures:
    def encoded(i: int) -> bytes:
        image = stored.features(places[i])["image"]
        return image[0] if isinstance(image, list) else bytes(image)

    def where(i: int) -> str:
        file, row = stored.where(places[i])
        return f"the picture of record {row} ({keys[i]}) in {file.path}"

    origin = f"{pictures} from tfds"
    if pictures == "dsprites":  # its pixels are 0 and 1
        return Pictures(origin, keys, lambda i: decode(encoded(i), where(i)) * 255)
    return pictures_of_encoded(origin, keys, encoded, where)


def _stem(pictures: str) -> str:
    return NAMES[pictures].split("/")[0]


def _files(path: Path, name: str, split: str) -> list[Path]:
    return sorted(path.glob(f"{name}-{split}.tfrecord-[0-9]*-of-[0-9]*"))


def _lack(path: Path, pictures: str, split: str) -> str:
    """What is not there of the shards of a split; empty if all are."""
    files = _files(path, _stem(pictures), split)
    if not files:
        return f"{path} has no shards of {split}"
    count = int(files[0].name.rsplit("-", 1)[1])
    return "" if len(files) == count else f"{path} has {len(files)} of the {count} shards of {split}"


def _told(path: Path, split: str) -> list[int] | None:
    """How many examples each shard has by ``dataset_info.json``; None where it does not say."""
    file = path / "dataset_info.json"
    if not file.is_file():
        return None
    try:
        splits = {each["name"]: each for each in json.loads(file.read_text()).get("splits", [])}
        lengths = splits[split].get("shardLengths") if split in splits else None
        return [int(length) for length in lengths] if lengths else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MetapriorError(f"{file} is not what TFDS writes: {error}") from error


TFDS = Source("tfds", "a folder as tensorflow-datasets prepares it", find, load)
