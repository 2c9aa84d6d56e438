"""A model and data in, scores out."""

from metaprior.judge.codes import World
from metaprior.judge.disentanglement import Settings, judge
from metaprior.judge.features import features
from metaprior.judge.probe import probe
from metaprior.judge.protocols import PROTOCOLS, Protocol
from metaprior.judge.scores import Score, Scores, Table, write_scores

__all__ = [
    "PROTOCOLS", "Protocol", "Score", "Scores", "Settings", "Table", "World", "features", "judge", "probe",
    "write_scores",
]  # fmt: skip
