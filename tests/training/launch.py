"""Several gloo processes on this machine, as ``torchrun`` would start them."""

import os
import socket
from collections.abc import Callable
from typing import Any

import torch
import torch.multiprocessing as mp

from metaprior.study.workers import processes


def launch(work: Callable[..., None], *arguments: Any, count: int = 2) -> None:
    """Call ``work(rank, *arguments)`` in ``count`` processes and wait for them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes()  # says what the server of processes imports, once for all of them
    mp.start_processes(_begin, (port, count, work, arguments), nprocs=count, start_method="forkserver")


def _begin(rank: int, port: int, count: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1")
    os.environ["MASTER_PORT"] = str(port)
    torch.set_num_threads(1)
    work(rank, *arguments)
    torch.distributed.destroy_process_group()
