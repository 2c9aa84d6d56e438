"""Presets of preprocessing: how a picture of any size becomes what an encoder sees. Each result names its own."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from metaprior.core import Batch, unknown
from metaprior.data.vtab.examples import Pictures
from metaprior.data.vtab.resize import Kernel, resize

Levels: TypeAlias = Literal["encoder", "unit", "signed", "imagenet"]
"""What range an encoder is shown: its own, [0, 1], [-1, 1], or ImageNet's mean 0 and deviation 1."""
LEVELS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "signed": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Mean and standard deviation of each channel, which are taken off and divided by."""
LUMA = (0.299, 0.587, 0.114)
"""Grey of red, green and blue (ITU-R BT.601), for encoders that see grey."""
CROPPED_AND_MIRRORED = (
    "caltech101", "retinopathy", "dtd", "flowers102", "pets", "resisc45", "sun397", "cifar100", "eurosat",
    "patch-camelyon", "smallnorb-elevation", "svhn",
)  # fmt: skip
CROPPED = ("dsprites-orientation", "smallnorb-azimuth")
MIRRORED = ("clevr-count", "clevr-distance", "dmlab", "kitti-distance")


@dataclass(frozen=True)
class Preset:
    """Stretch to ``size`` (None: the encoder's own) with a kernel, then show these levels.

    ``enlarged`` is what pictures are stretched to before a random square of ``size`` is cut out in training, for tasks
    that :func:`augmentation` says so of; None: training sees what tests see.
    """

    name: str
    summary: str
    size: int | None
    kernel: Kernel
    levels: Levels
    enlarged: int | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """What a result records."""
        return {"name": self.name, "size": self.size, "kernel": self.kernel, "levels": self.levels} | (
            {"enlarged": self.enlarged} if self.enlarged else {}
        )


PRESETS: dict[str, Preset] = {
    "vtab-2019": Preset(
        "vtab-2019",
        "the benchmark's: 224 px by TensorFlow 1's bilinear, aspect not kept, no augmentation, the encoder's own range",
        224,
        "legacy",
        "encoder",
    ),
    "vit-g-2022": Preset(
        "vit-g-2022",
        "the ViT-G recipe's: 384 px, in [-1, 1]; trains on random squares of 448 px and mirror images, task by task",
        384,
        "bilinear",
        "signed",
        enlarged=448,
    ),
    "peft": Preset(
        "peft",
        "parameter-efficient tuning (VPT, Adapter+): the benchmark's pixels less ImageNet's mean, by its deviation",
        224,
        "legacy",
        "imagenet",
    ),
    "peft-unnormalised": Preset(
        "peft-unnormalised", "the same pixels in [0, 1], as PETL's adapters see them", 224, "legacy", "unit"
    ),
    "native": Preset(
        "native",
        "the encoder's own size and range, antialiased bilinear, aspect not kept",
        None,
        "antialias",
        "encoder",
    ),
}


def find_preset(name: str) -> Preset:
    """The preset of this name."""
    if name not in PRESETS:
        raise unknown("preset", name, PRESETS)
    return PRESETS[name]


def augmentation(task: str) -> tuple[bool, bool]:
    """Whether the ViT-G recipe cuts a task's training pictures out at random, and whether it mirrors them (card 1.4).

    Stand-ins are treated as the tasks that they stand for.

    >>> augmentation("pets"), augmentation("standin/dsprites-location")
    ((True, True), (False, False))
    """
    plain = task.removeprefix("standin/")
    both = plain in CROPPED_AND_MIRRORED
    return both or plain in CROPPED, both or plain in MIRRORED


@dataclass(frozen=True)
class Resized:
    """Pictures as an encoder is shown them before its levels: a source of images float32 in [0, 1], B×C×S×S.

    Each is decoded and stretched when it is read, by threads. ``channels`` is 3 (grey is repeated) or 1.
    """

    pictures: Pictures
    size: int
    kernel: Kernel
    channels: int = 3
    threads: int = min(4, os.cpu_count() or 1)

    def __len__(self) -> int:
        return len(self.pictures)

    def gather(self, indices: Tensor) -> Batch:
        """The pictures at ``indices``, int64, B."""
        shape = (len(indices), self.channels, self.size, self.size)
        with torch.inference_mode(False):  # else the threads below might not write to it
            images = torch.empty(shape, memory_format=torch.channels_last)  # as convolutions want it

        def put(row: int, place: int) -> None:
            images[row] = self.one(place)

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(put, range(len(indices)), indices.tolist()))
        return Batch({"images": images})

    def to(self, device: torch.device) -> "Resized":
        """Itself: pictures are decoded on the CPU."""
        return self

    def one(self, place: int) -> Float32[Tensor, "c size size"]:
        """One picture."""
        return stretched(self.pictures[place], self.size, self.kernel, self.channels)


def stretched(
    picture: UInt8[Tensor, "c h w"], size: int, kernel: Kernel, channels: int = 3
) -> Float32[Tensor, "channels size size"]:
    """One picture, 0 to 255, as float32 in [0, 1] of this size; kernels that are not Pillow's do not round to bytes."""
    if picture.shape[0] != channels and channels == 1:
        picture = (picture.float() * picture.new_tensor(LUMA, dtype=torch.float32)[:, None, None]).sum(0, keepdim=True)
    shown = resize(picture[None], size, kernel)[0].float() / 255
    return shown.expand(channels, -1, -1).contiguous()
