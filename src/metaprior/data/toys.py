"""Toys like SmallNORB's: five kinds, ten of each, of uniform grey, on a ground, from many sides under six lights.

A toy is put together of balls, blocks and casks; it looks along x, so that its front tells its azimuth. Its proportions
are drawn once for each kind and instance. Lamps and camera stand still and the toy turns, as on the original's table.

The factors, their order and number are the original's (LeCun, Huang & Bottou 2004); nothing else is.
"""

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, radians, sin

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from metaprior.core.randomness import derived_seed
from metaprior.data.solids import Solid, ball, block, cask, turned
from metaprior.data.stage import Camera, Finish, Lamp, Stage, render

SIDE = 96
DISTANCE, HALF_VIEW, LOOKED_AT = 6.0, 0.22, (0.0, 0.0, 0.4)
PAINT, GROUND, AMBIENT = Finish((0.22, 0.22, 0.22), gloss=0.08, sharpness=20), Finish((0.45, 0.45, 0.45)), 0.3
PLACES, HALF = ((3e3, 3.5e3, 5e3), (-4e3, 3e3, 4e3), (1e3, -5e3, 3.5e3)), 400.0
"""Of the lamps; the camera stands towards -y, and x is to its right. So far away they light the ground evenly: from
nearer, the shades of the bare ground alone would give away from how high it is seen."""
LIGHTS = ((0.9, 0.0, 0.0), (0.0, 0.9, 0.0), (0.0, 0.0, 0.9), (0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (0.4, 0.4, 0.4))
"""How bright each lamp is under each of the six lights."""
LEVEL = turned(1, pi / 2)
"""Lays a cask along x."""


def animal(rng: np.random.Generator) -> list[Solid]:
    """Four legs, a head before and above the trunk, a tail behind."""
    long, wide, high = rng.uniform(0.5, 0.7), rng.uniform(0.18, 0.28), rng.uniform(0.18, 0.25)
    leg, thick, head, neck = (
        rng.uniform(*low_high) for low_high in ((0.12, 0.25), (0.06, 0.1), (0.13, 0.2), (0, 0.25))
    )
    back = 2 * leg + high
    x, z = long + 0.3 * head, back + 0.5 * high + neck
    ear, tail, droop = rng.uniform(0.06, 0.16), rng.uniform(0.15, 0.3), rng.uniform(0.3, 1.2)
    parts = [
        ball((0, 0, back), (long, wide, high)),
        ball((x, 0, z), (head, head, head)),
        cask((x + head, 0, z - 0.2 * head), (0.5 * head, 0.5 * head, rng.uniform(0.5, 1.1) * head), LEVEL),
        cask((0.75 * long, 0, back + 0.5 * neck), (0.6 * head, 0.6 * head, 0.6 * neck + 0.1)),
        cask((-long - 0.1, 0, back + 0.1), (0.04, 0.04, tail), turned(1, -droop)),
    ]
    for y in (-1, 1):
        parts.append(ball((x - 0.2 * head, y * 0.6 * head, z + head), (0.05, 0.06, ear)))
        parts += [cask((end * long, y * 0.65 * wide, leg), (thick, thick, leg + 0.05)) for end in (-0.65, 0.65)]
    return parts


def human(rng: np.random.Generator) -> list[Solid]:
    """Two legs with feet before them, a trunk, a head with a nose, arms that reach forward."""
    leg, trunk, wide = rng.uniform(0.28, 0.36), rng.uniform(0.22, 0.3), rng.uniform(0.16, 0.26)
    head, thick = rng.uniform(0.11, 0.16), rng.uniform(0.06, 0.09)
    shoulder = 2 * leg + 1.8 * trunk
    top = 2 * leg + 2 * trunk + head
    parts = [
        (block if rng.random() < 0.5 else ball)((0, 0, 2 * leg + trunk), (0.7 * wide, wide, trunk + 0.05)),
        ball((0, 0, top), (head, head, 1.1 * head)),
        block((head, 0, top), (0.08, 0.03, 0.03)),
    ]
    for y, reach in zip((-1, 1), rng.uniform(0.2, 1.7, 2), strict=True):
        arm = 0.24
        middle = (arm * sin(reach), y * (wide + thick), shoulder - arm * cos(reach))
        parts.append(cask(middle, (0.7 * thick, 0.7 * thick, arm), turned(1, -reach)))
        parts.append(cask((0, y * 0.5 * wide, leg), (thick, thick, leg)))
        parts.append(block((0.12, y * 0.5 * wide, 0.05), (0.2, thick, 0.05)))
    return parts


def plane(rng: np.random.Generator) -> list[Solid]:
    """A long body, wings before its middle, a small pair and a fin at its end, perhaps engines."""
    long, thick, above = rng.uniform(0.75, 0.95), rng.uniform(0.1, 0.17), rng.uniform(0.2, 0.4)
    span, deep, sweep = rng.uniform(0.6, 0.9), rng.uniform(0.12, 0.25), rng.uniform(0, 0.5)
    wing, tail = rng.uniform(0.0, 0.25), rng.uniform(0.25, 0.4)
    parts = [
        ball((0, 0, above), (long, thick, thick)),
        ball((0.55 * long, 0, above + 0.8 * thick), (0.2, 0.6 * thick, 0.6 * thick)),
        block((-0.85 * long, 0, above + 0.22), (rng.uniform(0.08, 0.14), 0.03, 0.22), turned(1, -0.4)),
    ]
    engines = rng.random() < 0.5
    for y in (-1, 1):
        turn = turned(2, y * sweep)
        half = 0.5 * span
        parts.append(block((wing - half * sin(sweep), y * half * cos(sweep), above), (deep, half, 0.03), turn))
        parts.append(block((-0.85 * long, y * 0.5 * tail, above + 0.05), (0.09, 0.5 * tail, 0.025), turn))
        if engines:
            parts.append(cask((wing, y * 0.45 * span, above - 0.08), (0.07, 0.07, 0.18), LEVEL))
    return parts


def truck(rng: np.random.Generator) -> list[Solid]:
    """A cab before a load that is higher, of a box or a tank, on four to six wheels."""
    long, wide, wheel = rng.uniform(0.7, 0.85), rng.uniform(0.22, 0.3), rng.uniform(0.11, 0.16)
    cab, tall, load = rng.uniform(0.16, 0.25), rng.uniform(0.2, 0.28), rng.uniform(0.25, 0.4)
    middle = -cab - 0.03
    size = (long - cab - 0.03, wide, load)
    bed = 1.5 * wheel
    tank = rng.random() < 0.4
    carried = (
        cask((middle, 0, bed + wide), (wide, wide, size[0]), LEVEL) if tank else block((middle, 0, bed + load), size)
    )
    axles = (long - cab, -0.3 * long, -0.75 * long)[:: rng.integers(1, 3)]
    return [
        carried,
        block((0, 0, bed), (long, 0.8 * wide, 0.06)),
        block((long - cab, 0, bed + tall), (cab, 0.95 * wide, tall)),
        block((long + 0.05, 0, bed + 0.08), (rng.uniform(0.06, 0.16), 0.9 * wide, rng.uniform(0.06, 0.14))),
        *_wheels(axles, wide, wheel),
    ]


def car(rng: np.random.Generator) -> list[Solid]:
    """A flat body, a cabin behind its middle that leans back, four wheels."""
    long, wide, wheel = rng.uniform(0.65, 0.85), rng.uniform(0.28, 0.36), rng.uniform(0.12, 0.16)
    body, cabin = rng.uniform(0.1, 0.15), rng.uniform(0.12, 0.2)
    floor = wheel + body
    back = -rng.uniform(0.12, 0.35) * long
    parts = [
        block((0, 0, floor), (long, wide, body)),
        block((back, 0, floor + body + 0.8 * cabin), (rng.uniform(0.35, 0.5) * long, 0.85 * wide, cabin)),
        block((back + 0.35 * long, 0, floor + body), (0.2, 0.8 * wide, 0.16), turned(1, 0.8)),
        *_wheels((0.62 * long, -0.62 * long), wide, wheel),
    ]
    if rng.random() < 0.5:
        parts.append(block((-0.92 * long, 0, floor + body + 0.15), (0.08, wide, 0.025)))
    return parts


KINDS: dict[str, Callable[[np.random.Generator], list[Solid]]] = {
    "animal": animal,
    "human": human,
    "plane": plane,
    "truck": truck,
    "car": car,
}


@lru_cache(maxsize=64)
def toy(kind: str, instance: int) -> tuple[Solid, ...]:
    """The parts of a toy that looks along x."""
    return tuple(KINDS[kind](np.random.default_rng(derived_seed(0, f"toy {kind}", instance))))


def stage(kind: str, instance: int, elevation: int, azimuth: int, light: int) -> Stage:
    """A toy seen from 30 + 5·elevation degrees above the ground, turned by 20·azimuth degrees, under a light."""
    turn, up = turned(2, radians(20 * azimuth)), radians(30 + 5 * elevation)
    x, y, z = LOOKED_AT
    eye = (x, y - DISTANCE * cos(up), z + DISTANCE * sin(up))
    lamps = tuple(Lamp(place, power, HALF) for place, power in zip(PLACES, LIGHTS[light], strict=True) if power)
    solids = tuple(Solid(part.meet, turn @ part.frame, turn @ part.place) for part in toy(kind, instance))
    return Stage(Camera(eye, LOOKED_AT, HALF_VIEW), lamps, solids, (PAINT,) * len(solids), GROUND, AMBIENT)


def picture(
    kind: str, instance: int, elevation: int, azimuth: int, light: int, side: int = SIDE
) -> UInt8[Tensor, "1 side side"]:
    """The picture of a toy, grey."""
    with torch.inference_mode():
        return render(stage(kind, instance, elevation, azimuth, light), side, side)[:1]


def _wheels(axles: tuple[float, ...], wide: float, radius: float) -> list[Solid]:
    across = turned(0, pi / 2)
    return [cask((x, y * wide, radius), (radius, radius, 0.06), across) for x in axles for y in (-1, 1)]
