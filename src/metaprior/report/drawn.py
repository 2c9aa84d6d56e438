"""Images that a model makes in one of four ways, and the files they go to: a sheet, an array, or a picture each."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from metaprior.core import Decodes, Encodes, MetapriorError, Samples, require
from metaprior.files import whole
from metaprior.judge import features, fit_mixture, interpolate
from metaprior.judge.features import Gathers
from metaprior.judge.samples import drawn, some_rows
from metaprior.report.pictures import at_rest, pixels
from metaprior.report.sheets import balanced, labelled_table, plain_grid

ENCODED = 10_000
"""Codes that a mixture is fitted to, at most."""
STEPS = 8
"""Images of an interpolation, with both ends."""
ACROSS = 16
"""Images in a row of reconstructions, at most."""
ON_A_SHEET = 1024
"""More images would make a sheet that few programs open."""
AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Drawn:
    """Images N×C×H×W in [0, 1] of a model's making, and how they lie on a sheet."""

    images: Float[Tensor, "n c h w"]
    columns: int
    originals: Float[Tensor, "n c h w"] | None = None
    """Of reconstructions: what they are of."""

    def __post_init__(self) -> None:
        if not torch.isfinite(self.images).all():
            raise MetapriorError("the model's images hold values that are no numbers; its training has diverged")

    def sheet(self) -> Image.Image:
        """The images in reading order, reconstructions below their originals."""
        if self.images.ndim != 4:
            raise MetapriorError("the model makes values, not images: write them to an array, as in --out samples.npy")
        if len(self.images) > ON_A_SHEET:
            raise MetapriorError(
                f"a sheet shows up to {ON_A_SHEET:,} images, not {len(self.images):,}; write them to a .npy file or "
                "into a folder"
            )
        if self.originals is None:
            return plain_grid(self.images, self.columns)
        rows = [
            torch.cat([part, torch.ones(self.columns - len(part), *part.shape[1:])])  # white where a last row is short
            for pair in zip(self.originals.split(self.columns), self.images.split(self.columns), strict=True)
            for part in pair
        ]
        return labelled_table(torch.stack(rows), ["original", "reconstruction"] * (len(rows) // 2))


def from_prior(model: object, count: int, seed: int = 0) -> Drawn:
    """Images by the model's own ``sample``."""
    if not isinstance(model, Samples) and isinstance(model, Encodes) and isinstance(model, Decodes):
        raise MetapriorError(
            f"{type(model).__name__} has no prior to draw from; take --kind mixture, which fits one to its codes"
        )
    require(model, Samples, "drawing samples")
    return Drawn(drawn(model, count, seed, AT_ONCE), balanced(count))  # pyright: ignore[reportArgumentType]


def from_mixture(model: Any, data: Gathers, count: int, seed: int = 0) -> Drawn:
    """Decoded draws from ten normals that fit the codes of up to 10,000 images."""
    require(model, Encodes, "fitting a mixture to codes")
    require(model, Decodes, "drawing images of codes")
    codes = features(model, data, some_rows(len(data), min(ENCODED, len(data)), seed), AT_ONCE)
    return Drawn(decoded(model, fit_mixture(codes, seed=seed).sample(count, seed)), balanced(count))


def interpolations(model: Any, data: Gathers, count: int, seed: int = 0) -> Drawn:
    """What lies between the codes of two images, on a straight line: 8 steps a row, ends included."""
    if count % STEPS:
        raise MetapriorError(f"an interpolation has {STEPS} images, so --count must be a multiple of it, not {count}")
    ends = torch.from_numpy(features(model, examples(data, count // STEPS * 2, seed), batch=AT_ONCE))
    return Drawn(decoded(model, interpolate(ends[::2], ends[1::2], STEPS).flatten(0, 1)), STEPS)


def reconstructed(model: Any, data: Gathers, count: int, seed: int = 0) -> Drawn:
    """Images, encoded and decoded again."""
    originals = examples(data, count, seed)
    codes = torch.from_numpy(features(model, originals, batch=AT_ONCE))
    return Drawn(decoded(model, codes), min(ACROSS, count), originals)


FROM_DATA: dict[str, Callable[[Any, Gathers, int, int], Drawn]] = {
    "mixture": from_mixture,
    "interpolation": interpolations,
    "reconstruction": reconstructed,
}
"""Ways to draw that begin with codes of data."""


def examples(data: Gathers, count: int, seed: int) -> Float[Tensor, "n c h w"]:
    """Images of the data in random order, none twice."""
    if count > len(data):
        raise MetapriorError(f"{count:,} images are to be drawn from data of {len(data):,}; lower --count")
    return data.gather(some_rows(len(data), count, seed)).images


def decoded(model: Any, codes: Float[Tensor, "n z"]) -> Float[Tensor, "n c h w"]:
    """Images of codes, on the CPU."""
    require(model, Decodes, "drawing images of codes")
    with at_rest(model) as device:
        return torch.cat([model.decode(part.to(device)).float().cpu() for part in codes.split(AT_ONCE)])


def refuse_place(out: Path) -> None:
    """An error for a place that :func:`write_drawn` would not write to."""
    if out.suffix not in (".png", ".npy", ""):
        raise MetapriorError(f"--out is a sheet (.png), an array (.npy) or a folder, and {out.name} is none of them")
    if not out.suffix and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise MetapriorError(f"{out} is there and not empty; name a new folder, or a .png or .npy file")


def write_drawn(found: Drawn, out: Path) -> None:
    """Write a sheet (.png), float32 images N×C×H×W (.npy), or into a new folder a PNG file each, of its own size."""
    refuse_place(out)
    if out.suffix == ".png":
        _write_png(found.sheet(), out)
    elif out.suffix == ".npy":
        with whole(out) as temporary, temporary.open("wb") as file:
            np.save(file, found.images.numpy())
    else:
        with whole(out) as temporary:
            temporary.mkdir()
            for i, picture in enumerate(pixels(found.images)):
                grey = picture.shape[2] == 1
                Image.fromarray(picture[:, :, 0] if grey else picture).save(temporary / f"{i:05d}.png")


def _write_png(sheet: Image.Image, out: Path) -> None:
    content = io.BytesIO()
    sheet.save(content, "png")
    with whole(out) as temporary:
        temporary.write_bytes(content.getvalue())
