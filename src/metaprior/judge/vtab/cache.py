"""Features on the disk: taken once for a set of pictures, whichever tasks share it; an interrupted taking goes on."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Pictures
from metaprior.data.vtab.kept import read_array, write_array
from metaprior.data.vtab.presets import Preset, Resized
from metaprior.judge.features import Progress, features
from metaprior.judge.vtab.encoder import Encoder
from metaprior.training.memory import keep_freed_memory

BLOCK = 1024
"""Pictures whose features are one file: at most so many are taken again after an interruption."""


def cached_features(
    encoder: Encoder,
    preset: Preset,
    pictures: Pictures,
    folder: Path | None,
    *,
    device: torch.device | str = "cpu",
    bf16: bool = False,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n d"]:
    """Features N×D, float32, of pictures under a preset, read from ``folder`` where they are kept.

    A file holds the features of 1,024 pictures, with a checksum, under a name that depends on the encoder, on the
    preset, on the precision and on the pictures' origin, keys and content. Encoders that are plain functions are not
    kept. By default :func:`usual_batch` pictures are shown at once.
    """
    batch = batch or usual_batch(encoder.side(preset), device)
    found = []
    kept_in = folder / encoder.hash if folder and encoder.known else None
    for begin in range(0, len(pictures), BLOCK):
        part = pictures.take(range(begin, min(begin + BLOCK, len(pictures))))
        file = kept_in / _name(encoder, preset, bf16, part) if kept_in else None
        kept = read_array(file) if file else None
        if kept is None or len(kept) != len(part):

            def told(done: int, of: int, begin: int = begin) -> None:
                if progress is not None:
                    progress(begin + done, len(pictures))

            kept = _taken(encoder, preset, part, device, bf16, batch, told)
            if file:
                write_array(file, kept)
        found.append(kept)
        if progress is not None:
            progress(begin + len(part), len(pictures))
    if not found:
        raise MetapriorError(f"{pictures.origin} has no pictures to take features of")
    return np.concatenate(found)


def usual_batch(side: int, device: torch.device | str) -> int:
    """How many pictures of a side are shown to a net at once where nothing else is asked for.

    On a CPU 16 of 224 px, whose activations its caches hold (docs/decisions/013-adaptation.md), or as many as
    have so many pixels, up to 512; 64 on other devices.

    >>> usual_batch(224, "cpu"), usual_batch(384, "cpu"), usual_batch(64, "cpu"), usual_batch(224, "cuda")
    (16, 5, 196, 64)
    """
    return min(512, max(1, 16 * 224**2 // side**2)) if torch.device(device).type == "cpu" else 64


def _taken(
    encoder: Encoder,
    preset: Preset,
    pictures: Pictures,
    device: torch.device | str,
    bf16: bool,
    batch: int,
    progress: Progress,
) -> np.ndarray:
    shown = encoder.under(preset).to(device)
    if torch.device(device).type == "cpu":
        keep_freed_memory()
    resized = Resized(pictures, encoder.side(preset), preset.kernel, encoder.channels)
    found = features(_OnDevice(shown, bf16), resized, batch=batch, progress=progress)
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise MetapriorError(
            f"the features of {pictures.keys[row]} ({pictures.origin}) by {encoder.name} are not finite numbers; "
            "try --precision float32, or look at its weights"
        )
    return found


class _OnDevice(torch.nn.Module):
    """A net that encodes, in bfloat16 where asked for: judges move images to where its weights are."""

    def __init__(self, net: torch.nn.Module, bf16: bool) -> None:
        super().__init__()
        self.net, self.bf16 = net, bf16

    def encode(self, images: Tensor) -> Tensor:
        """Features, float32."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            return self.net(images.contiguous(memory_format=torch.channels_last)).float()


def _name(encoder: Encoder, preset: Preset, bf16: bool, part: Pictures) -> str:
    way = f"{preset.kernel}-{encoder.side(preset)}-{preset.levels}{'-bf16' if bf16 else ''}"
    return f"{way}-{part.digest}.npy"
