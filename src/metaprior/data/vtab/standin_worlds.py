"""Stand-ins for tasks of VTAB with rendered or staged pictures: CLEVR, SmallNORB and dSprites.

Each world has numbered places: 9,000 pictures that train, 1,000 that select, 1,000 that test. Scenes and toys are
rendered when they are first asked for, 200 places at a time, and kept below the folder that the task is loaded from;
an interrupted run loses the 200 it was at. The pictures of dSprites are so quickly made that they are not kept.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from metaprior.data import clevr_render, smallnorb, toys
from metaprior.data.clevr_scene import Scene, scene
from metaprior.data.dsprites import CAVEAT as SPRITES_CAVEAT
from metaprior.data.dsprites import SIZES as SPRITE_SIZES
from metaprior.data.dsprites import dsprites_world
from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.kept import kept
from metaprior.data.vtab.labels import LATENT_CLASSES, clevr_count, clevr_distance
from metaprior.data.vtab.splits import FEW, STORED, ordered_numbers, parts
from metaprior.data.vtab.task import Setting, TaskData
from metaprior.data.vtab.tasks import VTAB
from metaprior.data.world import factors_of

TRAIN, VAL, TEST = 9_000, 1_000, 1_000
CHUNK = 200
WIDTH, HEIGHT = 160, 120
INSTANCES = {"train": (4, 6, 7, 8, 9), "test": (0, 1, 2, 3, 5)}
"""Which of the ten toys of a kind are in which split, as the names of SmallNORB's files have it."""


@dataclass(frozen=True)
class Rendered:
    """A world by places: the picture, the numbers that labels are made of, and a name for what is shown."""

    name: str
    picture: Callable[[int], UInt8[Tensor, "c h w"]]
    facts: Callable[[int], tuple[float, float]]
    key: Callable[[int], str]
    caveat: str

    @property
    def digest(self) -> str:
        """8 hexadecimal digits that depend on what its pictures look like, by the first two."""
        return _digest_of(self)

    def pictures(self, folder: Path) -> Pictures:
        """The pictures of all places, rendered when they are read, unless they are kept."""

        def read(place: int) -> UInt8[Tensor, "c h w"]:
            first = place - place % CHUNK
            chunk = kept(self._file(folder, "pictures", first), partial(_stacked, self.picture, first))
            return torch.from_numpy(chunk[place - first].copy())

        origin = f"standin/{self.name} rendered {self.digest}"
        return Pictures(origin, [self.key(place) for place in range(TRAIN + VAL + TEST)], read)

    def labels(self, folder: Path, label: Callable[[float, float], int], places: range) -> Int64[np.ndarray, " n"]:
        """What a task makes of the facts of some places, which are kept too."""
        firsts = range(places.start - places.start % CHUNK, places.stop, CHUNK)
        chunks = [kept(self._file(folder, "facts", first), partial(_stacked, self.facts, first)) for first in firsts]
        facts = np.concatenate(chunks)[places.start - firsts.start :][: len(places)]
        return np.array([label(*row) for row in facts.tolist()], np.int64)

    def _file(self, folder: Path, what: str, first: int) -> Path:
        return folder / "standin" / f"{self.name}-{self.digest}" / f"{what}-{first:05d}.npy"


@cache
def _digest_of(world: Rendered) -> str:
    content = hashlib.blake2b(digest_size=4)
    for place in (0, 1):
        content.update(world.picture(place).numpy().tobytes())
    return content.hexdigest()


def _stacked(one: Callable, first: int) -> np.ndarray:
    return np.stack([np.asarray(one(place)) for place in range(first, min(first + CHUNK, TRAIN + VAL + TEST))])


def places_of(setting: Setting) -> tuple[range, range, range]:
    """The places that train, select and test.

    >>> places_of("1k")
    (range(0, 800), range(9000, 9200), range(10000, 11000))
    """
    train, val = FEW if setting == "1k" else (TRAIN, VAL)
    return range(train), range(TRAIN, TRAIN + val), range(TRAIN + VAL, TRAIN + VAL + TEST)


@cache
def stored_numbers(pictures: str, sizes: tuple[int, int, int]) -> Int64[np.ndarray, " n"]:
    """The numbers of the first so many pictures of VTAB's train, val and test, where its keys are numbers."""
    each = (ordered_numbers(pictures, part, STORED[pictures][part.split]) for part in parts(pictures, "full"))
    return np.concatenate([numbers[:size] for numbers, size in zip(each, sizes, strict=True)])


