"""The tasks of the Visual Task Adaptation Benchmark, and stand-ins for them: exact splits, no TensorFlow."""

from metaprior.data.vtab.examples import Examples, Pictures
from metaprior.data.vtab.order import stored_order
from metaprior.data.vtab.prepare import prepare
from metaprior.data.vtab.presets import PRESETS, Preset, Resized, find_preset
from metaprior.data.vtab.resize import resize, resize_legacy
from metaprior.data.vtab.standins import DESK
from metaprior.data.vtab.status import Status, status
from metaprior.data.vtab.suites import SUITES
from metaprior.data.vtab.task import GROUPS, MissingTask, Task, TaskData
from metaprior.data.vtab.tasks import VTAB

__all__ = [
    "DESK", "GROUPS", "PRESETS", "SUITES", "VTAB", "Examples", "MissingTask", "Pictures", "Preset", "Resized",
    "Status", "Task", "TaskData", "find_preset", "prepare", "resize", "resize_legacy", "status", "stored_order",
]  # fmt: skip
