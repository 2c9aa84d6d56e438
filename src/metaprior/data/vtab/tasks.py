"""The 19 tasks of the Visual Task Adaptation Benchmark (Zhai et al. 2019), in the order of the card's 1.1."""

from collections.abc import Callable
from pathlib import Path

from metaprior.data.vtab.task import Setting, Task, TaskData

CLEVR = ("CLEVR_v1.0.zip of cs.stanford.edu/people/jcjohns/clevr", 19_021_600_724, "CC BY 4.0")
DSPRITES = (
    "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5 of github.com/deepmind/dsprites-dataset",
    28_024_106,
    "Apache-2.0",
)
SMALLNORB = (
    "six files smallnorb-…-{training,testing}-{dat,cat,info}.mat.gz of cs.nyu.edu/~ylclab/data/norb-v1.0-small",
    262_778_180,
    "for research, not to be sold",
)
"""What tasks of the same pictures have in common: what to fetch, its bytes, its licence."""


def _load(name: str) -> Callable[[Path, Setting], TaskData]:
    def load(folder: Path, setting: Setting) -> TaskData:
        from metaprior.data.vtab.sources.choose import choose

        return choose(VTAB[name], folder, setting)

    return load


_TASKS = (
    Task(
        "caltech101", "natural", 102, (2754, 306, 6084), "caltech101",
        "objects on photographs, clutter as one of the classes", _load("caltech101"),
        "caltech-101.zip of data.caltech.edu (10.22002/D1.20086), and which 3,060 pictures train",
        137_414_764, "CC BY 4.0",
    ),
    Task(
        "cifar100", "natural", 100, (45_000, 5000, 10_000), "cifar100",
        "photographs of 32 pixels", _load("cifar100"),
        "cifar-100-binary.tar.gz or cifar-100-python.tar.gz of cs.toronto.edu/~kriz/cifar.html",
        168_513_733, "not stated",
    ),
    Task(
        "dtd", "natural", 47, (1880, 1880, 1880), "dtd",
        "textures, described in a word; the first fold", _load("dtd"),
        "dtd-r1.0.1.tar.gz of robots.ox.ac.uk/~vgg/data/dtd", 625_239_812, "for research",
    ),
    Task(
        "flowers102", "natural", 102, (1020, 1020, 6149), "flowers102",
        "flowers of Britain", _load("flowers102"),
        "102flowers.tgz, imagelabels.mat, setid.mat of robots.ox.ac.uk/~vgg/data/flowers/102",
        344_878_000, "for research",
    ),
    Task(
        "pets", "natural", 37, (2944, 736, 3669), "pets",
        "breeds of cats and dogs", _load("pets"),
        "images.tar.gz and annotations.tar.gz of robots.ox.ac.uk/~vgg/data/pets", 811_092_049, "CC BY-SA 4.0",
    ),
    Task(
        "svhn", "natural", 10, (65_931, 7326, 26_032), "svhn",
        "digits of house numbers", _load("svhn"),
        "train_32x32.mat and test_32x32.mat of ufldl.stanford.edu/housenumbers", 246_316_178, "not commercial",
    ),
    Task(
        "sun397", "natural", 397, (76_128, 10_875, 21_750), "sun397",
        "scenes, indoors and outdoors", _load("sun397"),
        "SUN397.tar.gz of vision.princeton.edu/projects/2010/SUN", 39_077_296_924,
        "for research; the pictures are their owners'",
    ),
    Task(
        "patch-camelyon", "specialized", 2, (262_144, 32_768, 32_768), "patch-camelyon",
        "is there tumour in the middle of a slice of lymph node", _load("patch-camelyon"),
        "six files camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5.gz of zenodo.org/record/2546921",
        8_028_222_167, "CC0",
    ),
    Task(
        "eurosat", "specialized", 10, (16_200, 5400, 5400), "eurosat",
        "land use, from a satellite", _load("eurosat"),
        "EuroSAT.zip (RGB) of github.com/phelber/EuroSAT", 94_280_567, "MIT",
    ),
    Task(
        "resisc45", "specialized", 45, (18_900, 6300, 6300), "resisc45",
        "scenes from the air", _load("resisc45"),
        "NWPU-RESISC45.rar, by the link of the TFDS catalogue's page on resisc45 (about 0.4 GB)", 424_000_000,
        "for research; copies state CC BY-NC 4.0 or CC BY-SA",
    ),
    Task(
        "retinopathy", "specialized", 5, (35_126, 10_906, 42_670), "retinopathy",
        "stage of diabetic retinopathy, from the back of the eye", _load("retinopathy"),
        "train/, test/, trainLabels.csv, retinopathy_solution.csv of kaggle.com/c/diabetic-retinopathy-detection, "
        "after signing in and accepting the contest's rules (about 88 GB)",
        88_000_000_000, "the contest's rules; not to be passed on",
    ),
    Task(
        "clevr-count", "structured", 8, (63_000, 7000, 15_000), "clevr",
        "how many solids, 3 to 10", _load("clevr-count"), *CLEVR,
    ),
    Task(
        "clevr-distance", "structured", 6, (63_000, 7000, 15_000), "clevr",
        "how near the nearest solid", _load("clevr-distance"), *CLEVR,
    ),
    Task(
        "dmlab", "structured", 6, (65_550, 22_628, 22_735), "dmlab",
        "how near the nearest object of a maze, and whether it is good or bad", _load("dmlab"),
        "dmlab.tar.gz of storage.googleapis.com/dmlab-vtab", 3_017_022_789, "not stated",
    ),
    Task(
        "kitti-distance", "structured", 4, (6347, 423, 711), "kitti",
        "how near the nearest vehicle", _load("kitti-distance"),
        "data_object_image_2.zip, data_object_label_2.zip, devkit_object.zip of cvlibs.net/datasets/kitti, "
        "after signing in",
        12_575_610_564, "CC BY-NC-SA 3.0",
    ),
    Task(
        "dsprites-location", "structured", 16, (589_824, 73_728, 73_728), "dsprites",
        "place of a sprite along x", _load("dsprites-location"), *DSPRITES,
    ),
    Task(
        "dsprites-orientation", "structured", 16, (589_824, 73_728, 73_728), "dsprites",
        "orientation of a sprite", _load("dsprites-orientation"), *DSPRITES,
    ),
    Task(
        "smallnorb-azimuth", "structured", 18, (24_300, 12_150, 12_150), "smallnorb",
        "from which side a toy is seen", _load("smallnorb-azimuth"), *SMALLNORB,
    ),
    Task(
        "smallnorb-elevation", "structured", 9, (24_300, 12_150, 12_150), "smallnorb",
        "from how high a toy is seen", _load("smallnorb-elevation"), *SMALLNORB,
    ),
)  # fmt: skip

VTAB: dict[str, Task] = {task.name: task for task in _TASKS}
"""Sizes, classes and groups as the benchmark's own tests assert them; licences and "about" sizes are from memory."""