@lru_cache(maxsize=2_048)
def _scene(place: int) -> Scene:
    return scene(0, place)


def clevr_facts(place: int) -> tuple[float, float]:
    """How many objects a scene has, and how deep the nearest is."""
    depths = _scene(place).depths
    return len(depths), float(depths.min())


class ToyView(NamedTuple):
    """Which toy, and how it is seen."""

    kind: str
    instance: int
    elevation: int
    azimuth: int
    light: int


def toy_view(place: int) -> ToyView:
    """What is seen at a place: VTAB's split of SmallNORB, were its pictures numbered by their factors.

    The toys that select and test are others than those that train, and the same as each other.
    """
    instances = INSTANCES["train" if place < TRAIN else "test"]
    number = stored_numbers("smallnorb", (TRAIN, VAL, TEST))[place]
    kind, elevation, azimuth, light, i = map(int, np.unravel_index(number, (*smallnorb.SIZES, len(instances))))
    return ToyView(list(toys.KINDS)[kind], instances[i], elevation, azimuth, light)


def toy_key(place: int) -> str:
    """A toy's picture in words.

    >>> toy_key(0)
    'truck-9-elevation-3-azimuth-6-light-3'
    """
    toy = toy_view(place)
    return f"{toy.kind}-{toy.instance}-elevation-{toy.elevation}-azimuth-{toy.azimuth}-light-{toy.light}"


CLEVR = Rendered(
    "clevr",
    lambda place: clevr_render.picture(_scene(place), WIDTH, HEIGHT),
    clevr_facts,
    lambda place: f"scene-{place:05d}",
    "a stand-in for CLEVR: scenes as of its generator before its camera, but ray-cast pictures of 160×120; own split",
)
SMALLNORB = Rendered(
    "smallnorb",
    lambda place: toys.picture(*toy_view(place)),
    lambda place: (toy_view(place).elevation, toy_view(place).azimuth),
    toy_key,
    "a stand-in for SmallNORB: its factors and way of splitting, but ray-cast toys put together of simple solids",
)


def count(objects: float, depth: float) -> int:
    """The class of Clevr-Count."""
    return clevr_count(int(objects))


def distance(objects: float, depth: float) -> int:
    """The class of Clevr-Dist."""
    return clevr_distance([depth])


def elevation(elevation: float, azimuth: float) -> int:
    """The class of sNORB-Elev."""
    return int(elevation)


def azimuth(elevation: float, azimuth: float) -> int:
    """The class of sNORB-Azim."""
    return int(azimuth)


def load_rendered(
    world: Rendered, name: str, classes: int, label: Callable[[float, float], int], folder: Path, setting: Setting
) -> TaskData:
    """One task of a rendered world; all tasks of it have the same pictures under the same keys."""
    pictures = world.pictures(folder)
    train, val, test = (
        Examples(pictures.take(places), world.labels(folder, label, places), classes) for places in places_of(setting)
    )
    return TaskData(name, train, val, test, "rendered here", world.caveat)


def load_sprites(
    name: str, label: Callable[[Int64[np.ndarray, " n"]], Int64[np.ndarray, " n"]], folder: Path, setting: Setting
) -> TaskData:
    """One task of dSprites: VTAB's own examples, re-rendered, the first of each part; nothing is kept in ``folder``.

    Those of the setting ``1k`` are VTAB's to the last one, but for the test, which is of the first 1,000.
    """
    stored = stored_numbers("dsprites", (TRAIN, VAL, TEST))
    numbers = [stored[places.start : places.stop] for places in places_of(setting)]
    train, val, test = (Examples(sprites(part), label(part), LATENT_CLASSES) for part in numbers)
    whole = VTAB[name.removeprefix("standin/")].sizes
    cut = zip(("trained", "selected", "tested"), (len(train), len(val), len(test)), whole, strict=True)
    kept_of = ", ".join(f"{done} on {size:,} of {most:,}" for done, size, most in cut)
    return TaskData(name, train, val, test, "rendered here", f"a stand-in: {SPRITES_CAVEAT}; {kept_of}")


def sprites(numbers: Int64[np.ndarray, " n"]) -> Pictures:
    """Pictures of dSprites, by their places among the 737,280."""
    world = dsprites_world()

    def read(place: int) -> UInt8[Tensor, "1 64 64"]:
        return world.renderer(factors_of(torch.tensor([int(numbers[place])]), SPRITE_SIZES))[0]

    return Pictures(f"standin/dsprites rendered {world.digest[:8]}", [str(number) for number in numbers], read)
