"""Strong generalisation: train where one factor is held fixed, test where it has its other values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metaprior.metrics.arrays import Array, as_split, at_least_one, varying
from metaprior.metrics.boosting import Backend, Problem, available, fit_trees, problem
from metaprior.metrics.interventions import Represent, WorldInterventions, on_world

FEWEST = 10
"""Training rows that must share a value for it to be held."""


@dataclass(frozen=True)
class Shift:
    """``target`` is told where ``held`` is ``value`` in training and anything else in the test."""

    target: int
    held: int
    value: int


@dataclass(frozen=True, eq=False)
class _Experiment:
    shift: Shift
    strong: Problem
    plain: Problem


@dataclass(frozen=True, eq=False)
class StrongDownstream:
    """The gap and its accuracies; ``value`` is None, with the reason, where no factor can be held fixed."""

    value: float | None
    """1 − strong / plain accuracy, both averaged over factors: 0 if a shift costs nothing."""
    strong: Float[np.ndarray, " factors"]
    """Mean test accuracy of each factor under its shifts; NaN without any."""
    plain: Float[np.ndarray, " factors"]
    """Mean test accuracy of each factor without a shift."""
    shifts: tuple[Shift, ...]
    backend: Backend
    n_train: int
    """Training examples of an experiment; the fewest where experiments differ."""
    n_test: int
    reason: str | None = None


def strong_generalisation_gap(
    codes: Array | Represent,
    factor_sizes: Sequence[int],
    train: int = 1_000,
    test: int = 1_000,
    repeats: int = 4,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> StrongDownstream:
    """What a predictor of one factor loses where another, fixed in its training, has changed, on a finite world.

    ``codes`` are those of the whole world, ∏K×D, in mixed-radix order (the last factor varies fastest), or a function
    from factor values N×F to codes N×D. Boosted trees learn each factor from ``train`` uniform draws and are tested on
    ``test`` others (plain). Then, ``repeats`` times a factor, another one is set to a single value in the training
    draws and uniformly to its others in the test draws (strong). Which factor is held is drawn without replacement
    until all had their turn; the original draws with replacement, 10 times. ``threads`` fits are made at a time, which
    does not change the result.

    Source: ``strong_downstream_task`` of disentanglement_lib.

    >>> world = np.indices((3, 4)).reshape(2, -1).T
    >>> strong_generalisation_gap(world, (3, 4), train=200, test=200).value
    0.0
    """
    world = on_world(codes, factor_sizes)
    return strong_generalisation_gap_of(world, train, test, repeats, backend, seed, threads)


def strong_generalisation_gap_of(
    world: WorldInterventions,
    train: int = 1_000,
    test: int = 1_000,
    repeats: int = 4,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> StrongDownstream:
    """The gap on a world that is at hand already, also one with several pictures of a combination."""
    at_least_one(train=train, test=test, repeats=repeats)
    rng, varies = np.random.default_rng(seed), np.flatnonzero(world.varies).tolist()
    learnt, tested = world.sample(rng, train), world.sample(rng, test)

    def tell(target: int, learnt: np.ndarray, tested: np.ndarray) -> Problem:
        told, answers = (world.factors(index)[:, target] for index in (learnt, tested))
        return problem(world.codes(learnt), told, world.codes(tested), answers)

    plain = {target: tell(target, learnt, tested) for target in varies}
    experiments = []
    for target, held in _turns(varies, varies, repeats, rng):
        size = world.sizes[held]
        value = int(rng.integers(size))
        fixed = world.with_value(learnt, held, value)
        moved = world.with_value(tested, held, (value + rng.integers(1, size, size=test)) % size)
        experiments.append(_Experiment(Shift(target, held, value), tell(target, fixed, moved), plain[target]))
    reason = "a factor is told while another is held fixed, and fewer than two vary"
    return _gap(experiments, len(world.sizes), train, test, reason, backend, seed, threads)


def strong_generalisation_gap_finite(
    codes_train: Array,
    factors_train: Array,
    codes_test: Array,
    factors_test: Array,
    train: int = 1_000,
    repeats: int = 4,
    backend: Backend = "lightgbm",
    seed: int = 0,
    threads: int = 1,
) -> StrongDownstream:
    """The same on the given rows only: codes N×D and factors N×F to train on, and others to test on.

    A factor is held by training on the rows, at most ``train``, that share a value of it, and testing on the test rows
    that do not. These are few, and few examples alone lower an accuracy: the trees of the plain accuracy therefore
    learn from as many rows, drawn from all, once for each experiment. Values that fewer than 10 training rows share
    are not held. Unlike on a world, other factors may differ between the values of the one that is held.

    >>> rows = np.indices((3, 4)).reshape(2, -1).T.repeat(20, axis=0)
    >>> strong_generalisation_gap_finite(rows, rows, rows, rows).value
    0.0
    """
    at_least_one(train=train, repeats=repeats)
    codes, factors, test_codes, test_factors = as_split(codes_train, factors_train, codes_test, factors_test)
    rng = np.random.default_rng(seed)
    varies = np.flatnonzero(varying(factors)).tolist()
    holdable = {held: _holdable(factors[:, held], test_factors[:, held]) for held in varies}
    experiments = []
    for target, held in _turns(varies, [held for held in varies if len(holdable[held])], repeats, rng):
        value = int(rng.choice(holdable[held]))
        share, moved = np.flatnonzero(factors[:, held] == value), test_factors[:, held] != value
        fixed = rng.choice(share, size=min(train, len(share)), replace=False)
        alike = rng.choice(len(codes), size=len(fixed), replace=False)
        told, answers = factors[:, target], test_factors[:, target]
        strong = problem(codes[fixed], told[fixed], test_codes[moved], answers[moved])
        plain = problem(codes[alike], told[alike], test_codes, answers)
        experiments.append(_Experiment(Shift(target, held, value), strong, plain))
    reason = f"no factor beside the one told has a value that {FEWEST} training rows share, so none can be held fixed"
    fewest = min((len(each.plain.train_codes) for each in experiments), default=0)
    return _gap(experiments, factors.shape[1], fewest, len(test_codes), reason, backend, seed, threads)


def _turns(
    targets: Sequence[int], holdable: Sequence[int], repeats: int, rng: np.random.Generator
) -> Iterator[tuple[int, int]]:
    """Each target ``repeats`` times, with another factor to hold; these take turns in a random order."""
    for target in targets:
        others = [held for held in holdable if held != target]
        order = [held for _ in range(0, repeats, max(len(others), 1)) for held in rng.permutation(others).tolist()]
        yield from ((target, int(held)) for held in order[:repeats])


def _holdable(values: np.ndarray, test_values: np.ndarray) -> np.ndarray:
    """Values that enough training rows share, and that some test row does not have."""
    found, count = np.unique(values, return_counts=True)
    return np.array([v for v in found[count >= FEWEST] if (test_values != v).any()])


def _gap(
    experiments: list[_Experiment],
    factors: int,
    n_train: int,
    n_test: int,
    reason: str,
    backend: Backend,
    seed: int,
    threads: int,
) -> StrongDownstream:
    """Solve all problems at once, those that experiments share only once; ``reason`` is why there are none."""
    tasks = list(dict.fromkeys(task for each in experiments for task in (each.strong, each.plain)))
    fits = fit_trees(tasks, backend, seed, threads)
    accuracy = {task: fit.test_accuracy for task, fit in zip(tasks, fits, strict=True)}
    strong, plain = np.full((2, factors), np.nan)
    for target in {each.shift.target for each in experiments}:
        own = [each for each in experiments if each.shift.target == target]
        strong[target] = np.mean([accuracy[each.strong] for each in own])
        plain[target] = np.mean([accuracy[each.plain] for each in own])
    told = bool(np.nansum(plain))
    return StrongDownstream(
        value=float(1 - np.nanmean(strong) / np.nanmean(plain)) if told else None,
        strong=strong,
        plain=plain,
        shifts=tuple(each.shift for each in experiments),
        backend=available(backend),
        n_train=n_train,
        n_test=n_test,
        reason=None if told else "no factor is told even without a shift" if experiments else reason,
    )
