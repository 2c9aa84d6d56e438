"""Options of the commands that judge: how much is drawn, and how it is fitted."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class JudgingOptions:
    """How the protocol disentanglement draws, and how it fits."""

    representation: Literal["mean", "sampled"] = "mean"
    """Codes: means of the posterior, or samples of it (kept as disentanglement-sampled)."""
    backend: Literal["lightgbm", "sklearn"] = "lightgbm"
    """Boosted trees: lightgbm is fast, sklearn is the reference's own and takes minutes."""
    predictor: Literal["boosted", "logistic"] = "boosted"
    """What predicts factors in the downstream tasks."""
    train: int = 10_000
    """Examples to fit on."""
    test: int = 5_000
    """Examples to test on."""

    def settings(self, seed: int = 0) -> Any:
        """The judge's settings."""
        from metaprior.judge import Settings

        return Settings(
            train=self.train, test=self.test, backend=self.backend, predictor=self.predictor,
            representation=self.representation, seed=seed, threads=2,
        )  # fmt: skip


@dataclass(frozen=True)
class RateDistortionOptions:
    """How much the protocol rd draws for its bound on the likelihood."""

    images: int = 1_000
    """Of rd: images (or vectors) whose likelihood is bounded."""
    samples: int = 500
    """Of rd: samples of each one's code that the bound takes."""
