"""Pictures of a model: reconstructions, samples and traversals, tiled and packed for a page."""

import base64
import contextlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from metaprior.core import Decodes, Encodes, Samples, require
from metaprior.judge.features import evaluating

WEBP_SIDE = 16_383
"""Pixels of the longest side that the format allows."""


def pixels(images: Float[Tensor, "n c h w"]) -> UInt8[np.ndarray, "n h w bands"]:
    """Images in [0, 1] as bytes: three bands where there are as many channels, otherwise the first one.

    >>> pixels(torch.ones(1, 1, 2, 2)).ravel().tolist()
    [255, 255, 255, 255]
    """
    bands = images[:, : 3 if images.shape[1] >= 3 else 1]
    return bands.detach().float().cpu().clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).numpy()


def grid(images: Float[Tensor, "n c h w"], columns: int, gap: int = 1) -> UInt8[np.ndarray, "height width 4"]:
    """Images in [0, 1] tiled in reading order, RGBA; the ``gap`` pixels between them and empty places are clear.

    >>> grid(torch.ones(5, 1, 8, 8), columns=3).shape
    (17, 26, 4)
    """
    colours = pixels(images)
    count, height, width = colours.shape[:3]
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for i, colour in enumerate(colours):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width, :3] = colour
        sheet[top : top + height, left : left + width, 3] = 255
    return sheet


def address(data: UInt8[np.ndarray, "height width channels"]) -> str:
    """Pixels as the text of a ``data:`` address: lossless WebP, half to nine tenths of a PNG, up to its largest size.

    >>> address(np.zeros((2, 2, 4), np.uint8))[:23]
    'data:image/webp;base64,'
    """
    file = io.BytesIO()
    kind = "webp" if max(data.shape[:2]) <= WEBP_SIDE else "png"
    Image.fromarray(data).save(file, kind, lossless=True, exact=True, quality=60, method=2)
    return f"data:image/{kind};base64," + base64.b64encode(file.getvalue()).decode()


def traversals(model: Any, code: Float[Tensor, " d"], values: Float[Tensor, "*d v"]) -> Float[Tensor, "d v c h w"]:
    """What the model draws as each code in turn runs through ``values`` while the others stay as in ``code``.

    ``values`` are V numbers for all codes, or D×V, some for each.
    """
    require(model, Decodes, "drawing traversals")
    size = len(code)
    values = values.expand(size, -1)
    codes = code.repeat(size, values.shape[1], 1)
    every = torch.arange(size)
    codes[every, :, every] = values.to(codes)
    with at_rest(model) as device:
        images = model.decode(codes.flatten(0, 1).to(device)).cpu()
    return images.unflatten(0, (size, -1))


def reconstructions(model: Any, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """The images, encoded and decoded again."""
    require(model, Encodes, "drawing reconstructions")
    require(model, Decodes, "drawing reconstructions")
    with at_rest(model) as device:
        return model.decode(model.encode(images.to(device))).cpu()


def samples(model: Any, count: int, seed: int = 0) -> Float[Tensor, "n c h w"]:
    """Images of the model's own making."""
    require(model, Samples, "drawing samples")
    with at_rest(model):
        return model.sample(count, seed).cpu()


def encoded(model: Any, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
    """The images' codes."""
    require(model, Encodes, "ordering codes")
    with at_rest(model) as device:
        return model.encode(images.to(device)).cpu()


@contextlib.contextmanager
def at_rest(model: Any) -> Iterator[torch.device]:
    """The model in evaluation mode and without gradients, and the device it is on; its mode is put back afterwards."""
    with evaluating(model) as device, torch.no_grad():
        yield device or torch.device("cpu")
