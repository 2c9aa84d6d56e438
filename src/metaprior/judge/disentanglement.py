"""The disentanglement protocol: codes of a world, or of rows with known factors, judged by several metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from metaprior.core import derived_seed, unknown
from metaprior.judge.codes import Codes, CodesOfRows, Data, Model, codes_of
from metaprior.judge.features import Progress
from metaprior.judge.scorers import SCORERS
from metaprior.judge.scores import Score, Scores, Table
from metaprior.judge.settings import Settings
from metaprior.metrics import METRICS

FEW_ROWS = 1_000
"""Below so many rows a score is far from 0 by chance alone, and carries what chance gives."""

USUAL = (
    "mig", "dci", "factor_vae_score", "beta_vae_score", "modularity_explicitness", "sap", "irs", "unsupervised",
)  # fmt: skip
"""What is computed unless something else is asked for: the study's metrics."""


def judge(
    model: Model,
    data: Data,
    *,
    metrics: Sequence[str] = USUAL,
    settings: Settings | None = None,
    model_name: str = "",
    data_name: str = "",
    batch: int = 512,
    progress: Progress | None = None,
) -> Scores:
    """Scores of a model, or of codes, on a world, a data set with factors, or factors N×F.

    On a world, samples are uniform draws with replacement and factors can be held fixed at will (protocol ``world``);
    on rows, metrics use those rows, two thirds to train and one to test where they train (protocol ``finite``), and a
    score on fewer than 1,000 rows comes with the ``chance`` that it must beat. ``metrics`` are names of metrics or of
    their scores. ``progress`` is told how many images are encoded, then how many metrics are computed. Each metric has
    a stream of random numbers of its own, so a score does not depend on which others are asked for.

    >>> import numpy as np
    >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(8, axis=0)
    >>> judge(factors.astype(float), factors, metrics=["mig"])["mig"].value
    1.0
    """
    settings = settings or Settings()
    names = metrics_of(metrics)
    codes = codes_of(model, data, batch, progress, settings.representation, settings.seed)
    if isinstance(codes, CodesOfRows):
        codes = replace(codes, train_share=settings.train_share)
    scores: dict[str, Score] = {}
    tables: dict[str, Table] = {}
    factors = tuple(getattr(data, "factor_names", ())) or tuple(f"factor_{k}" for k in range(len(codes.factor_sizes)))
    for place, name in enumerate(names):
        if progress is not None:
            progress(place, len(names))
        found = SCORERS[name](codes, settings, derived_seed(settings.seed, name) % 2**32)
        scores |= beside_chance(name, found.scores, codes, settings)
        tables |= {
            table: Table(values, tuple(f"code_{i}" for i in range(len(values))), factors, unit)
            for table, (values, unit) in found.matrices.items()
        }
    return Scores(
        protocol="disentanglement" if settings.representation == "mean" else "disentanglement-sampled",
        scores=scores,
        model=model_name or type(model).__name__,
        data=data_name or getattr(data, "name", "") or type(data).__name__,
        tables=tables,
    )


def metrics_of(names: Sequence[str]) -> tuple[str, ...]:
    """Metrics by their own names or by those of their scores; ``all`` is every metric of one model.

    >>> metrics_of(["dci_completeness", "mig"])
    ('dci', 'mig')
    """
    homes = {score: name for name in SCORERS for score in (name, *METRICS[name].scores)}
    found: dict[str, None] = {}
    for name in names:
        if name != "all" and name not in homes:
            raise unknown("metric", name, [*homes, "all"])
        found |= dict.fromkeys(SCORERS if name == "all" else [homes[name]])
    return tuple(found)


def beside_chance(name: str, scores: Mapping[str, Score], codes: Codes, settings: Settings) -> dict[str, Score]:
    """Scores on few rows beside those that the same codes get when the factors' rows are permuted, once."""
    few = [key for key, score in scores.items() if score.rows is not None and score.rows < FEW_ROWS]
    if not few or not isinstance(codes, CodesOfRows) or name == "unsupervised":  # which looks at no factor
        return dict(scores)
    permuted = codes.permuted(derived_seed(settings.seed, "chance") % 2**32)
    guessed = SCORERS[name](permuted, settings, derived_seed(settings.seed, name) % 2**32).scores
    return {key: replace(score, chance=guessed[key].value if key in few else None) for key, score in scores.items()}
