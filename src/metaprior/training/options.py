"""The options of the loop: what belongs to no method."""

from dataclasses import dataclass
from typing import Literal

import torch

from metaprior.core import MetapriorError

_MOST_THREADS = 1024  # OpenMP crashes on absurd numbers


@dataclass(frozen=True, kw_only=True)
class Loop:
    """How a training is carried out."""

    steps: int = 300_000
    """Updates of the first player."""
    seed: int = 0
    """Seed of every random number of the run."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps; auto takes cuda where there is one."""
    precision: Literal["float32", "bf16", "float64"] = "float32"
    """bf16 is automatic mixed precision; weights and losses stay float32."""
    compile: bool = False
    """Compile the players' modules with torch.compile (needs a C compiler)."""
    channels_last: bool = True
    """Keep images and convolutions in channels-last memory, where they are faster; a cohort does not."""
    fused: bool = True
    """Use the optimisers' fused kernels."""
    accumulate: int = 1
    """Micro-batches a turn; terms that couple the batch cannot be split so."""
    clip: float | None = None
    """Largest norm of a player's gradient."""
    threads: int | None = None
    """CPU threads; part of what makes two runs identical."""
    deterministic: bool = False
    """Refuse operations that are not deterministic on this device."""
    log_every: int | None = None
    """Steps between lines of metrics.jsonl; by default a hundredth of the run, at most 100."""
    checkpoint_every: int | None = None
    """Steps between checkpoints; by default every few seconds, so that they take at most 2 % of the time."""
    keep: int = 2
    """Checkpoints kept."""
    explode: float = 1e12
    """A term beyond this stops the run, as NaN does."""
    tensorboard: bool = False
    """Also write TensorBoard event files into the run folder."""
    wandb: str | None = None
    """Also log to this Weights & Biases project."""

    def __post_init__(self) -> None:
        for name in ("steps", "accumulate", "keep", "log_every", "checkpoint_every", "threads"):
            value = getattr(self, name)
            if value is not None and value < (0 if name == "steps" else 1):
                raise MetapriorError(f"loop.{name} must be at least {0 if name == 'steps' else 1}, not {value}")
        for name in ("clip", "explode"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise MetapriorError(f"loop.{name} must be above 0, not {value}")
        if (self.threads or 1) > _MOST_THREADS:
            raise MetapriorError(f"loop.threads must be at most {_MOST_THREADS}, not {self.threads}")

    @property
    def log_interval(self) -> int:
        """Steps between lines of metrics.jsonl."""
        return self.log_every or max(1, min(100, self.steps // 100))

    @property
    def dtype(self) -> torch.dtype:
        """The type of weights and losses."""
        return torch.float64 if self.precision == "float64" else torch.float32

    def find_device(self, local_rank: int = 0) -> torch.device:
        """The device to train on, or an error when it is not there."""
        if self.device == "auto":
            return torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")
        try:
            device = torch.device(self.device)
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as fault:
            raise MetapriorError(f"device '{self.device}' is not usable here: {str(fault).splitlines()[0]}") from None
        if device.type == "meta":
            raise MetapriorError("the device meta computes nothing; take cpu or cuda")
        return torch.device("cuda", local_rank) if self.device == "cuda" else device
