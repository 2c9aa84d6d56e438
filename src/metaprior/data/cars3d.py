"""Cars3D from its published files: 183 cars, turned and seen from four heights."""

import io
import tarfile
from collections.abc import Iterator
from math import prod
from operator import itemgetter
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data.dsprites import RASTER
from metaprior.data.official import OfficialOptions, hold, reading
from metaprior.data.store import find, missing
from metaprior.data.world import World, index_of

FACTORS = ("elevation", "azimuth", "object")
SIZES = (4, 24, 183)
RAW = (128, 128, 3, SIZES[1], SIZES[0])
FILES = ("nips2015-analogy-data.tar.gz", "cars")
FETCH = (
    "from www.scottreed.info/files/nips2015-analogy-data.tar.gz, the archive itself or the folder 'cars' in it; no "
    "licence stated"
)


def official_cars3d(options: OfficialOptions) -> World:
    """The published pictures, all held in memory (0.2 GB at 64 pixels)."""
    path = next(filter(None, map(find, FILES)), None)
    if path is None:
        raise missing("cars3d", " or ".join(FILES), FETCH)
    return read_cars3d(path, options)


def read_cars3d(path: Path, options: OfficialOptions | None = None) -> World:
    """The world in the published archive, or in the folder ``cars`` of it: one file ``car_…_mesh.mat`` a car.

    Each holds ``im``, uint8 128×128×3×24×4: azimuths, then elevations. Cars are numbered in the order of their names;
    the original numbers them in whatever order the folder lists them, so that its objects differ between machines.
    Source: Reed, Zhang, Zhang & Lee 2015, "Deep Visual Analogy-Making".
    """
    size = (options or OfficialOptions()).size
    with reading(path):
        cars = dict(sorted(_cars(path), key=itemgetter(0)))
    if not cars:
        raise MetapriorError(f"{path} has no files car_…_mesh.mat in it; put the archive or its folder 'cars' there")
    sizes = (*SIZES[:2], len(cars))
    views = torch.cartesian_prod(*map(torch.arange, SIZES[:2]))
    blocks = (
        (index_of(torch.cat([views, torch.full((len(views), 1), car)], dim=1), sizes), pictures)
        for car, pictures in enumerate(cars.values())
    )
    held = hold("cars3d", blocks, sizes, 3, size)
    caveat = "" if sizes == SIZES else f"a part of Cars3D: {prod(sizes):,} of its {prod(SIZES):,} pictures"
    values = (*(tuple(map(str, range(count))) for count in SIZES[:2]), tuple(cars))
    return World("cars3d", FACTORS, sizes, (3, size, size), held, caveat, values)


def _cars(path: Path) -> Iterator[tuple[str, UInt8[np.ndarray, "96 64 64 3"]]]:
    """Names of cars, and their pictures by elevation and azimuth, in whatever order they come."""
    if path.is_dir():
        for file in path.glob("car_*_mesh.mat"):
            yield file.stem, _pictures(file.read_bytes(), file)
        return
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.match("cars/car_*_mesh.mat") and (file := archive.extractfile(member)):
                yield name.stem, _pictures(file.read(), path / member.name)


def _pictures(content: bytes, where: Path) -> UInt8[np.ndarray, "96 64 64 3"]:
    from scipy.io import loadmat  # slow to import, and for this set alone

    with reading(where):
        try:
            arrays = loadmat(io.BytesIO(content), variable_names=["im"])
        except Exception as error:  # whatever its parser runs into
            raise ValueError(error) from error
        found = arrays["im"]
    if found.shape != RAW or found.dtype != np.uint8:
        raise MetapriorError(f"{where}: im is {found.dtype} {found.shape}, not uint8 {RAW}")
    pictures = found.transpose(4, 3, 0, 1, 2).reshape(-1, *RAW[:3])
    return np.stack([shrunk(picture) for picture in pictures])


def shrunk(picture: UInt8[np.ndarray, "128 128 3"]) -> UInt8[np.ndarray, "64 64 3"]:
    """A picture of 64 pixels, by Pillow's Lanczos filter, as in the studies."""
    return np.asarray(Image.fromarray(picture).resize((RASTER, RASTER), Image.Resampling.LANCZOS))
