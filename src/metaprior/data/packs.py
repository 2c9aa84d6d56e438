"""Sets packed as one Parquet file with a JSON beside it: encoded pictures with labels, or text.

Columns of a picture pack: ``image`` (PNG or JPEG bytes), ``label``, ``split`` and sometimes more; of a text pack:
``text``, ``split``. The JSON gives ``sha256``, ``class_names`` and where the data are from. Without one the file is not
checked, and classes are called by their labels.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from metaprior.core import MetapriorError, unknown
from metaprior.data.dataset import Dataset
from metaprior.data.pictures import decode_all, stack
from metaprior.data.store import locate, verify


@dataclass(frozen=True)
class PackOptions:
    """``size``: shorter side scaled to it, centre square kept; ``channels``: 1 forces grey, 3 colour."""

    size: int | None = None
    channels: int | None = None

    def __post_init__(self) -> None:
        if self.size is not None and self.size < 1:
            raise MetapriorError(f"a picture has at least 1 pixel, not size={self.size}")
        if self.channels not in (None, 1, 3):
            raise MetapriorError(f"channels is 1 (grey) or 3 (colour), not {self.channels}")


@dataclass(frozen=True)
class TextOptions:
    """A text has no options; its tokens are its UTF-8 bytes."""


@dataclass(frozen=True)
class Pack:
    """One pack: its file, and what must be said about it. ``factors`` names columns that are factors of variation."""

    name: str
    file: str
    fetch: str
    caveat: str = ""
    factors: tuple[str, ...] = ()

    def load(self, options: PackOptions, split: str) -> Dataset:
        """The pictures of one split, or of ``all``, with labels and factors."""
        rows, about = self._read(("image", "label", *self.factors), split)
        pictures = stack(self._decode(rows["image"], split, options), self.name)
        classes = tuple(about.get("class_names") or ()) if about else self._labels()
        labels = _int64(rows["label"])
        return Dataset(
            name=self.name,
            images=pictures,
            labels=labels if classes else None,
            factors=torch.stack([_int64(rows[c]) for c in self.factors], dim=1) if self.factors else None,
            factor_names=tuple("shape" if c == "label" else c.removesuffix("_label") for c in self.factors),
            factor_sizes=(len(classes),) * len(self.factors),
            class_names=classes,
            caveat=self.caveat,
            factor_values=(classes,) * len(self.factors),
        )

    def pictures(self, options: PackOptions, split: str) -> list[Tensor]:
        """The pictures of one split, each of its own size: uint8, C×H×W."""
        rows, _ = self._read(("image",), split)
        return self._decode(rows["image"], split, options)

    def encoded(self, split: str) -> tuple[Any, Int64[np.ndarray, " n"]]:
        """The pictures of one split as they lie in the file, PNG or JPEG, an array of bytes; and their labels."""
        rows, _ = self._read(("image", "label"), split)
        return rows["image"], _int64(rows["label"]).numpy()

    def _labels(self) -> tuple[str, ...]:
        """Names for the classes of a pack without a JSON: the labels 0, 1, … of all splits."""
        labels = _int64(self._read(("label",), "all")[0]["label"])
        return tuple(str(label) for label in range(int(labels.max()) + 1))

    def splits(self, options: object = None) -> dict[str, int]:
        """How many rows each split has."""
        rows, _ = self._read(("split",), "all")
        return {str(split): int((rows["split"] == split).sum()) for split in dict.fromkeys(rows["split"])}

    def text(self, options: TextOptions, split: str) -> Dataset:
        """The bytes of one split's text as tokens below 256; a blank line between rows."""
        rows, _ = self._read(("text",), split)
        content = "\n\n".join(rows["text"]).encode()
        tokens = torch.from_numpy(np.frombuffer(content, dtype=np.uint8).astype(np.int64))
        return Dataset(name=self.name, tokens=tokens, caveat=self.caveat)

    def _decode(self, images: Any, split: str, options: PackOptions) -> list[Tensor]:
        named = [(bytes(image), f"picture {i} of {self.name}, split {split},") for i, image in enumerate(images)]
        return decode_all(named, options.size, options.channels)

    def _read(self, columns: tuple[str, ...], split: str) -> tuple[dict[str, Any], dict[str, Any]]:
        path = locate(self.name, self.file, self.fetch)
        about = _about(path)
        if "sha256" in about:
            verify(path, about["sha256"])
        try:
            with duckdb.connect() as base:
                splits = base.execute("select distinct split from read_parquet(?)", [str(path)]).fetchall()
                known = [name for (name,) in splits]
                if split not in (*known, "all"):
                    raise unknown(f"split of {self.name}", split, [*known, "all"])
                query = f"select {', '.join(columns)} from read_parquet(?) where ? in (split, 'all')"
                return base.execute(query, [str(path), split]).fetchnumpy(), about
        except (duckdb.InterruptException, RuntimeError) as error:
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise
        except duckdb.Error as error:
            raise MetapriorError(f"{path} is not a pack of {', '.join(columns)}, split: {_line(error)}") from error


def _int64(values: Any) -> Tensor:
    return torch.from_numpy(np.ma.filled(values, -1).astype(np.int64))


def _about(path: Path) -> dict[str, Any]:
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return {}
    try:
        return json.loads(beside.read_text())
    except ValueError as error:
        raise MetapriorError(f"{beside} is not JSON: {error}") from error


def _line(error: Exception) -> str:
    return str(error).splitlines()[0]
