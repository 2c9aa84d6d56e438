"""scikit-learn's handwritten digits: 1,797 pictures of 8×8, on every machine that has the library."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import interpolate

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset

SPLITS = {"train": slice(0, 1437), "test": slice(1437, 1797), "all": slice(0, 1797)}


@dataclass(frozen=True)
class DigitsOptions:
    """``size``: side in pixels, 8 as they come, otherwise bilinearly scaled."""

    size: int = 8

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 256:
            raise MetapriorError(f"digits come in 8 to 256 pixels, not size={self.size}")


def splits(options: DigitsOptions) -> dict[str, int]:
    """How many examples each split has."""
    return {name: rows.stop - rows.start for name, rows in SPLITS.items() if name != "all"}


def digits(options: DigitsOptions, split: str = "train") -> Dataset:
    """Grey levels 0 … 16 become 0 … 255; ``test`` is the last fifth of the file, by writers of its own order.

    Source: the test part of Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits" (UCI), CC BY 4.0.

    >>> digits(DigitsOptions(), "test").images.shape
    torch.Size([360, 1, 8, 8])
    """
    if split not in SPLITS:
        raise unknown("split of digits", split, SPLITS)
    from sklearn.datasets import load_digits  # a second of import, for this set alone

    bunch: Any = load_digits()
    images = torch.from_numpy(bunch["images"][SPLITS[split]]).float().unsqueeze(1) * (255 / 16)
    if options.size != 8:
        images = interpolate(images, size=(options.size, options.size), mode="bilinear", align_corners=False)
    return Dataset(
        name="digits",
        images=images.round().to(torch.uint8),
        labels=torch.from_numpy(bunch["target"][SPLITS[split]]).long(),
        class_names=tuple("0123456789"),
    )
