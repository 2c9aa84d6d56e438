"""Unfairness: how much do predictions of one factor change with another that should not matter for it?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from metaprior.metrics.arrays import Array, as_split, at_least_one, varying
from metaprior.metrics.boosting import Backend, available, fit_trees, problem
from metaprior.metrics.interventions import Represent, WorldInterventions, on_world


@dataclass(frozen=True, eq=False)
class Unfairness:
    """Total variation distances, 0 where fair; ``value`` is None, with the reason, without a pair of factors."""

    value: float | None
    """Mean over pairs of a target and another, sensitive factor: the score of the paper."""
    worst: float | None
    """Of the pair that is worst off."""
    mean_distance: Float[np.ndarray, "target sensitive"]
    """From the predictions for one sensitive value to those for all, mean over values; NaN where there is no pair."""
    largest_distance: Float[np.ndarray, "target sensitive"]
    """The same for the value that is farthest."""
    backend: Backend
    n_train: int
    n_test: int
    """Test examples, of each sensitive value on a world, of all together on rows."""
    reason: str | None = None


def unfairness(
    codes: Array | Represent,
    factor_sizes: Sequence[int],
    train: int = 10_000,
    test: int = 100,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> Unfairness:
    r"""How far predictions of a target depend on a sensitive factor, for every pair of factors of a finite world.

    ``codes`` are those of the whole world, ∏K×D, in mixed-radix order (the last factor varies fastest), or a function
    from factor values N×F to codes N×D. Boosted trees learn each target from ``train`` uniform draws. For each pair,
    ``test`` more are drawn and the sensitive factor is set to each of its values in all of them: predictions that
    differ then do so for the sensitive factor alone. Of their distributions, p over all values and p_s for one,

    .. math:: d_s = \tfrac12 \sum_y |p_s(y) - p(y)|

    is averaged over the values. Codes with noise of their own differ between any two pictures, and so do guesses of
    a factor with many values: this alone makes .2 for 32 values and near-ideal codes. ``threads`` fits are made at a
    time, which does not change the result.

    Source: Locatello et al. 2019, On the Fairness of Disentangled Representations.

    >>> world = np.indices((3, 4)).reshape(2, -1).T
    >>> unfairness(world, (3, 4), train=200).value
    0.0
    """
    return unfairness_of(on_world(codes, factor_sizes), train, test, backend, seed, threads)


def unfairness_of(
    world: WorldInterventions,
    train: int = 10_000,
    test: int = 100,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> Unfairness:
    """Unfairness on a world that is at hand already, also one with several pictures of a combination."""
    at_least_one(train=train, test=test)
    rng, varies = np.random.default_rng(seed), np.flatnonzero(world.varies).tolist()
    learnt = world.sample(rng, train)
    seen, told = world.codes(learnt), world.factors(learnt)
    asked: dict[int, dict[int, np.ndarray]] = {target: {} for target in varies if len(varies) > 1}
    tasks = []
    for target, changed in asked.items():
        for sensitive in varies:
            if sensitive != target:
                values = np.arange(world.sizes[sensitive])[:, None]
                changed[sensitive] = world.with_value(world.sample(rng, test), sensitive, values).ravel()
        index = np.concatenate(list(changed.values()))
        tasks.append(problem(seen, told[:, target], world.codes(index), world.factors(index)[:, target]))
    distances = {}
    for (target, changed), fit in zip(asked.items(), fit_trees(tasks, backend, seed, threads), strict=True):
        ends = np.cumsum([len(index) for index in changed.values()])[:-1]
        for (sensitive, index), guesses in zip(changed.items(), np.split(fit.test_guesses, ends), strict=True):
            distances[target, sensitive] = total_variation(guesses, world.factors(index)[:, sensitive])
    return _over_pairs(distances, len(world.sizes), backend, train, test)


def unfairness_finite(
    codes_train: Array,
    factors_train: Array,
    codes_test: Array,
    factors_test: Array,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> Unfairness:
    """The same on the given rows only: codes N×D and factors N×F to train on, and others to test on.

    No factor is set to anything: the test rows are grouped by the sensitive value that they have, and each value
    counts by its rows. Where factors depend on each other in the data even exact predictions are unfair; and groups
    of few rows differ by chance, so that a fair representation does not score 0.

    >>> rows = np.indices((3, 4)).reshape(2, -1).T.repeat(20, axis=0)
    >>> unfairness_finite(rows, rows, rows, rows).value
    0.0
    """
    codes, factors, test_codes, test_factors = as_split(codes_train, factors_train, codes_test, factors_test)
    targets, sensitives = (np.flatnonzero(varying(values)).tolist() for values in (factors, test_factors))
    tasks = [problem(codes, factors[:, k], test_codes, test_factors[:, k]) for k in targets]
    distances = {
        (target, sensitive): total_variation(fit.test_guesses, test_factors[:, sensitive])
        for target, fit in zip(targets, fit_trees(tasks, backend, seed, threads), strict=True)
        for sensitive in sensitives
        if sensitive != target
    }
    return _over_pairs(distances, factors.shape[1], backend, len(codes), len(test_codes))


def total_variation(guesses: Int[np.ndarray, " n"], groups: Int[np.ndarray, " n"]) -> tuple[float, float]:
    """Distance of the guesses in each group from those in all: the mean, each group by its size, and the largest.

    >>> guesses, groups = np.array([1] * 100 + [0] * 100 + [1] * 100), np.array([0] * 100 + [1] * 200)
    >>> [round(distance, 4) for distance in total_variation(guesses, groups)]  # the groups have 0 : 1 and 1/2 : 1/2
    [0.2222, 0.3333]
    """
    (values, guess), (kinds, group) = (np.unique(each, return_inverse=True) for each in (guesses, groups))
    counts = np.bincount(guess * len(kinds) + group, minlength=len(values) * len(kinds)).reshape(len(values), -1)
    size = counts.sum(axis=0)
    distance = np.abs(counts / size - counts.sum(axis=1, keepdims=True) / len(guesses)).sum(axis=0) / 2
    return float(distance @ size / len(guesses)), float(distance.max())


def _over_pairs(
    distances: dict[tuple[int, int], tuple[float, float]], factors: int, backend: Backend, n_train: int, n_test: int
) -> Unfairness:
    mean, largest = np.full((2, factors, factors), np.nan)
    for pair, both in distances.items():
        mean[pair], largest[pair] = both
    return Unfairness(
        value=float(np.nanmean(mean)) if distances else None,
        worst=float(np.nanmax(mean)) if distances else None,
        mean_distance=mean,
        largest_distance=largest,
        backend=available(backend),
        n_train=n_train,
        n_test=n_test,
        reason=None if distances else "a target needs a sensitive factor beside it, and fewer than two vary",
    )
