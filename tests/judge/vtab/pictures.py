"""Small tasks for tests: noise whose colour tells the class."""

from pathlib import Path

import numpy as np
import torch

from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.prepare import prepare_task
from metaprior.data.vtab.task import MissingTask, Setting, Task, TaskData
from metaprior.data.vtab.tasks import VTAB

CLASSES = 3


def coloured(origin: str, count: int, seed: int) -> Examples:
    """Pictures of different sizes; class k is bright in channel k."""
    labels = np.arange(count) % CLASSES
    generator = torch.Generator().manual_seed(seed)
    read = []
    for label in labels:
        picture = torch.randint(0, 120, (3, 6 + int(label), 9), generator=generator)
        picture[label] += 100
        read.append(picture.to(torch.uint8))
    return Examples(Pictures(origin, [f"{seed}-{i}.png" for i in range(count)], read.__getitem__), labels, CLASSES)


def load(folder: Path, setting: Setting) -> TaskData:
    return TaskData("colours", coloured("c", 24, 0), coloured("c", 9, 1), coloured("c", 30, 2), "made", "not real")


def load_missing(folder: Path, setting: Setting) -> TaskData:
    raise MissingTask("fetch it")


COLOURS = Task("colours", "natural", CLASSES, (24, 9, 30), "c", "noise of three colours", load)
ABSENT = Task("absent", "structured", 2, (1, 1, 1), "a", "not there", load_missing)


def mean_colour(images: torch.Tensor) -> torch.Tensor:
    """The simplest encoder."""
    return images.mean(dim=(2, 3))


def prepared(folder: Path, *names: str) -> Path:
    """A folder that holds tasks of VTAB by their names, as ``metaprior vtab prepare`` writes them, of these colours."""
    for seed, name in enumerate(names):
        classes = VTAB[name].classes
        own = (coloured(name, count, 10 * seed + i) for i, count in enumerate((24, 9, 30)))
        parts = (Examples(part.pictures, part.labels % classes, classes) for part in own)
        prepare_task(TaskData(name, *parts, source="made", caveat="not real"), folder)
    return folder
