"""Resizing as TensorFlow 1 did it, whose corners others do not share, and as the others do it."""

from typing import Literal, TypeAlias

from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn.functional import interpolate, pad

Kernel: TypeAlias = Literal["legacy", "bilinear", "antialias", "bicubic"]


def resize(images: Shaped[Tensor, "n c h w"], size: int, kernel: Kernel) -> Shaped[Tensor, "n c size size"]:
    """Pictures, uint8 or floating, stretched to ``size`` × ``size``, whatever their shape was.

    ``legacy`` is :func:`resize_legacy`; ``bilinear`` places pixels by their centres and takes the two nearest, as
    TensorFlow 2 does; both give floating values. ``antialias`` and ``bicubic`` weigh all pixels that shrink into one,
    as Pillow does, and differ in the kernel; of bytes they give Pillow's bytes.

    >>> import torch
    >>> resize(torch.tensor([[[[0.0, 4.0]]]]), 4, "bilinear")[0, 0, 0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    if kernel == "legacy":
        return resize_legacy(images.float(), size)
    if kernel == "bilinear":
        return interpolate(images.float(), (size, size), mode="bilinear", align_corners=False)
    mode = "bicubic" if kernel == "bicubic" else "bilinear"
    return interpolate(images, (size, size), mode=mode, align_corners=False, antialias=True)


def resize_legacy(images: Float[Tensor, "n c h w"], size: int) -> Float[Tensor, "n c size size"]:
    """Bilinear between the pixels at floor(s) and floor(s) + 1, s = i·(input side / size), cut at the last pixel.

    Pixels are placed by their upper left corners, not their centres, and when shrinking all but two pixels a side are
    passed over: TensorFlow 1's ``tf.image.resize`` with ``align_corners`` and ``half_pixel_centers`` false, the
    reference code's (card 1.4). With the last row and column repeated it is PyTorch's bilinear kernel with aligned
    corners, for one pixel more on each side.

    >>> import torch
    >>> resize_legacy(torch.tensor([[[[0.0, 4.0]]]]), 4)[0, 0, 0].tolist()
    [0.0, 2.0, 4.0, 4.0]
    """
    if images.shape[-2:] == (size, size):
        return images
    longer = pad(images, (0, 1, 0, 1), mode="replicate")
    return interpolate(longer, (size + 1, size + 1), mode="bilinear", align_corners=True)[..., :size, :size]
