"""The part of the catalogue whose sets are worlds: every combination of known factors is a picture."""

from collections.abc import Callable
from typing import Any

from metaprior.core import MetapriorError
from metaprior.data import dsprites_official, dsprites_variants
from metaprior.data.dsprites import CAVEAT as RERENDERED
from metaprior.data.dsprites import DSpritesOptions, dsprites_world
from metaprior.data.dsprites_official import OfficialOptions
from metaprior.data.dsprites_variants import ScreamOptions, VariantOptions
from metaprior.data.entry import Entry
from metaprior.data.on_disk import rendered, rendered_path
from metaprior.data.world import Held, World


def _world(make: Callable[[Any], World]) -> Callable[[Any, str], World]:
    """A world has no splits: everything in it is ``train`` (the studies sample it without end) or ``all``."""

    def load(options: Any, split: str) -> World:
        if split not in ("train", "all"):
            raise MetapriorError(f"a world of all combinations of its factors has no split '{split}'; take 'train'")
        world = make(options)
        held = isinstance(world.renderer, Held)
        return rendered(world) if not held and rendered_path(world).is_file() else world

    return load


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
        dsprites_variants.SCREAM,
        fetch=dsprites_variants.FETCH,
        caveat=RERENDERED,
    ),
}
