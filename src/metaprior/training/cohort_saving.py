"""What a cohort keeps and goes back to: in each member's folder, the checkpoints and weights of a single run."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.training.checkpoint import Checkpoint, checkpoints, load_checkpoint, save_checkpoint
from metaprior.training.progress import print_warning
from metaprior.training.weights import load_tensors, saved_tensors

if TYPE_CHECKING:
    from metaprior.training.cohort import Cohort


def write_checkpoints(cohort: "Cohort") -> None:
    """Write a checkpoint of each living member whose weights are still finite, and note when and how long it took."""
    began = time.monotonic()
    for i, member in enumerate(cohort.members):
        weights = saved_tensors(member.method)
        if member.run is None or not cohort.alive[i] or not finite(weights):
            continue
        groups = {
            "model": weights,
            "optimizer": {k: v for turns in cohort.turns for k, v in turns.state(i).items()},
            "average": {},
            "carried": {},
            "clock": {"seconds": torch.tensor(cohort.seconds[i], dtype=torch.float64)},
        }
        save_checkpoint(member.run.folder / "checkpoint", Checkpoint(cohort.step, groups), cohort.loop.keep)
    cohort.saved_at = time.monotonic()
    cohort.saving = cohort.saved_at - began


def go_back(cohort: "Cohort") -> None:
    """Go back to the newest step of which all living members have a sound checkpoint, or to the beginning."""
    runs = [member.run for member in cohort.members if member.run]
    if len(runs) < len(cohort.members):
        raise MetapriorError("a cohort can only be resumed when every member has a run")
    cohort.diverged = {i: reason for i, run in enumerate(runs) if (reason := run.diverged)}
    cohort.alive = [i not in cohort.diverged for i in range(len(runs))]
    living = [i for i, alive in enumerate(cohort.alive) if alive]
    cohort.step, found, faults = newest_in_common([runs[i].folder for i in living], cohort.device)
    for fault in faults:
        print_warning(f"{fault}; going back to {f'step {cohort.step}' if found else 'the beginning'}")
    for i in living:
        runs[i].cut_metrics(cohort.step)
    for i, checkpoint in zip(living, found, strict=False):
        load_tensors(cohort.members[i].method, checkpoint.groups["model"])
        cohort.seconds[i] = checkpoint.groups["clock"]["seconds"].item()
        for turns in cohort.turns:
            turns.load_state(i, checkpoint.groups["optimizer"])


def newest_in_common(
    folders: Sequence[Path], device: torch.device | str = "cpu"
) -> tuple[int, list[Checkpoint], list[str]]:
    """The newest step of which all run folders have a sound checkpoint, these, and why each newer step was passed over.

    Step 0 and no checkpoints where there is none.
    """
    steps = {int(path.name) for folder in folders for path in checkpoints(folder / "checkpoint")}
    faults = []
    for step in sorted(steps, reverse=True):
        paths = [folder / "checkpoint" / f"{step:09d}" for folder in folders]
        if lacking := [folder for folder, path in zip(folders, paths, strict=True) if not path.is_dir()]:
            faults.append(f"{lacking[0]} has no checkpoint of step {step}")
            continue
        try:
            return step, [load_checkpoint(path, device) for path in paths], faults
        except MetapriorError as fault:
            faults.append(str(fault))
    return 0, [], faults


def write_weights(cohort: "Cohort") -> None:
    """The final weights of each living member; one whose weights are not finite any more is given up."""
    for i, member in enumerate(cohort.members):
        if not cohort.alive[i]:
            continue
        weights = saved_tensors(member.method)
        if not finite(weights):
            cohort.give_up(i, f"{cohort.names[i]}: the weights were no longer finite at step {cohort.step}")
        elif member.run:
            member.run.write_weights(weights)


def finite(weights: Mapping[str, Tensor]) -> bool:
    """Whether all weights are finite."""
    return all(bool(value.isfinite().all()) for value in weights.values() if value.is_floating_point())
