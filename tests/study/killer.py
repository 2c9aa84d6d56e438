"""Recipes whose training kills its process, as a machine without memory does, or tells it to end."""

import gc
import multiprocessing
import os
import signal
import weakref
from dataclasses import dataclass
from pathlib import Path

from metaprior.core import DataSpec, Method
from metaprior.methods import BetaVAERecipe


@dataclass(frozen=True, kw_only=True)
class Killer(BetaVAERecipe):
    """Ends where others begin."""

    def build(self, data: DataSpec) -> Method:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().build(data)


@dataclass(frozen=True, kw_only=True)
class Ender(BetaVAERecipe):
    """Tells its process to end, the first time."""

    def build(self, data: DataSpec) -> Method:
        if not Path("told").exists():
            Path("told").touch()
            os.kill(os.getpid(), signal.SIGINT)
        return super().build(data)


@dataclass(frozen=True, kw_only=True)
class Crowded(BetaVAERecipe):
    """Kills a process that holds two of its models at once, as models do that are too large to be two."""

    def build(self, data: DataSpec) -> Method:
        gc.collect()
        if HELD and multiprocessing.parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        method = super().build(data)
        HELD.add(method)
        return method


@dataclass(frozen=True, kw_only=True)
class Broken(BetaVAERecipe):
    """Has a fault of its own."""

    def build(self, data: DataSpec) -> Method:
        raise ValueError("it cannot be built")


@dataclass(frozen=True, kw_only=True)
class Teller(BetaVAERecipe):
    """Tells what is in the environment."""

    def build(self, data: DataSpec) -> Method:
        raise ValueError(f"{os.environ.get('BEFORE')} {os.environ.get('LATER')}")


HELD: weakref.WeakSet[Method] = weakref.WeakSet()
recipe = Killer()
ender = Ender()
crowded = Crowded()
broken = Broken()
teller = Teller()
