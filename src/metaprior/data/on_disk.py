"""A world's pictures, all of them, in one file on the disk that is mapped into memory rather than read."""

import math
import shutil
from pathlib import Path

import numpy as np
import torch

from metaprior.core import MetapriorError
from metaprior.data.dataset import Dataset
from metaprior.data.store import home
from metaprior.data.world import Held, World, chunks, factors_of
from metaprior.files import whole


def any_rendered() -> bool:
    """Whether any world was ever rendered here; a quick look, where the path of one asks for some of its pictures."""
    return (home() / "rendered").is_dir()


def rendered_path(world: World) -> Path:
    """Where the pictures of this world are, or would be; the name depends on what they look like."""
    return home() / "rendered" / f"{world.name}-{world.image_shape[-1]}px-{world.digest}.npy"


def render_to_disk(world: Dataset | World) -> Path:
    """Render the whole world into a file under ``$METAPRIOR_DATA``, unless it is there already; its path.

    The file is a ``.npy`` of uint8, N×C×H×W, row i the picture of index i: 3.0 GB for the whole of dSprites at
    64 pixels, 0.2 GB at 16. :func:`metaprior.data.load` uses it from then on.
    """
    path = rendered_path(world) if isinstance(world, World) else None
    if path and path.is_file():
        return path
    if not isinstance(world, World) or not path or isinstance(world.renderer, Held):
        raise MetapriorError(f"'{world.name}' is made of pictures already; only a world such as dsprites is rendered")
    _check_room(world, path)
    shape = (len(world), *world.image_shape)
    with whole(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for indices in chunks(len(world)):
            file.write(world.renderer(factors_of(indices, world.sizes)).cpu().contiguous().numpy().data)
    return path


def _check_room(world: World, path: Path) -> None:
    needed = len(world) * math.prod(world.image_shape)
    free = shutil.disk_usage(next(parent for parent in path.parents if parent.is_dir())).free
    if needed > free:
        hidden = f" ({math.prod(world.hidden_sizes):,} a combination)" if world.hidden_sizes else ""
        raise MetapriorError(
            f"the {len(world):,} pictures of '{world.name}'{hidden} take {needed / 1e9:,.0f} GB, and {home()} has "
            f"{free / 1e9:,.0f} GB free; use the world as it is: its pictures are then made as they are asked for"
        )


def rendered(world: World) -> World:
    """The same world with its pictures mapped from its file, which is made now if need be.

    Pages that are read stay in the system's cache, which all processes share.
    """
    path = render_to_disk(world)
    try:
        images = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MetapriorError(f"{path} is damaged ({error}); delete it and render again") from error
    if images.shape != (len(world), *world.image_shape) or images.dtype != np.uint8:
        raise MetapriorError(f"{path} holds other pictures than those of '{world.name}'; delete it and render again")
    return world.with_renderer(Held(torch.from_numpy(images), world.sizes))
