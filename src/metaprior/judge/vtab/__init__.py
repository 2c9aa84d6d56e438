"""The Visual Task Adaptation Benchmark: any encoder adapted to any task, and what that scores."""

from metaprior.judge.vtab.adapted import Adapted
from metaprior.judge.vtab.cache import cached_features
from metaprior.judge.vtab.encoder import Encoder, of_callable, of_model
from metaprior.judge.vtab.frozen import FROZEN, Features
from metaprior.judge.vtab.hubs import HUBS, from_hub
from metaprior.judge.vtab.protocols import ADAPTATIONS, Adaptation
from metaprior.judge.vtab.recipes import FINE_TUNING, FineTuning
from metaprior.judge.vtab.scores import Mean, SuiteScores
from metaprior.judge.vtab.suite import Told, judge_suite, judge_task
from metaprior.judge.vtab.way import Place, Way
from metaprior.judge.vtab.workers import compute_scores

__all__ = [
    "ADAPTATIONS", "FINE_TUNING", "FROZEN", "HUBS", "Adaptation", "Adapted", "Encoder", "Features", "FineTuning",
    "Mean", "Place", "SuiteScores", "Told", "Way", "cached_features", "compute_scores", "from_hub", "judge_suite",
    "judge_task", "of_callable", "of_model",
]  # fmt: skip
