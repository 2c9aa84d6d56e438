"""The suite ``vtab-desk``: twelve stand-ins for tasks of VTAB, for machines and days that do not have its data.

None is a task of VTAB, none of their scores is one of VTAB's, and their mean is not the VTAB score. Their names begin
with ``standin/``. All test on at most 1,000 pictures; in the setting ``1k`` they have 17,188 pictures in all.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Int64

from metaprior.data.catalogue_packs import PACKS
from metaprior.data.vtab.labels import LATENT_CLASSES, dsprites_location, dsprites_orientation
from metaprior.data.vtab.standin_packs import load_pack
from metaprior.data.vtab.standin_worlds import (
    CLEVR,
    SMALLNORB,
    TEST,
    TRAIN,
    VAL,
    Rendered,
    azimuth,
    count,
    distance,
    elevation,
    load_rendered,
    load_sprites,
)
from metaprior.data.vtab.task import Group, Task


def _pack(pack: str, group: Group, classes: int, sizes: tuple[int, int, int], summary: str) -> Task:
    name, entry = f"standin/{pack}", PACKS[pack]
    load = partial(load_pack, name, pack, classes)
    return Task(name, group, classes, sizes, name, summary, load, entry.fetch, entry.size, entry.licence)


def _rendered(name: str, world: Rendered, classes: int, label: Callable[[float, float], int], summary: str) -> Task:
    name, pictures = f"standin/{name}", f"standin/{world.name}"
    load = partial(load_rendered, world, name, classes, label)
    return Task(name, "structured", classes, (TRAIN, VAL, TEST), pictures, summary, load)


def _sprites(name: str, label: Callable[[Int64[np.ndarray, " n"]], Int64[np.ndarray, " n"]], summary: str) -> Task:
    name = f"standin/{name}"
    load = partial(load_sprites, name, label)
    return Task(name, "structured", LATENT_CLASSES, (TRAIN, VAL, TEST), "standin/dsprites", summary, load)


DESK: dict[str, Task] = {
    task.name: task
    for task in (
        _pack("cifar10-jpeg", "natural", 10, (45_000, 5_000, 1_000), "what a photograph of 32×32 after JPEG shows"),
        _pack("caltech101-64", "natural", 99, (990, 198, 990), "what a photograph of 64×64 shows, of 99 kinds"),
        _pack("dtd10-96", "natural", 10, (600, 200, 400), "which of ten textures"),
        _pack("mnist", "natural", 10, (54_000, 6_000, 1_000), "which digit"),
        _pack("fashion-mnist", "natural", 10, (54_000, 6_000, 1_000), "which kind of garment"),
        _pack("eurosat", "specialized", 10, (4_000, 500, 1_000), "which use of land, from a satellite"),
        _rendered("clevr-count", CLEVR, 8, count, "how many objects, three to ten"),
        _rendered("clevr-distance", CLEVR, 6, distance, "how far the nearest object is, in six bins"),
        _sprites("dsprites-location", dsprites_location, "where a sprite is along x, in 16 bins"),
        _sprites("dsprites-orientation", dsprites_orientation, "how a sprite is turned, in 16 bins"),
        _rendered("smallnorb-azimuth", SMALLNORB, 18, azimuth, "how a toy is turned, in steps of 20 degrees"),
        _rendered("smallnorb-elevation", SMALLNORB, 9, elevation, "from how high a toy is seen, in steps of 5 degrees"),
    )
}  # fmt: skip
