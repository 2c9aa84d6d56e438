"""metaprior: learn, judge and use visual representations when labels are few.

>>> import metaprior
>>> run = metaprior.train("s2-beta-vae", data="dsprites", labels=100)  # doctest: +SKIP
>>> codes = metaprior.load(run.folder).encode(images)  # doctest: +SKIP
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from metaprior import core, data, judge, methods, metrics, nets, objectives, papers, report, study, training
    from metaprior.core import MetapriorError
    from metaprior.study import Experiment, from_pretrained, load, pipeline, push_to_hub, save_pretrained, select, train
    from metaprior.training import Loop

__version__ = "0.1.0"

__all__ = [
    "Experiment", "Loop", "MetapriorError", "core", "data", "from_pretrained", "judge", "load", "methods", "metrics",
    "nets", "objectives", "papers", "pipeline", "push_to_hub", "report", "save_pretrained", "select", "study", "train",
    "training",
]  # fmt: skip

_HOMES = {"MetapriorError": "metaprior.core", "Loop": "metaprior.training"}
_ROOMS = frozenset(
    ("core", "data", "judge", "methods", "metrics", "nets", "objectives", "papers", "report", "study", "training")
)


def __getattr__(name: str) -> _Any:
    """Import rooms and public names when they are first used, so that ``import metaprior`` and ``--help`` are quick."""
    if name in _ROOMS:
        return _importlib.import_module(f"metaprior.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'metaprior' has no attribute '{name}'")
    return getattr(_importlib.import_module(_HOMES.get(name, "metaprior.study")), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return [*__all__, "__version__"]
