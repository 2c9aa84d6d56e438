"""Several processes under ``torchrun``, a device each: who sees which part of the batch, and what all must agree on.

Gradients are averaged by DDP, or by FSDP2 where a method spreads its modules; rows are gathered differentiably.
"""

import os
import warnings
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.nn.parallel import DistributedDataParallel

from metaprior.core import MetapriorError

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """The processes of this training; one, unless launched by ``torchrun``."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    mesh: DeviceMesh | None = None
    """The processes among which each batch is divided; None: all of them, each with a copy of the method."""

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    @property
    def part(self) -> int:
        """Which part of each batch this process sees; processes of one tensor-parallel group see the same."""
        return self.mesh.get_local_rank() if self.mesh else self.rank

    @property
    def parts(self) -> int:
        """Into how many parts each batch is divided."""
        return self.mesh.size() if self.mesh else self.count

    def gather(self, rows: Tensor) -> Tensor:
        """The rows of all parts of the batch, in order; gradients flow back to each."""
        if self.parts == 1:
            return rows
        return _AllGather.apply(rows, self.mesh.get_group() if self.mesh else None)  # pyright: ignore[reportReturnType]

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module, its gradients averaged over processes; what is spread over them averages its own."""
        if self.count == 1 or self.mesh:
            return module
        with warnings.catch_warnings():  # torch 2.15 renames the option; 2.11 knows only this name
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(module, broadcast_buffers=False)

    def agree(self, value: T) -> T:
        """The first process's value, for decisions that all must take alike."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def all(self, value: T) -> list[T]:
        """The values of all processes, in the order of ranks."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        dist.all_gather_object(values, value)
        return values

    def worst(self, value: bool) -> bool:
        """Whether it is true in any process."""
        return any(self.all(value))

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
    """Concatenate rows over a group of processes; a row's gradient is summed over them and sent home."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, group: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.rows, ctx.group = len(rows), group
        like = torch.empty_like(rows, memory_format=torch.contiguous_format)
        parts = [torch.empty_like(like) for _ in range(dist.get_world_size(group))]
        dist.all_gather(parts, rows.contiguous(), group=group)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = gradients[0].contiguous()
        dist.all_reduce(total, group=ctx.group)
        return total[dist.get_rank(ctx.group) * ctx.rows :][: ctx.rows], None


def refuse_to_gather(rows: Tensor) -> Tensor:
    """What a term that couples the batch meets when the batch is accumulated in micro-batches."""
    raise MetapriorError("a term of this method couples the whole batch, which accumulate > 1 would split; set it to 1")
