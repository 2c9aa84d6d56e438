"""Callbacks: how monitors and loggers enter the loop without the loop knowing them."""

from typing import Any

from metaprior.core import Method
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


class TensorBoard(Callback):
    """Scalars to event files in the run folder."""

    def begin(self, method: Method, loop: Loop, run: Run | None, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(run.folder / "tensorboard") if run else None, purge_step=step)

    def logged(self, record: dict[str, Any]) -> None:
        for name, value in record["terms"].items():
            if value is not None:
                self.writer.add_scalar(name, value, record["step"])

    def end(self, method: Method) -> None:
        self.writer.close()


class WeightsAndBiases(Callback):
    """Scalars to a Weights & Biases project, offline where ``WANDB_MODE=offline`` says so."""

    def __init__(self, project: str) -> None:
        self.project = project

    def begin(self, method: Method, loop: Loop, run: Run | None, step: int) -> None:
        import wandb  # pyright: ignore[reportMissingImports]

        name = run.folder.name if run else None
        self.run = wandb.init(project=self.project, name=name, config=run.config if run else None, resume="allow")

    def logged(self, record: dict[str, Any]) -> None:
        self.run.log(record["terms"], step=record["step"])

    def end(self, method: Method) -> None:
        self.run.finish()
