"""Data parallelism under ``torchrun``: a process a device, gradients averaged by DDP, rows gathered differentiably."""

import os
import warnings
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from metaprior.core import MetapriorError


@dataclass(frozen=True)
class Processes:
    """The processes of this training; one, unless launched by ``torchrun``."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def gather(self, rows: Tensor) -> Tensor:
        """The rows of all processes in the order of ranks; gradients flow back to each."""
        return _AllGather.apply(rows) if self.count > 1 else rows  # pyright: ignore[reportReturnType]

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module, its gradients averaged over processes."""
        if self.count == 1:
            return module
        with warnings.catch_warnings():  # torch 2.15 renames the option; 2.11 knows only this name
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(module, broadcast_buffers=False)

    def agree(self, value: float) -> float:
        """The first process's value, for decisions that all must take alike."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def worst(self, value: bool) -> bool:
        """Whether it is true in any process."""
        if self.count == 1:
            return value
        flags: list[Any] = [None] * self.count
        dist.all_gather_object(flags, value)
        return any(flags)

    def wait(self) -> None:
        """Wait for all processes."""
        if self.count > 1:
            dist.barrier()


def join_processes() -> Processes:
    """Join the process group that ``torchrun`` describes in the environment, if it does."""
    if not dist.is_available() or "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    return Processes(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))


class _AllGather(torch.autograd.Function):
    """Concatenate rows over processes; the gradient of a row is summed over processes and sent home."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.rows = len(rows)
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = gradients[0].contiguous()
        dist.all_reduce(total)
        return total[dist.get_rank() * ctx.rows :][: ctx.rows]


def refuse_to_gather(rows: Tensor) -> Tensor:
    """What a term that couples the batch meets when the batch is accumulated in micro-batches."""
    raise MetapriorError("a term of this method couples the whole batch, which accumulate > 1 would split; set it to 1")
