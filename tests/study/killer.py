"""Recipes whose training kills its process, as a machine without memory does, or tells it to end."""

import os
import signal
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


recipe = Killer()
ender = Ender()
