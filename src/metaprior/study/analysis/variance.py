"""How much of the variance of a score is explained by the method, by its strength, by the seed."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from metaprior.core import MetapriorError
from metaprior.study.analysis.arrays import Values, as_scores, numbered


@dataclass(frozen=True)
class ExplainedVariance:
    """R² of a score by the means of groups; NaN where it is not defined."""

    r2: float
    """Between-group over total sum of squares. Groups that say nothing explain (groups - 1) / (n - 1) on average."""
    adjusted: float
    """1 - (1 - R²) (n - 1) / (n - groups), also called ε²: about 0 where groups say nothing, and then often below."""
    groups: int
    n: int
    """Models that have the score."""


def explained_variance(scores: Values, *labels: Iterable[Hashable]) -> ExplainedVariance:
    r"""R² of the one-way analysis of variance of N scores with the combinations of some labels as groups.

    .. math:: R^2 = \frac{\sum_g n_g (\bar y_g - \bar y)^2}{\sum_i (y_i - \bar y)^2}

    Labels are categories, numbers too: ``explained_variance(scores, method)`` is what the choice of the method
    explains, ``explained_variance(scores, method, strength)`` what method and strength explain together, interactions
    included; what is left is the seed's. Every label that is added raises R², whether or not it matters, so the
    adjusted one stands beside it. Models without the score are left out. NaN where the score is constant, and the
    adjusted one also where each model is a group of its own.

    Source: R² is that of Locatello et al. 2019 as remembered, 37 % by method and 59 % by method and strength; the
    adjusted one is the ε² of Kelley 1935.

    >>> explained_variance([1.0, 2.0, 5.0, 6.0], ["a", "a", "b", "b"])
    ExplainedVariance(r2=0.9411764705882353, adjusted=0.9117647058823529, groups=2, n=4)
    """
    known = as_scores(scores, 1)
    cells = numbered(*labels)
    if len(cells) != len(known):
        raise MetapriorError(f"there are {len(known)} scores and labels of {len(cells)}")
    here = ~np.isnan(known)
    values, cells = known[here], numbered(cells[here].tolist())
    n, groups = len(values), int(cells.max(initial=-1)) + 1
    if n == 0 or np.ptp(values) == 0:
        return ExplainedVariance(float("nan"), float("nan"), groups, n)
    means = np.bincount(cells, values) / np.bincount(cells)
    within = np.square(values - means[cells]).sum()
    total = np.square(values - values.mean()).sum()
    r2 = float(1 - within / total)
    adjusted = 1 - (1 - r2) * (n - 1) / (n - groups) if n > groups else float("nan")
    return ExplainedVariance(r2, adjusted, groups, n)
