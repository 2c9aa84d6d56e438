"""A model and data in, scores out."""

from metaprior.judge.codes import World, was_seen
from metaprior.judge.disentanglement import USUAL, judge, metrics_of
from metaprior.judge.features import features, posteriors
from metaprior.judge.probe import probe
from metaprior.judge.protocols import PROTOCOLS, Protocol
from metaprior.judge.ranking import rank
from metaprior.judge.rate_distortion import rate_distortion
from metaprior.judge.scores import Score, Scores, Table, write_scores
from metaprior.judge.settings import Settings

__all__ = [
    "PROTOCOLS", "USUAL", "Protocol", "Score", "Scores", "Settings", "Table", "World", "features", "judge",
    "metrics_of", "posteriors", "probe", "rank", "rate_distortion", "was_seen", "write_scores",
]  # fmt: skip
