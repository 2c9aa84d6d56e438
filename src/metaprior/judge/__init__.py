"""A model and data in, scores out."""

from metaprior.judge.clusters import clusters
from metaprior.judge.codes import World, was_seen
from metaprior.judge.disentanglement import USUAL, judge, metrics_of
from metaprior.judge.extractors import EXTRACTORS, Extractor, encoder, pixels, random_conv
from metaprior.judge.features import features, posteriors
from metaprior.judge.latent import Mixture, fit_mixture, interpolate
from metaprior.judge.probe import probe
from metaprior.judge.protocols import PROTOCOLS, Protocol
from metaprior.judge.ranking import rank
from metaprior.judge.rate_distortion import rate_distortion
from metaprior.judge.samples import sample_quality
from metaprior.judge.scores import Score, Scores, Table, write_scores
from metaprior.judge.settings import Settings

__all__ = [
    "EXTRACTORS", "PROTOCOLS", "USUAL", "Extractor", "Mixture", "Protocol", "Score", "Scores", "Settings", "Table",
    "World", "clusters", "encoder", "features", "fit_mixture", "interpolate", "judge", "metrics_of", "pixels",
    "posteriors", "probe", "random_conv", "rank", "rate_distortion", "sample_quality", "was_seen", "write_scores",
]  # fmt: skip
