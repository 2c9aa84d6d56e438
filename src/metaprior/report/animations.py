"""Codes in motion: the five cycles that the studies animate, and GIF files of them."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from metaprior.report.examples import Extent
from metaprior.report.pictures import traversals
from metaprior.report.sheets import labelled_tiles

FRAMES = 20
FPS = 10
QUANTILES = (0.001, 0.999)
"""A normal's quantiles are infinite at 0 and 1; the cycle stops this short of them, as in the study."""


@dataclass(frozen=True)
class Cycle:
    """One kind of animation: what it is, and (start, extent, frames) → the values of each code in each frame."""

    title: str
    values: Callable[[np.ndarray, Extent, int], Float[np.ndarray, "d frames"]]


def wave(start: Float[np.ndarray, " d"], frames: int) -> Float[np.ndarray, "d frames"]:
    """Up to 1, down to 0 and back to the start at constant speed, a cycle; ``start`` lies in [0, 1].

    >>> wave(np.array([0.5]), 4).tolist()
    [[0.5, 1.0, 0.5, 0.0]]
    """
    way = start[:, None] + 2 * np.arange(frames) / frames
    return 1 - np.abs(way % 2 - 1)


def cycle_interval(
    start: Float[np.ndarray, " d"], low: np.ndarray | float, high: np.ndarray | float, frames: int = FRAMES
) -> Float[np.ndarray, "d frames"]:
    """Each code from its start to ``high``, to ``low`` and back at constant speed.

    A start beyond the interval begins at its nearer end; the reference code begins at its mirror image inside.

    >>> cycle_interval(np.array([0.0, 9.0]), -2.0, 2.0, frames=4).tolist()
    [[0.0, 2.0, 0.0, -2.0], [2.0, 0.0, -2.0, 0.0]]
    """
    low, width = np.broadcast_to(low, start.shape), np.broadcast_to(high, start.shape) - low
    share = np.divide(start - low, width, out=np.zeros_like(start), where=width > 0)
    return low[:, None] + width[:, None] * wave(share.clip(0, 1), frames)


def cycle_normal(
    start: Float[np.ndarray, " d"], mean: np.ndarray | float = 0.0, sd: np.ndarray | float = 1.0, frames: int = FRAMES
) -> Float[np.ndarray, "d frames"]:
    """Each code through the quantiles of a normal, at constant speed in probability: slow where codes are dense.

    >>> cycle_normal(np.array([0.0]), frames=4).round(2).tolist()
    [[0.0, 3.09, 0.0, -3.09]]
    """
    from scipy.special import ndtr, ndtri

    mean, sd = np.broadcast_to(mean, start.shape), np.maximum(np.broadcast_to(sd, start.shape), 1e-12)
    probability = wave(ndtr((start - mean) / sd), frames).clip(*QUANTILES)
    return mean[:, None] + sd[:, None] * ndtri(probability)


CYCLES: dict[str, Cycle] = {
    "standard-normal": Cycle("quantiles of N(0, 1)", lambda z, _, n: cycle_normal(z, frames=n)),
    "fitted-normal": Cycle(
        "quantiles of a normal fitted to the codes", lambda z, seen, n: cycle_normal(z, seen.mean, seen.sd, n)
    ),
    "two": Cycle("from −2 to 2", lambda z, _, n: cycle_interval(z, -2.0, 2.0, n)),
    "two-sd": Cycle(
        "two standard deviations about the mean",
        lambda z, seen, n: cycle_interval(z, seen.mean - 2 * seen.sd, seen.mean + 2 * seen.sd, n),
    ),
    "min-max": Cycle(
        "from the least to the greatest code of the data",
        lambda z, seen, n: cycle_interval(z, seen.low, seen.high, n),
    ),
}
"""The studies' five kinds of animated traversals."""


def animation(
    model: Any,
    code: Float[Tensor, " d"],
    values: Float[np.ndarray, "d frames"],
    order: Sequence[int],
    labels: Sequence[str],
) -> list[Image.Image]:
    """Frames in which every code runs through its values, each code in a picture of its own below its label."""
    images = traversals(model, code, torch.from_numpy(values).float())[list(order)]
    return [labelled_tiles(images[:, i], labels) for i in range(images.shape[1])]


def gif(frames: Sequence[Image.Image], fps: int = FPS) -> bytes:
    """An endless animation. All frames share one palette: greys as they are, else the best 256 colours of them all.

    A palette for each frame, or dithering, would make still areas flicker. The palette is found from every fifth pixel
    of every fifth row, which takes a twentieth of the time and shows no difference.
    """
    if frames[0].mode != "L":
        some = np.concatenate([np.asarray(frame.convert("RGB"))[::5, ::5] for frame in frames])
        palette = Image.fromarray(some).quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
        frames = [frame.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    file = io.BytesIO()
    frames[0].save(file, "gif", save_all=True, append_images=frames[1:], duration=1000 // fps, loop=0)
    return file.getvalue()
