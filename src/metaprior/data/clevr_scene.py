"""Scenes like CLEVR's: three to ten cubes, balls and cylinders on a ground, before the published camera.

A scene is drawn as the published generator draws one. The number of objects is uniform from 3 to 10. Each gets a size,
then a place, uniform in [-3, 3]², until it keeps its distance from all before it or, after 50 tries, everything begins
again; then a shape, a colour, a yaw and a material. Where an object shows too little of itself, all are drawn anew.

The camera is the base scene's, moved at random and looking at the origin. For the first published validation scene
such a camera, moved by (0.37, 0.29, -0.38), gives all published pixels, and all depths within 0.005. The margins are
along the ground's directions to and across from the camera before it is moved, as in the published scenes.

Of 2,000 scenes the nearest object's depth falls into the six bins of VTAB with shares 0.20, 0.25, 0.22, 0.15, 0.08 and
0.09: they are what that camera gives, and were not evened out. In the published scenes the middle of each large object
is 0.7 above the ground, cubes too; that of a large cube is at 0.7/√2 here, as the published generator now has it.

Source: Johnson et al. 2017, github.com/facebookresearch/clevr-dataset-gen (image_generation/render_images.py and
data/properties.json); the camera before it is moved: kubric (Greff et al. 2022, challenges/movi).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64

from metaprior.core.randomness import derived_seed
from metaprior.data.solids import Solid, ball, block, cask, turned
from metaprior.data.stage import GROUND, Camera, look

SHAPES = ("cube", "sphere", "cylinder")
COLOURS = {
    "gray": (87, 87, 87),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}
MATERIALS = ("rubber", "metal")
SIZES = (0.7, 0.35)
OBJECTS = (3, 10)
REACH, APART, MARGIN, TRIES = 3.0, 0.25, 0.4, 50
EYE, JITTER, LAMP_JITTER = (7.48113, -6.50764, 5.34367), 0.5, 1.0
HALF_VIEW = 16 / 35
FRONT = np.array(EYE[:2]) / math.hypot(*EYE[:2])
DIRECTIONS = np.stack([FRONT, [-FRONT[1], FRONT[0]]])
"""Unit vectors of the ground to the camera and to the right."""
VISIBLE, GRID = 50, (160, 120)
"""Rays of a grid of this many that must meet an object; the published 200 pixels of 320×240 are the same share."""
LAMPS = 3


@dataclass(frozen=True)
class Thing:
    """One object: its middle stands ``radius`` above the ground; a cube's radius is half its side."""

    shape: str
    radius: float
    x: float
    y: float
    yaw: float
    colour: str
    material: str

    @property
    def solid(self) -> Solid:
        """What rays meet."""
        make = {"cube": block, "sphere": ball, "cylinder": cask}[self.shape]
        return make((self.x, self.y, self.radius), (self.radius,) * 3, turned(2, self.yaw))


@dataclass(frozen=True)
class Scene:
    """Objects, a camera, and how far each lamp is moved from its place."""

    things: tuple[Thing, ...]
    camera: Camera
    lamps: tuple[tuple[float, float, float], ...]

    @property
    def depths(self) -> Float64[np.ndarray, " n"]:
        """How far the middle of each object is from the camera, along its axis."""
        middles = torch.tensor([[thing.x, thing.y, thing.radius] for thing in self.things]).T
        return self.camera.project(middles)[2].double().numpy()


def camera_at(shift: Sequence[float]) -> Camera:
    """The published camera, moved, and looking at the origin."""
    x, y, z = (place + by for place, by in zip(EYE, shift, strict=True))
    return Camera((x, y, z), (0.0, 0.0, 0.0), HALF_VIEW)


def scene(seed: int, index: int) -> Scene:
    """Scene ``index`` of a seed, whatever was drawn before it."""
    rng = np.random.default_rng(derived_seed(seed, "clevr scene", index))
    count = int(rng.integers(OBJECTS[0], OBJECTS[1] + 1))
    camera = camera_at(rng.uniform(-JITTER, JITTER, 3).tolist())
    lamps = tuple(map(tuple, rng.uniform(-LAMP_JITTER, LAMP_JITTER, (LAMPS, 3)).tolist()))
    while True:
        things = _things(rng, count)
        if things and _all_visible(camera, things):
            return Scene(tuple(things), camera, lamps)


def _things(rng: np.random.Generator, count: int) -> list[Thing]:
    """So many objects, or none at all where one found no place."""
    things: list[Thing] = []
    places = np.empty((0, 3))  # with the radius of the floor that each keeps
    for _ in range(count):
        size = SIZES[rng.integers(len(SIZES))]
        tries = rng.uniform(-REACH, REACH, (TRIES, 2))
        free = tries[_keep_apart(tries, size, places)]
        if not len(free):
            return []
        x, y = free[0].tolist()
        shape = SHAPES[rng.integers(len(SHAPES))]
        radius = size / math.sqrt(2) if shape == "cube" else size
        colour, material = list(COLOURS)[rng.integers(len(COLOURS))], MATERIALS[rng.integers(len(MATERIALS))]
        things.append(Thing(shape, radius, x, y, rng.uniform(0, 2 * math.pi), colour, material))
        places = np.concatenate([places, [[x, y, radius]]])
    return things


def _keep_apart(
    places: Float64[np.ndarray, "n 2"], size: float, others: Float64[np.ndarray, "m 3"]
) -> Bool[np.ndarray, " n"]:
    """Which places are free. As the generator has it, a new cube's size counts before it is divided by √2."""
    away = places[:, None] - others[:, :2]
    margins = np.abs(away @ DIRECTIONS.T)
    gaps = np.hypot(away[..., 0], away[..., 1]) - size - others[:, 2]
    return (gaps >= APART).all(axis=1) & ((margins >= MARGIN) | (margins == 0)).all(axis=(1, 2))


def _all_visible(camera: Camera, things: list[Thing]) -> bool:
    which = look(camera, [thing.solid for thing in things], *GRID).which
    return bool((torch.bincount(which.flatten() - GROUND, minlength=len(things) + 1)[1:] >= VISIBLE).all())
