"""DMLab from its archive's TFRecord files, unpacked."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError
from metaprior.data.vtab.encoded import pictures_of_encoded
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.sources.own_files import OwnFiles, origin
from metaprior.data.vtab.splits import OWN, Part, ordered
from metaprior.data.vtab.task import Task
from metaprior.data.vtab.tf_example import Values, parse_example
from metaprior.data.vtab.tfrecord import Records, records


def _read(path: Path, split: str) -> tuple[list[tuple[Records, int]], list[str], list[int]]:
    """Where each record is, its file name and its label; all of the split is read for it."""
    where, names, labels = [], [], []
    for file in sorted(path.glob(f"dmlab-{split}.tfrecord*")):
        found = records(file)
        for row in range(len(found)):
            features = parse_example(found[row])
            try:
                names.append(_bytes(features, "filename").decode())
                labels.append(int(np.asarray(features["label"])[0]))
            except (KeyError, IndexError, ValueError) as error:
                raise MetapriorError(f"{file}, record {row} is not one of DMLab: {error}") from error
            where.append((found, row))
    return where, names, labels


def _open(task: Task, path: Path) -> Callable[[Part], Examples]:
    def examples(part: Part) -> Examples:
        where, names, labels = _read(path, part.split)
        order = ordered(task.pictures, part, names)
        chosen = [where[i] for i in order]
        pictures = pictures_of_encoded(
            origin(task),
            [names[i] for i in order],
            lambda i: _bytes(parse_example(chosen[i][0][chosen[i][1]]), "image"),
            lambda i: f"the picture of record {chosen[i][1]} in {chosen[i][0].path}",
        )
        return Examples(pictures, np.array(labels, np.int64)[order], task.classes)

    return examples


def _bytes(features: dict[str, Values], name: str) -> bytes:
    value = features[name]
    if not isinstance(value, list):
        raise ValueError(f"{name} is not made of bytes")
    return value[0]


DMLAB = OwnFiles((("dmlab", tuple(f"dmlab-{part.split}.tfrecord*" for part in OWN)),), _open)
