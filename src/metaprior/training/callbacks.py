"""Callbacks: how monitors and loggers enter the loop without the loop knowing them."""

import contextlib
import importlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from metaprior.core import MetapriorError, Method
from metaprior.files import whole
from metaprior.training.options import Loop
from metaprior.training.run import Run


class Callback:
    """Override what you need. Values that :meth:`stepped` returns join the next line of ``metrics.jsonl``."""

    def begin(self, method: Method, loop: Loop, run: Run | None, step: int) -> None:
        """Called before the first step, and after a resume with the step resumed from."""

    def stepped(self, method: Method, step: int) -> dict[str, float] | None:
        """Called after each step: ``step`` steps are done."""

    def logged(self, record: dict[str, Any]) -> None:
        """Called with each line of ``metrics.jsonl``."""

    def end(self, method: Method) -> None:
        """Called once, also when the run stops early."""


@contextlib.contextmanager
def listening(callback: Callback, method: Method, loop: Loop, run: Run | None, step: int) -> Iterator[None]:
    """A callback between its ``begin`` and its ``end``; one that could not begin is not ended."""
    callback.begin(method, loop, run, step)
    try:
        yield
    finally:
        callback.end(method)


def loggers(loop: Loop) -> list[Callback]:
    """The loggers that the loop asks for; an error that says what to install where the package of one is missing."""
    found: list[Callback] = [TensorBoard()] if loop.tensorboard else []
    return [*found, WeightsAndBiases(loop.wandb)] if loop.wandb else found


def optional(module: str, purpose: str) -> ModuleType:
    """A module of a package that is not always installed."""
    try:
        return importlib.import_module(module)
    except ImportError as fault:
        reason = str(fault).splitlines()[0]
        raise MetapriorError(f"{purpose} needs more packages ({reason}): pip install 'metaprior[log]'") from None


class TensorBoard(Callback):
    """Scalars to event files in the run folder."""

    def __init__(self) -> None:
        self.module: Any = optional("torch.utils.tensorboard", "--tensorboard")

    def begin(self, method: Method, loop: Loop, run: Run | None, step: int) -> None:
        folder = str(run.folder / "tensorboard") if run else None
        self.writer = self.module.SummaryWriter(folder, purge_step=step + 1)  # the line of this very step stays

    def logged(self, record: dict[str, Any]) -> None:
        for name, value in record["terms"].items():
            if value is not None:
                self.writer.add_scalar(name, value, record["step"])

    def end(self, method: Method) -> None:
        self.writer.close()


class WeightsAndBiases(Callback):
    """Scalars to a Weights & Biases project, offline where ``WANDB_MODE=offline`` says so.

    A run folder keeps the name that the project knows it by, so that a resumed training goes on in the same curves.
    """

    def __init__(self, project: str) -> None:
        self.module: Any = optional("wandb", "--wandb")
        self.project = project

    def begin(self, method: Method, loop: Loop, run: Run | None, step: int) -> None:
        of_run: dict[str, Any] = {}
        if run:
            where = str(run.folder)
            of_run = {"id": identity(run.folder), "name": run.folder.name, "config": run.config, "dir": where}
        try:
            self.run = self.module.init(project=self.project, resume="allow", **of_run)
        except Exception as fault:  # no login, no network, no such project: the package has many kinds
            reason = str(fault).strip().splitlines()[0].rstrip(".")
            hint = "WANDB_MODE=offline logs without a login or a network"
            raise MetapriorError(f"--wandb could not begin: {reason}; {hint}") from fault

    def logged(self, record: dict[str, Any]) -> None:
        self.run.log(record["terms"], step=record["step"])

    def end(self, method: Method) -> None:
        self.run.finish()


def identity(folder: Path) -> str:
    """What a run folder is called on Weights & Biases: drawn once, and kept in the folder."""
    path = folder / "wandb" / "id"
    if not path.exists():
        with whole(path) as temporary:
            temporary.write_text(uuid.uuid4().hex)
    return path.read_text().strip()
