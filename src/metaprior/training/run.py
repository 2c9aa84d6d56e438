"""The run folder: the whole truth of one training."""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.files import unwritable, whole

FORMAT = 1


class Occupied(MetapriorError):
    """Another process is training into the folder."""


@dataclass(frozen=True)
class Run:
    """A folder with ``config.json``, ``metrics.jsonl``, ``checkpoint/``, ``model.safetensors``, ``scores/``."""

    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved config; an error when the folder is no run or one of another format."""
        path = self.folder / "config.json"
        try:
            config = json.loads(path.read_text())
        except FileNotFoundError:
            why = "it holds no config.json" if self.folder.exists() else "there is no such folder"
            raise MetapriorError(f"{self.folder} is not a run: {why}") from None
        except (OSError, ValueError) as fault:
            raise MetapriorError(f"{path} cannot be read: {fault}") from None
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            written = config.get("version", "unknown") if isinstance(config, dict) else "unknown"
            found = config.get("format", "none") if isinstance(config, dict) else "none"
            raise MetapriorError(
                f"run folder {self.folder} was written by metaprior {written} (run format {found}); this is metaprior "
                f"{version('metaprior')}, which reads format {FORMAT}; install the version that wrote it"
            )
        return config

    @property
    def begun(self) -> bool:
        """Whether a training has begun here."""
        return (self.folder / "config.json").exists()

    @property
    def trained(self) -> bool:
        """Whether any of a training was kept."""
        return (self.folder / "metrics.jsonl").exists() or any((self.folder / "checkpoint").glob("*"))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes of this machine from training into the folder, which is made if need be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder, os.O_RDONLY)
        except OSError as fault:
            raise unwritable(self.folder, fault) from fault
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Occupied(
                f"another process is training into {self.folder}; wait for it, or choose another --out"
            ) from None
        finally:
            os.close(handle)

    @property
    def finished(self) -> bool:
        """Whether the final weights are there."""
        return (self.folder / "model.safetensors").exists()

    @property
    def diverged(self) -> str | None:
        """Why the run was given up as a member of a cohort, if it was."""
        path = self.folder / "diverged.json"
        return json.loads(path.read_text())["reason"] if path.exists() else None

    def write_diverged(self, reason: str) -> None:
        """Keep why the run was given up, so that the cohort can go on without it."""
        with whole(self.folder / "diverged.json") as temporary:
            temporary.write_text(json.dumps({"reason": reason}) + "\n")

    def forget_divergence(self) -> None:
        """Let the run be tried again."""
        (self.folder / "diverged.json").unlink(missing_ok=True)

    def write_config(self, config: dict[str, Any]) -> None:
        """Write ``config.json`` with the format, the versions and the machine."""
        text = json.dumps({"format": FORMAT, "version": version("metaprior")} | config, indent=1)
        with whole(self.folder / "config.json") as temporary:
            temporary.write_text(text + "\n")
        self.__dict__.pop("config", None)  # one that was read before is out of date

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add a line to ``metrics.jsonl``, all of it or nothing; a value that is not finite is written as null."""
        path = self.folder / "metrics.jsonl"
        before = path.stat().st_size if path.exists() else 0
        try:
            with path.open("a") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as fault:
            with contextlib.suppress(OSError):
                os.truncate(path, before) if before else path.unlink()
            raise unwritable(path, fault) from fault

    def cut_metrics(self, step: int) -> None:
        """Drop the lines of ``metrics.jsonl`` after a step, and a torn last line."""
        path = self.folder / "metrics.jsonl"
        if not path.exists():
            return
        kept = []
        for line in path.read_text().splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
            except (ValueError, KeyError, TypeError):
                continue
        with whole(path) as temporary:
            temporary.write_text("".join(kept))

    def write_weights(self, tensors: dict[str, Tensor], name: str = "model") -> None:
        """Write ``<name>.safetensors``, with a checksum of its tensors in its header."""
        held = {k: v.detach().contiguous().cpu() for k, v in tensors.items()}
        with whole(self.folder / f"{name}.safetensors") as temporary:
            save_file(held, temporary, {"sha256": checksum(held)})

    def read_weights(self, name: str = "model") -> dict[str, Tensor]:
        """Read ``<name>.safetensors``; an error where it is missing, torn or altered."""
        path = self.folder / f"{name}.safetensors"
        try:
            with safe_open(path, "pt") as file:
                written = (file.metadata() or {}).get("sha256")
            tensors = load_file(path)
            if written not in (None, checksum(tensors)):
                raise MetapriorError(f"{path} is damaged: its tensors do not match their checksum; train it anew")
            return tensors
        except FileNotFoundError:
            unfinished = self.begun and "; the training has not finished: go on with --resume"
            raise MetapriorError(f"{self.folder} holds no {path.name}{unfinished or ''}") from None
        except (OSError, SafetensorError) as fault:
            raise MetapriorError(f"{path} is damaged: {fault}") from None


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """The SHA-256 of tensors and their names, in hexadecimal.

    >>> checksum({"w": torch.zeros(2)}) == checksum({"w": torch.zeros(2)}) != checksum({"w": torch.ones(2)})
    True
    """
    content = hashlib.sha256()
    for name in sorted(tensors):
        content.update(f"{name} {tuple(tensors[name].shape)} {tensors[name].dtype} ".encode())
        content.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return content.hexdigest()


def new_run_folder(parent: Path, name: str) -> Path:
    """``parent/name-<i>`` with the first free number.

    >>> new_run_folder(Path("/nonexistent"), "beta-vae").name
    'beta-vae-0'
    """
    stem = name.replace("/", "-").removeprefix(".").split(":")[-1]
    taken = (parent / f"{stem}-{i}" for i in range(10**6))
    return next(path for path in taken if not path.exists())


def provenance(threads: int | None = None) -> dict[str, Any]:
    """Versions, machine and commit, for ``config.json``."""
    commit = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor() or "cpu",
        "threads": threads or torch.get_num_threads(),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "commit": commit.stdout.strip() or None,
    }
