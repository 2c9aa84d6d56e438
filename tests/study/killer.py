"""A recipe whose training kills its process, as a machine without memory does."""

import os
import signal
from dataclasses import dataclass

from metaprior.core import DataSpec, Method
from metaprior.methods import BetaVAERecipe


@dataclass(frozen=True, kw_only=True)
class Killer(BetaVAERecipe):
    """Ends where others begin."""

    def build(self, data: DataSpec) -> Method:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().build(data)


recipe = Killer()
