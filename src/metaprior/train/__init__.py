"""The one loop: optimisers, schedules, checkpoints, devices, cohorts."""

from metaprior.train.callbacks import Callback
from metaprior.train.loop import Result, fit, load_tensors, saved_tensors
from metaprior.train.options import Loop
from metaprior.train.progress import ProgressBar
from metaprior.train.run import Run, new_run_folder, provenance

__all__ = [
    "Callback", "Loop", "ProgressBar", "Result", "Run", "fit", "load_tensors", "new_run_folder", "provenance",
    "saved_tensors",
]  # fmt: skip
