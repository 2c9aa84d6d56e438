"""Transposed convolutions, computed faster on a CPU; why and by how much: docs/decisions/006-convolutions.md."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FEW = 3  # output channels up to which one small matrix product and an overlapping sum beat oneDNN's kernel


class ConvTranspose2d(nn.ConvTranspose2d):
    """``nn.ConvTranspose2d``: the same function, parameters and state, in faster forms on a CPU.

    An image of few channels is the product of each pixel's features with the kernel, summed where the kernels overlap.
    The bias takes its gradient apart from the convolution's. Everything else, and every other device, is PyTorch's.

    >>> layer = ConvTranspose2d(32, 1, 4, stride=2, padding=1)
    >>> layer(torch.zeros(2, 32, 8, 8)).shape
    torch.Size([2, 1, 16, 16])
    """

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        usual = self.groups == 1 and set(self.dilation) == {1} and set(self.output_padding) == {0}
        if input.device.type != "cpu" or input.dim() != 4 or output_size is not None or not usual:
            return super().forward(input, output_size)
        weight, bias = self.weight, self.bias
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            input, weight, bias = input.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
        return _ConvTranspose2d.apply(input, weight, bias, self.stride, self.padding)


class _ConvTranspose2d(torch.autograd.Function):
    """The forms above; the gradients are those of PyTorch's own operator and can be differentiated again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        features: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...]
    ) -> Tensor:
        if weight.shape[1] > _FEW:
            return F.conv_transpose2d(features, weight, bias, stride, padding)
        kernel = tuple(weight.shape[2:])
        sizes = zip(features.shape[2:], stride, padding, kernel, strict=True)
        size = tuple((n - 1) * s - 2 * p + k for n, s, p, k in sizes)
        patches = weight.flatten(1).t() @ features.flatten(2)  # B×(C·k·k)×(H·W)
        image = F.fold(patches, size, kernel, padding=padding, stride=stride)
        return image if bias is None else image + bias[:, None, None]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        features, weight, bias, ctx.stride, ctx.padding = inputs
        ctx.save_for_backward(features, weight)
        ctx.biased = bias is not None

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        features, weight = ctx.saved_tensors
        wanted = [*ctx.needs_input_grad[:2], False]  # with the bias among them oneDNN takes up to twice as long
        of_features, of_weight, _ = torch.ops.aten.convolution_backward(
            gradient, features, weight, None, ctx.stride, ctx.padding, [1, 1], True, [0, 0], 1, wanted
        )
        of_bias = gradient.sum(dim=(0, 2, 3)) if ctx.biased and ctx.needs_input_grad[2] else None
        return of_features, of_weight, of_bias, None, None
