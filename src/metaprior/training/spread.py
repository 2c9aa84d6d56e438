"""Tensors spread over processes by FSDP2 or tensor parallelism: made whole, laid out, written and read.

PyTorch's modules for them take a second to import, so they are imported where one is at hand.
"""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

Empty: TypeAlias = Callable[[str, torch.Size, torch.dtype], Tensor]
"""An empty tensor to read a named one into, laid out as this process wants it."""


def is_spread(tensor: Tensor) -> bool:
    """Whether it is a DTensor, of which each process holds a part."""
    return hasattr(tensor, "full_tensor")


def local(tensor: Tensor) -> Tensor:
    """The part that this process holds."""
    return tensor.to_local() if is_spread(tensor) else tensor  # pyright: ignore[reportAttributeAccessIssue]


def whole_tensor(tensor: Tensor) -> Tensor:
    """The tensor from the parts of all processes, which must all ask."""
    return tensor.full_tensor() if is_spread(tensor) else tensor  # pyright: ignore[reportAttributeAccessIssue]


def laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A copy of ``value`` in the parameter's memory layout, spread over processes as the parameter is."""
    if is_spread(parameter) and not is_spread(value):
        from torch.distributed.tensor import distribute_tensor

        return distribute_tensor(value, parameter.device_mesh, parameter.placements)  # pyright: ignore
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def write_spread(tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Write tensors as safetensors, each process its parts; all processes must call it."""
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
    from torch.distributed.checkpoint.state_dict_saver import save

    held = {name: value.detach() for name, value in tensors.items()}
    save(held, storage_writer=HuggingFaceStorageWriter(path=str(folder), save_distributed=True))


def read_spread(folder: Path, empty: Empty) -> dict[str, Tensor]:
    """Read what :func:`write_spread` wrote, under any number of processes; all of them must call it."""
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
    from torch.distributed.checkpoint.state_dict_loader import load

    reader = HuggingFaceStorageReader(path=str(folder))
    known = reader.read_metadata().state_dict_metadata
    tensors = {name: empty(name, each.size, each.properties.dtype) for name, each in known.items()}  # pyright: ignore
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")  # one process may read what several wrote
        load(tensors, storage_reader=reader)
    return tensors
