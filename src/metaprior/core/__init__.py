"""The nouns everything else is written in. No mathematics of any method here, and no files."""

from metaprior.core.batch import Batch
from metaprior.core.buffered import Buffered
from metaprior.core.capabilities import (
    Classifies,
    Clusters,
    Compresses,
    Decodes,
    Encodes,
    Explains,
    Explanation,
    Infers,
    Samples,
    require,
)
from metaprior.core.config import from_plain, to_plain
from metaprior.core.errors import Diverged, MetapriorError, unknown
from metaprior.core.method import DataSpec, Method, Recipe
from metaprior.core.player import SGD, Adam, Group, Optimizer, Player
from metaprior.core.randomness import derived_seed, generator
from metaprior.core.ranges import require_above, require_at_least
from metaprior.core.schedule import Cosine, Linear, Piecewise, Scalar, Schedule, parse_scalar, value_at
from metaprior.core.step import Counter, Draws, Part, Step, Term
from metaprior.core.stream import Clamped, Cycle, Epochs, Pairs, Replacement, Source, Stream, Windows

__all__ = [
    "SGD", "Adam", "Batch", "Buffered", "Clamped", "Classifies", "Clusters", "Compresses", "Cosine", "Counter", "Cycle",
    "DataSpec", "Decodes", "Diverged", "Draws", "Encodes", "Epochs", "Explains", "Explanation", "Group", "Infers",
    "Linear", "MetapriorError", "Method", "Optimizer", "Pairs", "Part", "Piecewise", "Player", "Recipe", "Replacement",
    "Samples", "Scalar", "Schedule", "Source", "Step", "Stream", "Term", "Windows", "derived_seed", "from_plain",
    "generator", "parse_scalar", "require", "require_above", "require_at_least", "to_plain", "unknown", "value_at",
]  # fmt: skip
