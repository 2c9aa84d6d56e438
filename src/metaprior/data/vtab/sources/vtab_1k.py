"""The VTAB-1k folder that is passed round on the web: 1,000 training pictures a task, and the test pictures."""

from collections import Counter
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError
from metaprior.data.vtab import splits
from metaprior.data.vtab.encoded import pictures_of_files
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.sources.listed import LISTS, UNIONS, folders, read_list
from metaprior.data.vtab.sources.source import Found, Source, needs
from metaprior.data.vtab.task import Setting, Task, TaskData

FILES = tuple(f"{name}.txt" for name in (*LISTS["1k"], UNIONS["1k"]))
CAVEAT = (
    "the copy of VTAB-1k that is passed round: its pictures were saved as JPEG a second time, with loss, and their "
    "names do not tell which examples they are"
)


def find(task: Task, folder: Path, setting: Setting) -> Found | None:
    """The first folder of the task that has lists, the four of which must all be there."""
    there = [found for name in folders(task.name) if (found := needs(folder / name, FILES))]
    found = next((found for found in there if not found.lacks), next(iter(there), None))
    if found and not found.lacks and setting == "full":
        return Found(found.path, f"all training examples but 1,000: {found.path} serves the setting 1k alone")
    return found


def load(task: Task, path: Path, setting: Setting) -> TaskData:
    """The task from its folder, after counts, classes and the fourth list are checked."""
    train, val, test = (_examples(task, path, name) for name in LISTS["1k"])
    for name, examples, count in zip(LISTS["1k"], (train, val, test), (*splits.FEW, task.sizes[2]), strict=True):
        if len(examples) != count:
            raise MetapriorError(
                f"{path / name}.txt lists {len(examples):,} pictures, not {count:,}; this copy is not complete, "
                "take another"
            )
    named = [path for part in (train, val, test) for path in part.pictures.keys]
    if len(set(named)) < len(named):
        twice = next(path for path, times in Counter(named).items() if times > 1)
        raise MetapriorError(f"the lists in {path} name {twice} more than once; take another copy")
    both = read_list(path / f"{UNIONS['1k']}.txt")[1]
    if sorted(both) != sorted([*train.labels, *val.labels]):
        raise MetapriorError(
            f"{path / UNIONS['1k']}.txt has other labels than train800.txt and val200.txt together; take another copy"
        )
    present = len(np.unique(test.labels))
    if present != task.classes:
        raise MetapriorError(
            f"{path / 'test.txt'} has {present} classes and {task.name} has {task.classes}: other labels than the "
            "benchmark's; take another copy"
        )
    return TaskData(task.name, train, val, test, f"vtab-1k, {path}", CAVEAT)


def _examples(task: Task, path: Path, name: str) -> Examples:
    paths, labels = read_list(path / f"{name}.txt")
    pictures = pictures_of_files(f"{task.name} from vtab-1k", paths, [path / each for each in paths])
    return Examples(pictures, labels, task.classes)


VTAB_1K = Source("vtab-1k", "the folder VTAB-1k as it is passed round", find, load)
