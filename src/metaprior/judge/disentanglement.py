"""The disentanglement protocol: codes of a world, or of rows with known factors, judged by several metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from metaprior.core import derived_seed, unknown
from metaprior.judge.codes import Data, Model, codes_of
from metaprior.judge.draws import Codes, CodesOfRows, TooFewRows
from metaprior.judge.features import Progress
from metaprior.judge.scorers import SCORERS, SUMMARIES, Found, scored
from metaprior.judge.scores import Scores, Table
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
    chance: bool = True,
    progress: Progress | None = None,
) -> Scores:
    """Scores of a model, or of codes, on a world, a data set with factors, or factors N×F.

    On a world, samples are uniform draws with replacement and factors can be held fixed at will (protocol ``world``);
    on rows, metrics use those rows, two thirds to train and one to test where they train (protocol ``finite``), and a
    score on fewer than 1,000 rows, or on a world of fewer examples, comes with the ``chance`` that it must beat,
    which doubles the time unless it is not asked for.
    ``metrics`` are names of metrics or of their scores. ``progress`` is told how many images are encoded, then how many
    metrics are computed. Each metric has a stream of random numbers of its own, so a score does not depend on which
    others are asked for.

    >>> import numpy as np
    >>> factors = np.indices((4, 4)).reshape(2, -1).T.repeat(8, axis=0)
    >>> judge(factors.astype(float), factors, metrics=["mig"])["mig"].value
    1.0
    """
    settings = settings or Settings()
    names = metrics_of(metrics)
    codes = codes_of(model, data, batch, progress, settings.representation)
    if isinstance(codes, CodesOfRows):
        codes = replace(codes, train_share=settings.train_share)
    found = compute(names, codes, settings, progress)
    chances = by_chance(found, codes, settings) if chance else {}
    factors = tuple(getattr(data, "factor_names", ())) or tuple(f"factor_{k}" for k in range(len(codes.factor_sizes)))
    return Scores(
        protocol="disentanglement" if settings.representation == "mean" else "disentanglement-sampled",
        scores={
            name: replace(score, chance=chances.get(name))
            for each in found.values()
            for name, score in each.scores.items()
        },
        model=model_name or type(model).__name__,
        data=data_name or getattr(data, "name", "") or type(data).__name__,
        tables={
            table: Table(values, tuple(f"code_{i}" for i in range(len(values))), factors, unit)
            for each in found.values()
            for table, (values, unit) in each.matrices.items()
        },
    )


def compute(
    names: Sequence[str], codes: Codes, settings: Settings, progress: Progress | None = None
) -> dict[str, Found]:
    """What each metric finds. Where there are too few rows for one, it finds the reason, and the others go on."""
    found: dict[str, Found] = {}
    for place, name in enumerate(names):
        if progress is not None:
            progress(place, len(names))
        if name in SUMMARIES:
            found[name] = SUMMARIES[name][1](found)
            continue
        try:
            found[name] = SCORERS[name](codes, settings, derived_seed(settings.seed, name) % 2**32)
        except TooFewRows as fault:
            found[name] = Found(
                {
                    score: scored(codes, settings, None, settings.train, reason=str(fault))
                    for score in METRICS[name].scores
                }
            )
    return found


def by_chance(found: Mapping[str, Found], codes: Codes, settings: Settings) -> dict[str, float | None]:
    """Scores on few rows, by their names, when the factors' rows are permuted once: the same metrics and draws."""
    few = {
        metric: [name for name, score in each.scores.items() if score.rows is not None and score.rows < FEW_ROWS]
        for metric, each in found.items()
        if metric != "unsupervised"  # which looks at no factor
    }
    asked = metrics_of([metric for metric, names in few.items() if names])
    draws_from_many = codes.protocol == "world" and codes.distinct(FEW_ROWS) == FEW_ROWS
    if not asked or draws_from_many:
        return {}
    guessed = compute(asked, codes.permuted(derived_seed(settings.seed, "chance") % 2**32), settings)
    return {name: guessed[metric].scores[name].value for metric in asked for name in few.get(metric, ())}


def metrics_of(names: Sequence[str]) -> tuple[str, ...]:
    """Metrics by their own names or by those of their scores; ``all`` is every metric of one model.

    A metric that is made of others comes after them.

    >>> metrics_of(["dci_completeness", "mig"]), metrics_of(["unified"])
    (('dci', 'mig'), ('dci', 'mig', 'sap', 'unified'))
    """
    every = (*SCORERS, *SUMMARIES)
    homes = {score: name for name in every for score in (name, *METRICS[name].scores)}
    found: dict[str, None] = {}
    for name in names:
        if name != "all" and name not in homes:
            raise unknown("metric", name, [*homes, "all"])
        for metric in every if name == "all" else [homes[name]]:
            found |= dict.fromkeys((*(SUMMARIES[metric][0] if metric in SUMMARIES else ()), metric))
    return tuple(sorted(found, key=lambda metric: metric in SUMMARIES))
