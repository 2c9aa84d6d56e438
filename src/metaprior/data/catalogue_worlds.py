"""The part of the catalogue whose sets are worlds: every combination of known factors is a picture."""

from collections.abc import Callable
from typing import Any

from metaprior.core import MetapriorError
from metaprior.data import cars3d, dsprites_official, dsprites_variants, mpi3d, shapes3d_official, smallnorb
from metaprior.data.dsprites import CAVEAT as RERENDERED
from metaprior.data.dsprites import DSpritesOptions, dsprites_world
from metaprior.data.dsprites_variants import ScreamOptions, VariantOptions
from metaprior.data.entry import Entry
from metaprior.data.official import OfficialOptions
from metaprior.data.on_disk import any_rendered, rendered, rendered_path
from metaprior.data.shapes3d import CAVEAT as RENDERED
from metaprior.data.shapes3d import Shapes3DOptions, shapes3d_world
from metaprior.data.world import Held, World


def _world(make: Callable[[Any], World]) -> Callable[[Any, str], World]:
    """A world has no splits: everything in it is ``train`` (the studies sample it without end) or ``all``."""

    def load(options: Any, split: str) -> World:
        if split not in ("train", "all"):
            raise MetapriorError(f"a world of all combinations of its factors has no split '{split}'; take 'train'")
        world = make(options)
        held = isinstance(world.renderer, Held)
        return rendered(world) if not held and any_rendered() and rendered_path(world).is_file() else world

    return load


def _mpi3d(edition: mpi3d.Edition, what: str) -> Entry:
    return Entry(
        f"MPI3D, {what}, as published: a robot's arm with an object, 7 known factors, 64×64 in colour",
        "CC BY 4.0",
        OfficialOptions,
        _world(edition.load),
        edition.files,
        fetch=mpi3d.FETCH,
    )


WORLDS: dict[str, Entry] = {
    "dsprites": Entry(
        "dSprites (re-rendered): 737,280 pictures of 5 known factors, or a smaller world of the same geometry",
        "Apache-2.0",
        DSpritesOptions,
        _world(dsprites_world),
        caveat=RERENDERED,
    ),
    "dsprites-official": Entry(
        "dSprites as published: 737,280 pictures of 5 known factors, 64×64",
        "Apache-2.0",
        OfficialOptions,
        _world(dsprites_official.official_dsprites),
        dsprites_official.FILES,
        dsprites_official.BYTES,
        dsprites_official.FETCH,
    ),
    "color-dsprites": Entry(
        "Color-dSprites: sprites in random colours, which are no factor",
        "Apache-2.0",
        VariantOptions,
        _world(dsprites_variants.color_dsprites),
        caveat=RERENDERED,
    ),
    "noisy-dsprites": Entry(
        "Noisy-dSprites: white sprites on random noise, which is no factor",
        "Apache-2.0",
        VariantOptions,
        _world(dsprites_variants.noisy_dsprites),
        caveat=RERENDERED,
    ),
    "scream-dsprites": Entry(
        "Scream-dSprites: sprites as negatives in random patches of The Scream, which are no factor",
        "Apache-2.0; the painting is in the public domain",
        ScreamOptions,
        _world(dsprites_variants.scream_dsprites),
        (dsprites_variants.SCREAM,),
        fetch=dsprites_variants.FETCH,
        caveat=RERENDERED,
    ),
    "shapes3d": Entry(
        "3D Shapes as published: 480,000 pictures of 6 known factors, 64×64 in colour",
        "Apache-2.0",
        OfficialOptions,
        _world(shapes3d_official.official_shapes3d),
        (shapes3d_official.FILE,),
        shapes3d_official.BYTES,
        shapes3d_official.FETCH,
    ),
    "shapes3d-rendered": Entry(
        "3D Shapes (rendered): 480,000 pictures of 6 known factors in colour, or a smaller world, of any size",
        "Apache-2.0",
        Shapes3DOptions,
        _world(shapes3d_world),
        caveat=RENDERED,
    ),
    "cars3d": Entry(
        "Cars3D as published: 17,568 pictures of 183 cars from 4 × 24 sides, 64×64 in colour",
        "none stated",
        OfficialOptions,
        _world(cars3d.official_cars3d),
        cars3d.FILES,
        fetch=cars3d.FETCH,
    ),
    "smallnorb": Entry(
        "SmallNORB as published: 48,600 pictures of toys, 4 known factors and the instance, which is none, 64×64 grey",
        "for research, not to be sold",
        OfficialOptions,
        _world(smallnorb.official_smallnorb),
        smallnorb.FILES,
        smallnorb.BYTES,
        smallnorb.FETCH,
    ),
    "mpi3d-toy": _mpi3d(mpi3d.TOY, "simply rendered"),
    "mpi3d-realistic": _mpi3d(mpi3d.REALISTIC, "realistically rendered"),
    "mpi3d-real": _mpi3d(mpi3d.REAL, "photographed"),
    "mpi3d-complex": _mpi3d(mpi3d.COMPLEX, "everyday objects, photographed"),
}
