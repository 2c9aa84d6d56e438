"""A model and data in, scores out."""

from metaprior.judge.codes import World, was_seen
from metaprior.judge.disentanglement import Settings, judge
from metaprior.judge.features import features
from metaprior.judge.probe import probe
from metaprior.judge.protocols import PROTOCOLS, Protocol
from metaprior.judge.scores import Score, Scores, Table, write_scores

__all__ = [
    "PROTOCOLS", "Protocol", "Score", "Scores", "Settings", "Table", "World", "features", "judge", "probe",
    "was_seen", "write_scores",
]  # fmt: skip
