"""Suites of tasks by name."""

from collections.abc import Mapping

from metaprior.data.vtab.standins import DESK
from metaprior.data.vtab.task import Task
from metaprior.data.vtab.tasks import VTAB

SUITES: Mapping[str, Mapping[str, Task]] = {"vtab": VTAB, "vtab-desk": DESK}
"""The benchmark, and stand-ins that need no data from elsewhere but the packs; a score of these is none of VTAB's."""
