"""The layout that VTAB-1k is passed round in: a folder a task, with pictures and a text file for each split.

Each line of ``train800.txt``, ``val200.txt``, ``train800val200.txt`` and ``test.txt`` is the path of a picture, from
the task's folder, and its label. :mod:`metaprior.data.vtab.prepare` writes the same, and for the full setting
``train.txt``, ``val.txt`` and ``trainval.txt``.
"""

import posixpath
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from metaprior.core import MetapriorError
from metaprior.data.vtab.encoded import content
from metaprior.data.vtab.task import Setting

LISTS: dict[Setting, tuple[str, str, str]] = {"1k": ("train800", "val200", "test"), "full": ("train", "val", "test")}
"""The lists that train, select and test."""
UNIONS: dict[Setting, str] = {"1k": "train800val200", "full": "trainval"}
"""The list of what trains and what selects together."""

FOLDERS = ("", "vtab-1k", "vtab1k", "VTAB-1k", "vtab_1k")
ALIASES: dict[str, tuple[str, ...]] = {
    "caltech101": ("caltech101",),
    "cifar100": ("cifar", "cifar100"),
    "dtd": ("dtd",),
    "flowers102": ("oxford_flowers102", "flowers102"),
    "pets": ("oxford_iiit_pet", "oxford_pet", "pets"),
    "svhn": ("svhn",),
    "sun397": ("sun397",),
    "patch-camelyon": ("patch_camelyon",),
    "eurosat": ("eurosat",),
    "resisc45": ("resisc45",),
    "retinopathy": ("diabetic_retinopathy", "diabetic_retinopathy_detection"),
    "clevr-count": ("clevr_count",),
    "clevr-distance": ("clevr_dist",),
    "dmlab": ("dmlab",),
    "kitti-distance": ("kitti",),
    "dsprites-location": ("dsprites_loc",),
    "dsprites-orientation": ("dsprites_ori",),
    "smallnorb-azimuth": ("smallnorb_azi",),
    "smallnorb-elevation": ("smallnorb_ele",),
}
"""What the folders of tasks are called in that layout, the usual name first."""


def folders(task: str) -> list[str]:
    """Where a task may lie below a folder; a task without an alias is called by its own name."""
    return [f"{above}/{name}" if above else name for above in FOLDERS for name in ALIASES.get(task, (task,))]


def read_list(file: Path) -> tuple[list[str], Int64[np.ndarray, " n"]]:
    """Paths, all below the task's folder, and labels."""
    paths, labels = [], []
    for number, line in enumerate(content(file).decode(errors="replace").splitlines(), 1):
        path, _, label = line.strip().rpartition(" ")
        if not line.strip():
            continue
        if not path or not label.removeprefix("-").isdecimal() or len(label) > 9:
            raise MetapriorError(f"{file}, line {number} is not a path and a label: '{line.strip()}'")
        if path.startswith("/") or ".." in path.split("/"):
            raise MetapriorError(f"{file}, line {number} names a picture outside the folder of the task: '{path}'")
        paths.append(posixpath.normpath(path))
        labels.append(int(label))
    return paths, np.array(labels, np.int64)


def write_list(file: Path, paths: list[str], labels: Int64[np.ndarray, " n"]) -> None:
    """The lines of one list."""
    file.write_text("".join(f"{path} {label}\n" for path, label in zip(paths, labels.tolist(), strict=True)))
