"""Scenes like CLEVR's as pictures: two materials, three lamps and a grey ground, tuned by eye to the published look.

The lamps hang where kubric's ``klevr`` puts those of the published scene; they are smaller, and there is no light from
surface to surface but for what metal mirrors.
"""

import torch
from jaxtyping import UInt8
from torch import Tensor

from metaprior.data.clevr_scene import COLOURS, Scene, Thing
from metaprior.data.stage import Finish, Lamp, Stage, render

KEY, BACK, FILL = (6.44671, -2.90517, 4.2584), (-1.1685, 2.64602, 5.81574), (-4.67112, -4.0136, 3.01122)
POWERS = (0.6, 0.4, 0.25)
HALVES = (0.4, 0.4, 0.4)
AMBIENT, SKY = 0.3, 0.5
GROUND = Finish((0.23, 0.23, 0.235))


def finish(thing: Thing) -> Finish:
    """How an object of this colour and material looks."""
    red, green, blue = COLOURS[thing.colour]
    colour = (red / 255, green / 255, blue / 255)
    if thing.material == "metal":
        return Finish(colour, gloss=3.0, sharpness=250, mirror=0.7)
    return Finish(colour, gloss=0.15, sharpness=20)


def stage(scene: Scene) -> Stage:
    """What there is to see of a scene."""
    lamps = tuple(
        Lamp((x + dx, y + dy, z + dz), power, half)
        for (x, y, z), (dx, dy, dz), power, half in zip((KEY, BACK, FILL), scene.lamps, POWERS, HALVES, strict=True)
    )
    solids = tuple(thing.solid for thing in scene.things)
    return Stage(scene.camera, lamps, solids, tuple(map(finish, scene.things)), GROUND, AMBIENT, SKY)


def picture(scene: Scene, width: int = 320, height: int = 240, rays: int = 2) -> UInt8[Tensor, "3 height width"]:
    """The picture of a scene."""
    with torch.inference_mode():
        return render(stage(scene), width, height, rays)
