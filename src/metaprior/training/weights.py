"""A method's tensors: which are kept, how they go back, how they lie in memory."""

from collections.abc import Mapping

import torch
from torch import Tensor

from metaprior.core import MetapriorError, Method
from metaprior.training.spread import is_spread, laid_out_as, local


def saved_tensors(method: Method) -> dict[str, Tensor]:
    """The method's weights and buffers without its frozen modules, tensors that two modules share once."""
    frozen = tuple(f"{name}." for name in method.frozen)
    seen: set[int] = set()
    tensors = {}
    for name, value in method.state_dict().items():
        place = local(value).data_ptr()
        if name.startswith(frozen) or (local(value).numel() and place in seen):
            continue
        seen.add(place)
        tensors[name] = value
    return tensors


def load_tensors(method: Method, tensors: Mapping[str, Tensor]) -> None:
    """Put saved weights into a method; an error when they are another method's."""
    expected = saved_tensors(method)
    if missing := expected.keys() - tensors.keys():
        raise MetapriorError(f"the weights lack {len(missing)} tensors of this method, such as '{min(missing)}'")
    if extra := tensors.keys() - expected.keys():
        raise MetapriorError(f"the weights hold {len(extra)} tensors that this method lacks, such as '{min(extra)}'")
    for name, value in expected.items():
        if value.is_floating_point() != tensors[name].is_floating_point():
            raise MetapriorError(f"the weights' '{name}' are {tensors[name].dtype}; this method's are {value.dtype}")
        if value.shape != tensors[name].shape:
            raise MetapriorError(
                f"the weights' '{name}' has shape {tuple(tensors[name].shape)}; this method's has {tuple(value.shape)}"
            )
    with torch.no_grad():
        for name, value in expected.items():
            value.copy_(laid_out_as(value, tensors[name]))


def channels_last(whole: Tensor) -> Tensor:
    """A B×C×H×W tensor in channels-last memory, also where one channel leaves PyTorch in doubt; others as they are."""
    if whole.dim() != 4 or is_spread(whole):
        return whole
    _, channels, height, width = whole.shape
    strides = (height * width * channels, 1, width * channels, channels)
    return whole.contiguous(memory_format=torch.channels_last).as_strided(whole.shape, strides)
