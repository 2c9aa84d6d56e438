"""What a training keeps and goes back to: checkpoints while it goes on, its weights when it ends."""

import time
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from metaprior.core import Diverged
from metaprior.training.checkpoint import Checkpoint, newest_checkpoint, save_checkpoint
from metaprior.training.progress import print_warning
from metaprior.training.run import Run
from metaprior.training.spread import local, whole_tensor
from metaprior.training.weights import load_tensors, saved_tensors

if TYPE_CHECKING:
    from metaprior.training.loop import Training

_SHARE_OF_TIME = 0.02  # what checkpoints may take of the training's time
_FIRST_CHECKPOINT = 3.0  # seconds; also the shortest time between two


def time_to_save(saved_at: float, saving: float) -> bool:
    """Whether a checkpoint that takes ``saving`` seconds is due, the last being of time ``saved_at``."""
    return time.monotonic() - saved_at > max(_FIRST_CHECKPOINT, saving / _SHARE_OF_TIME)


def write_checkpoint(training: "Training", run: Run) -> None:
    """Write all that a resumed run needs, unless the weights are not finite any more."""
    processes, turns = training.processes, training.turns
    own = {f"{processes.rank}/{i}/{k}": v.clone() for i, s in enumerate(training.carried) for k, v in s.items()}
    carried = {k: v for each in processes.all(own) for k, v in each.items()}
    weights = saved_tensors(training.method)
    lost = any(not local(value).isfinite().all() for value in weights.values() if value.is_floating_point())
    if processes.worst(lost):
        raise Diverged(f"the weights were no longer finite at step {training.step}; {training.last_good()}")
    groups = {
        "model": weights,
        "optimizer": {k: v for each in turns for k, v in each.state().items()},
        "average": {k: v for each in turns for k, v in each.averages()},
        "carried": carried,
        "clock": {"seconds": torch.tensor(training.seconds, dtype=torch.float64)},
    }
    save_checkpoint(run.folder / "checkpoint", Checkpoint(training.step, groups), training.loop.keep, processes)
    processes.wait()


def go_back(training: "Training", run: Run) -> None:
    """Go back to the newest sound checkpoint, or to the beginning where there is none."""
    processes = training.processes

    def empty(name: str, size: torch.Size, dtype: torch.dtype) -> Tensor:
        return laid_out(training, name, size, dtype)

    checkpoint, faults = newest_checkpoint(run.folder / "checkpoint", training.device, empty)
    for fault in faults if processes.first else ():
        before = f"step {checkpoint.step}" if checkpoint else "the beginning"
        print_warning(f"{fault}; going back to {before}")
    training.step = checkpoint.step if checkpoint else 0
    if processes.first:
        run.cut_metrics(training.step)
    processes.wait()
    if checkpoint is None:
        return
    load_tensors(training.method, checkpoint.groups["model"])
    training.seconds = checkpoint.groups["clock"]["seconds"].item()
    for turns in training.turns:
        turns.load_state(checkpoint.groups["optimizer"])
        turns.load_averages(checkpoint.groups["average"])
    for name, value in checkpoint.groups["carried"].items():
        rank, micro, key = name.split("/", 2)
        if int(rank) == processes.rank:
            training.carried[int(micro)][key] = value


def laid_out(training: "Training", name: str, size: torch.Size, dtype: torch.dtype) -> Tensor:
    """Where a tensor of a checkpoint belongs that is spread over processes: laid out as its parameter is."""
    group, _, key = name.partition("/")
    players = {f"{turns.player.name}/{k}": v for turns in training.turns for k, v in turns.parameters.items()}
    owners: dict[str, Tensor | None] = {
        "model": training.method.state_dict().get(key),
        "optimizer": players.get(key.rpartition("/")[0]),
        "average": next((p for n, p in players.items() if n.partition("/")[2] == key), None),
    }
    owner = owners.get(group)
    if owner is None or owner.shape != size:
        return torch.empty(size, dtype=dtype, device=training.device)
    return torch.empty_like(owner, dtype=dtype)


def write_weights(training: "Training", run: Run) -> None:
    """The final weights, and their averages where players keep some, as files of whole tensors."""
    averages = {k: v for turns in training.turns for k, v in turns.averages()}
    for name, tensors in (("average", averages), ("model", saved_tensors(training.method))):
        made_whole = {}
        for key, value in tensors.items():  # one after another: the whole of a spread method fits on no device
            one = whole_tensor(value)
            if training.processes.first:
                made_whole[key] = one.cpu()
        if made_whole:
            run.write_weights(made_whole, name)
