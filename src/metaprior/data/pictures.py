"""Encoded pictures (PNG, JPEG, …) → uint8 tensors of one size."""

import io
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from metaprior.core import MetapriorError

SMALL = 8192
BITS_PER_SAMPLE, PHOTOMETRIC = 258, 262  # tags of a TIFF
WHITE_IS_ZERO = 0


def decode(source: bytes | Path, where: str, size: int | None = None, channels: int | None = None) -> Tensor:
    """One picture, uint8, C×H×W with C = 1 for grey and 3 for all others, alpha dropped; 16-bit grey is scaled to 8.

    With ``size`` the shorter side is scaled to it (Lanczos) and the centre square cut out. ``channels`` forces grey or
    colour. ``where`` names the picture in errors.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            picture = _of_bytes(opened, where)
            grey = channels == 1 or (channels is None and picture.mode in ("1", "L"))
            picture = picture.convert("L" if grey else "RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        lost = isinstance(error, UnidentifiedImageError)  # which names an object in memory, not the file
        said = "it is of no known format" if lost else next(iter(str(error).splitlines()), "it is damaged")
        raise MetapriorError(f"{where} is not a readable picture: {said}") from error
    if size is not None and picture.size != (size, size):
        picture = _square(picture, size)
    pixels = torch.from_numpy(np.array(picture))
    return pixels.unsqueeze(0) if grey else pixels.permute(2, 0, 1)


def decode_all(
    sources: Sequence[tuple[bytes | Path, str]], size: int | None = None, channels: int | None = None
) -> list[UInt8[Tensor, "c h w"]]:
    """All of ``(picture, where)``, each as :func:`decode` gives it."""
    one = partial(_one, size=size, channels=channels)
    if all(isinstance(source, bytes) and len(source) < SMALL for source, _ in sources):
        return list(map(one, sources))  # threads would cost more than they gain
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, sources))


def stack(pictures: list[UInt8[Tensor, "c h w"]], name: str) -> UInt8[Tensor, "n c h w"]:
    """One tensor of pictures that are all of one size; an error that names the sizes if they are not.

    >>> stack([torch.zeros(1, 2, 3, dtype=torch.uint8)] * 4, "blank").shape
    torch.Size([4, 1, 2, 3])
    """
    if not pictures:
        raise MetapriorError(f"data set '{name}' has no pictures")
    sizes = Counter(f"{p.shape[2]}×{p.shape[1]}×{p.shape[0]}" for p in pictures)
    if len(sizes) > 1:
        listed = ", ".join(f"{count} of {size}" for size, count in sizes.most_common(3))
        raise MetapriorError(
            f"the pictures of '{name}' are not all of one size ({listed}, width×height×channels); "
            f"give one, as in '{name}{',' if ':' in name else ':'}size=64', or 'channels=3' if only the colour differs"
        )
    return torch.stack(pictures)


def _one(source: tuple[bytes | Path, str], size: int | None, channels: int | None) -> Tensor:
    return decode(*source, size=size, channels=channels)


def _of_bytes(picture: Image.Image, where: str) -> Image.Image:
    """Grey of more bits scaled to 8 and rounded, where Pillow itself would cut off at 255; other pictures as they are.

    Pillow opens a ``PGM`` of more than 8 bits as 32-bit integers, and before 10.3 a ``PNG`` too; they are of 16.
    """
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format in ("PNG", "PPM")):
        tags = getattr(picture, "tag_v2", {})
        white = 2 ** tags.get(BITS_PER_SAMPLE, (16,))[0] - 1  # a TIFF may have 12 bits
        levels = np.asarray(picture).astype(np.uint32)
        if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:  # Pillow itself turns those of 8 bits alone
            levels = white - levels
        return Image.fromarray(((levels * 255 + white // 2) // white).astype(np.uint8))
    if picture.mode in ("I", "F"):
        kind = {"I": "32-bit or signed integers", "F": "floating-point numbers"}[picture.mode]
        raise MetapriorError(
            f"{where} holds {kind}, which do not say what is black and what is white; save it as 8-bit or 16-bit grey, "
            "scaled to the whole range"
        )
    return picture


def _square(picture: Image.Image, size: int) -> Image.Image:
    scale = size / min(picture.size)
    width, height = (max(size, round(side * scale)) for side in picture.size)
    left, top = (width - size) // 2, (height - size) // 2
    return picture.resize((width, height), Image.Resampling.LANCZOS).crop((left, top, left + size, top + size))
