"""SUN397 from its archive, unpacked, with the split that TFDS ships.

TFDS has the split as three lists of 108,753 names, 4.4 MB. Whoever has the pictures has the names: it is enough to say
which list each belongs to, two bits a name in the order of the alphabet (27 kB), and to check the names by their hash.
The 1,000 names of the 1k setting are shipped in full, so that the split can be seen, and what was unpacked checked.
"""

import io
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode
from metaprior.data.vtab.encoded import content, pictures_of_encoded
from metaprior.data.vtab.examples import Examples
from metaprior.data.vtab.retinopathy import shrink
from metaprior.data.vtab.sources.own_files import OwnFiles, origin
from metaprior.data.vtab.splits import Part, ordered
from metaprior.data.vtab.task import Task

LISTS = "metaprior.data.vtab.lists"
SPLITS = ("train", "validation", "test")
NAMES_SHA256 = "ff5eec74118daf4eba10b0bae39a26a9c2ccd27464fd1cbdd74029241c38d1ca"
"""Of all names in order, each followed by a line feed."""
UNUSED = "/c/church/outdoor/sun_bhenjvsvrtumjuri.jpg"
"""In the archive, and in none of the lists: it cannot be decoded."""
PIXELS = 120_000
QUALITY = 95  # OpenCV's own: the text of TFDS says 72, and its code leaves it out


def split_of_each(count: int) -> np.ndarray:
    """0, 1 or 2, train, validation or test, for each name in the order of the alphabet."""
    packed = np.frombuffer((files(LISTS) / "sun397_splits.bin").read_bytes(), np.uint8)
    return (packed[:, None] >> np.array([0, 2, 4, 6], np.uint8) & 3).ravel()[:count]


def few() -> list[str]:
    """The names of train800, then those of val200, in stored order."""
    return (files(LISTS) / "sun397_1k.txt").read_text().split()


def _names(path: Path) -> tuple[str, ...]:
    found = tuple(sorted("/" + file.relative_to(path).as_posix() for file in path.rglob("*.jpg")))
    names = tuple(name for name in found if name != UNUSED)
    if sha256("".join(f"{name}\n" for name in names).encode()).hexdigest() != NAMES_SHA256:
        raise MetapriorError(f"{path} has {len(names):,} pictures that are not the 108,753 of SUN397; unpack it again")
    return names


def _open(task: Task, path: Path) -> Callable[[Part], Examples]:
    names = _names(path)
    splits = split_of_each(len(names))
    classes = {name: label for label, name in enumerate(sorted({_class(name) for name in names}))}

    def examples(part: Part) -> Examples:
        own = [names[i] for i in np.flatnonzero(splits == SPLITS.index(part.split))]
        keys = [own[i] for i in ordered(task.pictures, part, own)]
        paths = [path / key[1:] for key in keys]
        pictures = pictures_of_encoded(
            origin(task), keys, lambda i: small(content(paths[i]), str(paths[i])), lambda i: str(paths[i]), paths
        )
        return Examples(pictures, np.array([classes[_class(key)] for key in keys], np.int64), task.classes)

    return examples


def small(picture: bytes, where: str) -> bytes:
    """A JPEG of the same picture of at most 120,000 pixels, as TFDS prepares it."""
    pixels = decode(picture, where, channels=3)
    count = pixels.shape[1] * pixels.shape[2]
    if count > PIXELS:
        pixels = shrink(pixels, (PIXELS / count) ** 0.5)
    file = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _class(name: str) -> str:
    """The class of a name, as in /c/car_interior/backseat."""
    return name.rsplit("/", 1)[0]


SUN397 = OwnFiles(
    tuple((name, ("a/abbey", "y/youth_hostel")) for name in ("SUN397", "sun397/SUN397")),
    _open,
    "pictures scaled here, not by TFDS: they differ by the rounding of another scaler and JPEG coder",
)
