"""Retinographs as the winner of the 2015 contest prepared them: ``btgraham-300`` of TFDS (1.2 of the card)."""

import io

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

RADIUS = 300
DISK = 270
SIGMA = 10.0
GREY = 128
QUALITY = 72


def btgraham(picture: UInt8[Tensor, "3 h w"]) -> bytes:
    """A JPEG of the eye alone: scaled to a radius of 300 pixels, less its local average, grey outside of radius 270.

    out = 4 · picture − 4 · Gaussian(σ = 10) + 128, cut to the disk's box.

    TFDS does the same with OpenCV, which rounds in other places, so that its pictures differ from these by a little.
    """
    scaled = _scale(picture)
    sharp = _less_local_average(scaled.permute(1, 2, 0).numpy())
    file = io.BytesIO()
    Image.fromarray(_disk(sharp)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def eye_radius(picture: UInt8[Tensor, "3 h w"]) -> float:
    """Half the count of the middle row's pixels that are brighter than a tenth of its mean; half the height if none."""
    row = picture[:, picture.shape[1] // 2].to(torch.float64).sum(dim=0)
    radius = int((row > row.mean() / 10).sum()) / 2
    return radius if radius >= 1 else picture.shape[1] / 2


def shrink(picture: UInt8[Tensor, "3 h w"], factor: float) -> UInt8[Tensor, "3 a b"]:
    """Bilinear scaling of both sides without antialiasing, as OpenCV's ``resize`` does by default."""
    height, width = (max(1, round(side * factor)) for side in picture.shape[1:])
    if (height, width) == tuple(picture.shape[1:]):
        return picture
    grown = interpolate(picture[None].float(), (height, width), mode="bilinear", align_corners=False)[0]
    return grown.round().clamp(0, 255).to(torch.uint8)


def _scale(picture: UInt8[Tensor, "3 h w"]) -> UInt8[Tensor, "3 a b"]:
    return shrink(picture, RADIUS / eye_radius(picture))


def _less_local_average(picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    from scipy.ndimage import gaussian_filter1d

    average: Float[np.ndarray, "h w 3"] = picture.astype(np.float64)
    for axis in (0, 1):
        average = gaussian_filter1d(average, SIGMA, axis=axis, mode="mirror", truncate=3)
    return np.clip(np.rint(4.0 * picture - 4.0 * np.rint(average) + GREY), 0, 255).astype(np.uint8)


def _disk(picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "a b 3"]:
    height, width = picture.shape[:2]
    y, x = np.ogrid[:height, :width]
    inside = (y - height // 2) ** 2 + (x - width // 2) ** 2 <= DISK**2
    masked = np.where(inside[..., None], picture, np.uint8(GREY))
    top, left = max(height // 2 - DISK, 0), max(width // 2 - DISK, 0)
    return masked[top : height // 2 + DISK, left : width // 2 + DISK]
