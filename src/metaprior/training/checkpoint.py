"""Checkpoints: folders of safetensors and JSON that are whole, checked and never pickled."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.files import sha256, whole
from metaprior.training.processes import Processes
from metaprior.training.spread import Empty, is_spread, read_spread, write_spread

FORMAT = 1
GROUPS = ("model", "optimizer", "average", "carried", "clock")


def in_one_piece(name: str, size: torch.Size, dtype: torch.dtype) -> Tensor:
    """A tensor of a checkpoint that several processes wrote, whole."""
    return torch.empty(size, dtype=dtype)


@dataclass(frozen=True)
class Checkpoint:
    """The state after ``step`` steps: named groups of named tensors."""

    step: int
    groups: dict[str, dict[str, Tensor]]

    def flat(self) -> dict[str, Tensor]:
        """The tensors by ``group/name``."""
        return {f"{group}/{k}": v for group, tensors in self.groups.items() for k, v in tensors.items()}


def save_checkpoint(
    folder: Path,
    checkpoint: Checkpoint,
    keep: int = 2,
    processes: Processes = Processes(),  # noqa: B008 - frozen
) -> None:
    """Write ``folder/<step>/``, point ``folder/../latest`` to it, and drop all but the newest ``keep`` up to it.

    Later ones, which a resume passed over since they were damaged, go too. All processes call it. The first one writes,
    unless tensors are spread: then each writes its parts.
    """
    spread = any(map(is_spread, checkpoint.flat().values()))
    if not processes.first:
        if spread:
            write_spread(checkpoint.flat(), Path(processes.agree("")))
        return
    with whole(folder / f"{checkpoint.step:09d}") as temporary:
        temporary.mkdir()
        if spread:
            write_spread(checkpoint.flat(), Path(processes.agree(str(temporary))))
        for name, tensors in () if spread else checkpoint.groups.items():
            save_file({k: v.detach().contiguous().cpu() for k, v in tensors.items()}, temporary / f"{name}.safetensors")
        sums = {path.name: sha256(path) for path in sorted(temporary.iterdir())}
        header = {"format": FORMAT, "step": checkpoint.step, "spread": spread, "sha256": sums}
        (temporary / "checkpoint.json").write_text(json.dumps(header))
    with whole(folder.parent / "latest") as temporary:
        temporary.write_text(f"{folder.name}/{checkpoint.step:09d}\n")
    there = checkpoints(folder)
    kept = [path for path in there if int(path.name) <= checkpoint.step][-keep:]
    for path in there:
        if path not in kept:
            shutil.rmtree(path)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, oldest first."""
    return sorted(path for path in folder.glob("*") if path.is_dir() and path.name.isdigit())


def verified(path: Path) -> dict[str, Any]:
    """The header of a checkpoint whose files are what it says; otherwise a :class:`MetapriorError` that names it."""
    try:
        header = json.loads((path / "checkpoint.json").read_text())
        if header["format"] != FORMAT:
            raise MetapriorError(f"checkpoint {path} has format {header['format']}; this version reads {FORMAT}")
        for name, expected in header["sha256"].items():
            if sha256(path / name) != expected:
                raise MetapriorError(f"checkpoint {path} is corrupt: {name} does not match its checksum")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise MetapriorError(f"checkpoint {path} is damaged: {fault}") from None
    return header


def load_checkpoint(path: Path, device: torch.device | str = "cpu", empty: Empty = in_one_piece) -> Checkpoint:
    """Read one checkpoint; a torn, altered or foreign one is a :class:`MetapriorError` that names it.

    ``empty`` says where the tensors of a checkpoint belong that several processes wrote.
    """
    header = verified(path)
    try:
        if not header.get("spread"):
            names = [name.removesuffix(".safetensors") for name in header["sha256"]]
            groups = {name: load_file(path / f"{name}.safetensors", str(device)) for name in names}
            return Checkpoint(header["step"], groups)
        groups = {name: {} for name in GROUPS}
        for name, value in read_spread(path, empty).items():
            group, _, key = name.partition("/")
            groups[group][key] = value
        return Checkpoint(header["step"], groups)
    except (OSError, ValueError, KeyError, SafetensorError) as fault:
        raise MetapriorError(f"checkpoint {path} is damaged: {fault}") from None


def newest_sound(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest checkpoint that is sound, and a line about each newer one that is not."""
    faults = []
    for path in reversed(checkpoints(folder)):
        try:
            verified(path)
            return path, faults
        except MetapriorError as fault:
            faults.append(str(fault))
    return None, faults


def newest_checkpoint(
    folder: Path, device: torch.device | str = "cpu", empty: Empty = in_one_piece
) -> tuple[Checkpoint | None, list[str]]:
    """The content of the newest sound checkpoint, and a line about each newer one that is not."""
    path, faults = newest_sound(folder)
    return (load_checkpoint(path, device, empty) if path else None), faults
