"""The one loop: optimisers, schedules, checkpoints, devices, cohorts."""

from metaprior.training.callbacks import Callback
from metaprior.training.cohort import CohortResult, Member, fit_cohort
from metaprior.training.loop import Result, fit
from metaprior.training.options import Loop
from metaprior.training.progress import ProgressBar
from metaprior.training.run import Occupied, Run, new_run_folder, provenance
from metaprior.training.weights import load_tensors, saved_tensors

__all__ = [
    "Callback", "CohortResult", "Loop", "Member", "Occupied", "ProgressBar", "Result", "Run", "fit", "fit_cohort",
    "load_tensors", "new_run_folder", "provenance", "saved_tensors",
]  # fmt: skip
