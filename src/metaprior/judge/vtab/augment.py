"""What training batches go through in recipes that augment: a random square of each picture, mirrored half the time."""

import torch
from jaxtyping import Float
from torch import Tensor

from metaprior.core import Step
from metaprior.methods.classifier import Augment


def augmentation(size: int, crop: bool, mirror: bool) -> Augment | None:
    """Cut a square of ``size`` out of each picture at random, and mirror it or not; None: nothing is to be done."""
    if not crop and not mirror:
        return None

    def augment(images: Tensor, step: Step) -> Tensor:
        if crop:
            images = cropped(images, step.rand("crop", len(images), 2), size)
        return mirrored(images, step.rand("mirror", len(images))) if mirror else images

    return augment


def cropped(
    images: Float[Tensor, "b c h w"], places: Float[Tensor, "b 2"], size: int
) -> Float[Tensor, "b c size size"]:
    """A square of each picture, from top to bottom and from left to right as far as its two numbers in [0, 1) say.

    >>> cropped(torch.arange(9.0).reshape(1, 1, 3, 3), torch.tensor([[0.0, 0.99]]), 2).flatten().tolist()
    [1.0, 2.0, 4.0, 5.0]
    """
    room = torch.tensor(images.shape[2:], device=images.device) - size + 1
    first = (places * room).long()[:, :, None] + torch.arange(size, device=images.device)
    rows, columns = first[:, 0, :, None], first[:, 1, None, :]
    picture = torch.arange(len(images), device=images.device)[:, None, None]
    return images.permute(0, 2, 3, 1)[picture, rows, columns].permute(0, 3, 1, 2)


def mirrored(images: Float[Tensor, "b c h w"], draws: Float[Tensor, " b"]) -> Float[Tensor, "b c h w"]:
    """Each picture whose number is below a half, left for right."""
    return torch.where((draws < 0.5)[:, None, None, None], images.flip(3), images)
