"""Do hyper-parameters that are good on one data set, by one metric, serve on another, or by another metric?

The published figures, from memory, are probabilities of beating a random model: 80.7 % for the same data and metric,
59.3 % and 54.9 % otherwise (Locatello et al. 2019). The paper's precise protocol is from memory too: what is measured
here is defined at :func:`transfer`, and need not be the same to the letter.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float

from metaprior.core import MetapriorError
from metaprior.study.analysis.arrays import Matrix, as_scores

ROUNDING = 1e-12
"""Means no further apart are equal: a matrix product adds up the same numbers otherwise in another row."""


@dataclass(frozen=True)
class Transfer:
    """What the transfer of a setting from a source to a target came to."""

    probability: float
    """Of a model of the transferred setting to beat another model of the target; NaN where nothing can be said."""
    chosen: tuple[tuple[int, ...], ...]
    """The settings that are best on the source, one entry a seed of the target: several where they are equally good."""


def transfer(source: Matrix, target: Matrix, same_models: bool) -> Transfer:
    """The probability that a transferred setting (method and strength) beats a random model of the target.

    ``source`` and ``target`` are scores of C settings, the same in the same order, by S and T seeds, larger ones
    better. Of each seed of the target the setting with the best mean over the seeds of the source is taken; where both
    are scores of the same models (``same_models``: the same data, by whatever metric), over the other seeds, so that
    the model that is tested had no part in the choice. Its model of that seed is compared with every other model of the
    target, of any setting and seed; a tie counts half. The probability is the mean over these comparisons and over the
    seeds, all of them: nothing is sampled. Settings that are equally good on the source share.

    A setting chosen blindly beats another model with probability 1/2. The best setting of many seeds is compared with
    its own other seeds too, so that even a perfect choice stays below 1 by about 1 / 2C.

    Models without a score are nobody's rivals; a seed for which the chosen setting has none is left out.

    >>> transfer([[0.9, 0.8], [0.1, 0.2]], [[0.5, 0.6], [0.6, 0.4]], same_models=False)  # beats 1, and 2 and a half
    Transfer(probability=0.5833333333333334, chosen=((0,), (0,)))
    """
    found, tested = as_scores(source, 2), as_scores(target, 2)
    if len(found) != len(tested) or (same_models and found.shape != tested.shape):
        raise MetapriorError(
            f"a transfer needs the same settings{' and seeds' * same_models}; the source has {found.shape} "
            f"settings and seeds and the target {tested.shape}"
        )
    best = best_without_seed(found) if same_models else best_of_all_seeds(found).repeat(tested.shape[1], axis=1)
    chosen = tuple(tuple(np.flatnonzero(column).tolist()) for column in best.T)
    return Transfer(_probability(best, standing(tested)), chosen)


@dataclass(frozen=True)
class TransferTable:
    """Mean probability of a transferred setting to beat a random model, by what is other on the target.

    NaN where there is no such pair, as of other data where there is one data set.
    """

    same: float
    """The same data and metric, another seed."""
    other_metric: float
    """The same data, another metric."""
    other_data: float
    """Another data set, the same metric."""
    other_data_and_metric: float


def transfer_table(scores: Float[np.ndarray, "data metrics settings seeds"]) -> TransferTable:
    """:func:`transfer` from each data set and metric to each, averaged by whether data and metric are the same.

    ``scores`` are D×M×C×S, larger ones better, as :func:`~metaprior.study.analysis.arranged` makes of long rows;
    models of one data set are the same for all metrics.

    >>> alike = np.broadcast_to(np.arange(4.0)[:, None], (2, 2, 4, 5))  # the last of 4 settings is always best
    >>> round(transfer_table(alike).other_data * 19, 6)  # it beats 15 of the 19 other models and ties with 4
    17.0
    """
    cube = as_scores(scores, 4)
    cells = list(np.ndindex(cube.shape[:2]))
    standings = {cell: standing(cube[cell]) for cell in cells}
    without = {cell: best_without_seed(cube[cell]) for cell in cells}
    with_all = {cell: best_of_all_seeds(cube[cell]) for cell in cells}
    found: dict[tuple[bool, bool], list[float]] = {
        (same_data, same_metric): [] for same_data in (True, False) for same_metric in (True, False)
    }
    for source, target in product(cells, cells):
        same_data, same_metric = source[0] == target[0], source[1] == target[1]
        best = without[source] if same_data else with_all[source]
        found[same_data, same_metric].append(_probability(best, standings[target]))
    return TransferTable(*(_mean_of_known(np.array(each)) for each in found.values()))


def standing(scores: Float[np.ndarray, "settings seeds"]) -> Float[np.ndarray, "settings seeds"]:
    """Of each model the share of the others that it beats, ties counting half; NaN of a model without score or rival.

    >>> standing(np.array([[0.1, 0.2], [0.4, 0.2]])).tolist()
    [[0.0, 0.5], [1.0, 0.5]]
    """
    from scipy.stats import rankdata

    shares = np.full(scores.shape, np.nan)
    here = ~np.isnan(scores)
    if here.sum() > 1:
        shares[here] = (rankdata(scores[here]) - 1) / (here.sum() - 1)
    return shares


def best_of_all_seeds(scores: Float[np.ndarray, "settings seeds"]) -> Bool[np.ndarray, "settings 1"]:
    """Which settings have the greatest mean over their seeds."""
    return _best_over(np.ones((scores.shape[1], 1)), scores)


def best_without_seed(scores: Float[np.ndarray, "settings seeds"]) -> Bool[np.ndarray, "settings seeds"]:
    """Which settings have the greatest mean over the other seeds, for each seed.

    >>> best_without_seed(np.array([[0.9, 0.1], [0.5, 0.5]])).tolist()
    [[False, True], [True, False]]
    """
    return _best_over(1 - np.eye(scores.shape[1]), scores)


def _best_over(
    counted: Float[np.ndarray, "seeds choices"], scores: Float[np.ndarray, "settings seeds"]
) -> Bool[np.ndarray, "settings choices"]:
    """Which settings have the greatest mean over the seeds that are counted; none where no score is."""
    counts = ~np.isnan(scores) @ counted
    means = np.divide(np.nan_to_num(scores) @ counted, counts, out=np.full(counts.shape, -np.inf), where=counts > 0)
    return np.isclose(means, means.max(axis=0), rtol=ROUNDING, atol=ROUNDING) & (counts > 0)


def _probability(best: Bool[np.ndarray, "settings _"], standings: Float[np.ndarray, "settings seeds"]) -> float:
    """The mean standing of the best settings' models, in each seed and then over seeds."""
    counted = best & ~np.isnan(standings)
    counts = counted.sum(axis=0)
    sums = np.where(counted, standings, 0).sum(axis=0)
    return _mean_of_known(np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0))


def _mean_of_known(values: Float[np.ndarray, " n"]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
