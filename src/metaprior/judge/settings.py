"""How much the disentanglement protocol draws, and how it fits."""

from dataclasses import dataclass, field
from typing import get_args

from metaprior.core import MetapriorError, unknown
from metaprior.judge.codes import Representation
from metaprior.metrics import Backend, Points, Predictor, Votes


@dataclass(frozen=True)
class Settings:
    """How much to draw, and how to fit; the defaults are those of Locatello et al. 2019 where the study has them."""

    train: int = 10_000
    test: int = 5_000
    bins: int = 20
    votes: Votes = field(default_factory=Votes)
    points: Points = field(default_factory=Points)
    backend: Backend = "lightgbm"
    """Who grows boosted trees."""
    predictor: Predictor = "boosted"
    """What predicts factors in the downstream tasks."""
    representation: Representation = "mean"
    """Codes are means of the posterior, or a sample of it each time that a metric draws an example."""
    train_share: float = 2 / 3
    """On rows, the share that trains, where a metric trains."""
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("train", "test", "bins", "threads"):
            if getattr(self, name) < 1:
                raise MetapriorError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name, names in (("backend", Backend), ("predictor", Predictor), ("representation", Representation)):
            if getattr(self, name) not in get_args(names):
                raise unknown(name, getattr(self, name), get_args(names))
        if not 0 < self.train_share < 1:
            raise MetapriorError(f"train_share must lie in (0, 1), not {self.train_share:g}")
