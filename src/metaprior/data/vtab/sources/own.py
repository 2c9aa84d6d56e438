"""The files of all 16 image sets as their makers publish them."""

from pathlib import Path

from metaprior.data.vtab.sources.cifar100 import CIFAR100
from metaprior.data.vtab.sources.class_folders import CALTECH101, EUROSAT, RESISC45
from metaprior.data.vtab.sources.dmlab import DMLAB
from metaprior.data.vtab.sources.kaggle_retinopathy import RETINOPATHY
from metaprior.data.vtab.sources.listed_sets import DTD, PETS
from metaprior.data.vtab.sources.matlab_sets import FLOWERS102, SVHN
from metaprior.data.vtab.sources.own_files import OwnFiles
from metaprior.data.vtab.sources.patch_camelyon import PATCH_CAMELYON
from metaprior.data.vtab.sources.scenes import CLEVR, KITTI
from metaprior.data.vtab.sources.source import Found, Source
from metaprior.data.vtab.sources.sun397 import SUN397
from metaprior.data.vtab.sources.worlds import DSPRITES, SMALLNORB
from metaprior.data.vtab.splits import task_data
from metaprior.data.vtab.task import Setting, Task, TaskData

OWN_FILES: dict[str, OwnFiles] = {
    "caltech101": CALTECH101,
    "cifar100": CIFAR100,
    "dtd": DTD,
    "flowers102": FLOWERS102,
    "pets": PETS,
    "svhn": SVHN,
    "sun397": SUN397,
    "patch-camelyon": PATCH_CAMELYON,
    "eurosat": EUROSAT,
    "resisc45": RESISC45,
    "retinopathy": RETINOPATHY,
    "clevr": CLEVR,
    "dmlab": DMLAB,
    "kitti": KITTI,
    "dsprites": DSPRITES,
    "smallnorb": SMALLNORB,
}


def find(task: Task, folder: Path, setting: Setting) -> Found | None:
    """The first folder below ``folder`` that has the files."""
    files = OWN_FILES.get(task.pictures)
    return files.find(folder) if files else None


def load(task: Task, path: Path, setting: Setting) -> TaskData:
    """The task from the files in a folder; keys and order are made from their names or numbers."""
    files = OWN_FILES[task.pictures]
    return task_data(task, setting, files.open(task, path), f"own files, {path}", files.caveat)


OWN = Source("own files", "the files as the makers publish them, or torchvision keeps them", find, load)
