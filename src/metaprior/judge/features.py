"""Features of images by any model that encodes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Protocol, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from metaprior.core import Batch, Clusters, Encodes, Infers, MetapriorError, require

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many images are done, and how many there are."""


class Gathers(Protocol):
    """Examples by index: any :class:`metaprior.core.Source`, of which a judge needs no more than this."""

    def __len__(self) -> int: ...

    def gather(self, indices: Tensor) -> Batch: ...


def features(
    model: Encodes,
    images: Tensor | Gathers,
    indices: Tensor | None = None,
    batch: int = 512,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n d"]:
    """Features N×D, float32, of images by a model in evaluation mode, without gradients.

    ``images`` are N×C×H×W, uint8 (0 to 255) or floating (in [0, 1]); or a source, of which ``indices`` says what to
    read, by default everything. Batches move to the model's device.

    >>> class Mean:
    ...     def encode(self, images):
    ...         return images.mean(dim=(2, 3))
    >>> features(Mean(), torch.full((2, 1, 4, 4), 255, dtype=torch.uint8)).tolist()
    [[1.0], [1.0]]
    """
    require(model, Encodes, "taking features")
    return _over_batches(model, model.encode, images, indices, batch, progress)


def posteriors(
    model: Infers,
    images: Tensor | Gathers,
    indices: Tensor | None = None,
    batch: int = 512,
    progress: Progress | None = None,
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n d"]]:
    """Means and log-variances N×D of the posteriors of images, otherwise as :func:`features`."""
    require(model, Infers, "taking posteriors")

    def both(images: Tensor) -> Tensor:
        return torch.cat(model.posterior(images), dim=1)

    mean, logvar = np.hsplit(_over_batches(model, both, images, indices, batch, progress), 2)
    return mean, logvar


def cluster_logits(
    model: Clusters,
    images: Tensor | Gathers,
    indices: Tensor | None = None,
    batch: int = 512,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n k"]:
    """Logits N×K of the clusters of images, otherwise as :func:`features`."""
    require(model, Clusters, "taking clusters")
    return _over_batches(model, model.cluster, images, indices, batch, progress)


def _over_batches(
    model: object,
    encode: Callable[[Tensor], Tensor],
    images: Tensor | Gathers,
    indices: Tensor | None,
    batch: int,
    progress: Progress | None,
) -> Float[np.ndarray, "n d"]:
    indices = torch.arange(len(images)) if indices is None else indices
    found: np.ndarray | None = None
    with evaluating(model) as device:
        for begin in range(0, len(indices), batch):
            rows = indices[begin : begin + batch]
            shown = _read(images, rows)
            if found is None:
                refuse_other_shapes(model, shown)
            codes = _encode(encode, shown, device)
            if found is None:
                found = np.empty((len(indices), codes.shape[1]), dtype=np.float32)
            found[begin : begin + len(rows)] = codes.float().cpu().numpy()
            if progress is not None:
                progress(min(begin + batch, len(indices)), len(indices))
    if found is None:
        raise MetapriorError("there are no images to take features of")
    return found


@contextmanager
def evaluating(model: object) -> Iterator[torch.device | None]:
    """A model in evaluation mode, and as it was afterwards; the value is its device, None where it is no module."""
    modes = {module: module.training for module in model.modules()} if isinstance(model, nn.Module) else {}
    if isinstance(model, nn.Module):
        model.eval()
    try:
        if isinstance(model, nn.Module):
            yield next(chain(model.parameters(), model.buffers()), torch.zeros(())).device
        else:
            yield None
    finally:
        for module, training in modes.items():  # each its own: some may be frozen
            module.training = training


def refuse_other_shapes(model: object, inputs: Tensor) -> None:
    """An error where a run's model meets inputs of another shape than it was trained on: images B×C×H×W, values B×…"""
    spec = (getattr(model, "config", None) or {}).get("data_spec") or {}
    shape = tuple(spec.get("image_shape") or spec.get("value_shape") or ())
    if not shape or shape == tuple(inputs.shape[1:]):
        return
    own, other = (" x ".join(map(str, each)) for each in (shape, inputs.shape[1:]))
    if not spec.get("image_shape"):
        raise MetapriorError(
            f"the model was trained on values of {own}, and these are {other}; take data of that shape"
        )
    raise MetapriorError(
        f"the model was trained on images of {own} (channels, height, width) and these are {other}; "
        f"take data of the model's size, as in NAME:size={shape[2]}"
    )


def _read(images: Tensor | Gathers, rows: Tensor) -> Tensor:
    if not isinstance(images, Tensor):
        return images.gather(rows).inputs
    picked = images[rows.to(images.device)]
    return picked.float() / 255 if picked.dtype == torch.uint8 else picked


@torch.inference_mode()
def _encode(encode: Callable[[Tensor], Tensor], images: Tensor, device: torch.device | None) -> Tensor:
    codes = encode(images.to(device) if device is not None else images)
    if codes.ndim != 2 or len(codes) != len(images):
        raise MetapriorError(
            f"encode() must give one row of features an image; {len(images)} images gave shape {tuple(codes.shape)}"
        )
    return codes
