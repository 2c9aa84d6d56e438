"""metaprior: learn, judge and use visual representations when labels are few.

>>> import metaprior
>>> run = metaprior.train("s2-beta-vae", data="dsprites", labels=100)  # doctest: +SKIP
>>> codes = metaprior.load(run.folder).encode(images)  # doctest: +SKIP
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metaprior.core import MetapriorError
    from metaprior.study import Experiment, from_pretrained, load, push_to_hub, save_pretrained, train
    from metaprior.training import Loop

__version__ = "0.1.0"

__all__ = ["Experiment", "Loop", "MetapriorError", "from_pretrained", "load", "push_to_hub", "save_pretrained", "train"]

_HOMES = {"MetapriorError": "metaprior.core", "Loop": "metaprior.training"}


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that ``import metaprior`` and ``--help`` are quick."""
    if name not in __all__:
        raise AttributeError(f"module 'metaprior' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES.get(name, "metaprior.study")), name)
