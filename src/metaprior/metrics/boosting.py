r"""Gradient-boosted trees that predict one factor from the codes: how much each code matters, and how well it works.

Both backends boost as the study's ``GradientBoostingClassifier()`` does (Friedman 2001): in each of 100 stages a tree
of depth 3 for every class (a single one where there are two) fits the residuals r = y − p by least squares. A split is
worth

.. math:: (\sum_L r)^2 / n_L + (\sum_R r)^2 / n_R - (\sum r)^2 / n,

the decrease of the squared error, and a code is as important as its splits are worth together. LightGBM's own boosting
has :math:`\sum p(1 - p)` in place of n, as a Newton step does: examples that are told already then count as much as
those in doubt, and mixed codes look disentangled, .42 where the study's trees give .33.
"""

import functools
import importlib.util
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float, Int

from metaprior.core import unknown

Backend: TypeAlias = Literal["lightgbm", "sklearn"]

STAGES, RATE, LEAVES = 100, 0.1, 8
COARSE, FINE, MANY = 255, 1023, 4_000
"""Bins of a code, for many examples and for fewer, of whose values each should have a bin of its own."""
FAR = 1e38
"""Near the end of what float32 holds, in which scikit-learn's trees see codes."""
BINNING = {
    "min_data_in_bin": 1,
    "feature_pre_filter": False,
    "enable_bundle": False,
    "force_row_wise": True,
    "deterministic": True,
    "num_threads": 1,
    "verbosity": -1,
}
GROWING = {
    "objective": "none",
    "metric": "none",
    "boost_from_average": False,
    "learning_rate": 1.0,
    "max_depth": 3,
    "num_leaves": LEAVES,
    "min_data_in_leaf": 1,
    "min_sum_hessian_in_leaf": 0.0,
}
"""LightGBM's parameters, of its data sets and of its trees."""
ORDERS = 4
"""Orders, each with its reverse, in which LightGBM sees the codes."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Predict one factor: the classes are numbered from 0; a test value that training never saw is -1."""

    train_codes: Float[np.ndarray, "n codes"]
    train_classes: Int[np.ndarray, " n"]
    test_codes: Float[np.ndarray, "m codes"]
    test_classes: Int[np.ndarray, " m"]
    classes: int

    @property
    def size(self) -> int:
        """What the time to fit grows with: trees of a stage, times examples."""
        return self.classes * (len(self.train_codes) + len(self.test_codes))


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a predictor says of the test codes, numbered as the problem's classes are, and how often it is right."""

    test_guesses: Int[np.ndarray, " m"]
    train_accuracy: float
    test_accuracy: float


@dataclass(frozen=True, eq=False)
class Fit(Prediction):
    """What trees say, and how important each code is to them; importances sum to 1, or are all 0."""

    importance: Float[np.ndarray, " codes"]


def available(backend: Backend) -> Backend:
    """The backend asked for, or scikit-learn's where LightGBM is not installed (the result says which it was)."""
    if backend not in get_args(Backend):
        raise unknown("backend", backend, get_args(Backend))
    if backend == "lightgbm" and importlib.util.find_spec("lightgbm") is None:
        return "sklearn"
    return backend


def problems(
    train_codes: np.ndarray, train_factors: np.ndarray, test_codes: np.ndarray, test_factors: np.ndarray
) -> list[Problem]:
    """One a factor."""
    columns = zip(train_factors.T, test_factors.T, strict=True)
    return [problem(train_codes, train, test_codes, test) for train, test in columns]


def problem(
    train_codes: np.ndarray, train_values: np.ndarray, test_codes: np.ndarray, test_values: np.ndarray
) -> Problem:
    """Number the values of one factor that occur in training."""
    values, train_classes = np.unique(train_values, return_inverse=True)
    place = np.minimum(np.searchsorted(values, test_values), len(values) - 1)
    test_classes = np.where(values[place] == test_values, place, -1)
    return Problem(train_codes, train_classes, test_codes, test_classes, len(values))


def accuracies(task: Problem, train_guesses: np.ndarray, test_guesses: np.ndarray) -> tuple[float, float]:
    """How often guesses are right, in training and in the test."""
    return float((train_guesses == task.train_classes).mean()), float((test_guesses == task.test_classes).mean())


def fit_trees(tasks: Sequence[Problem], backend: Backend, seed: int, threads: int) -> list[Fit]:
    """Each problem's trees, in order; ``threads`` are grown at a time, and the result does not depend on it."""
    if available(backend) == "sklearn":
        fit = functools.partial(fit_sklearn, seed=seed)
    else:
        of_codes = {_same_codes(task): task for task in tasks}
        views = {codes: _views(task, seed) for codes, task in of_codes.items()}  # binned once, however many factors
        fit = lambda task: fit_lightgbm(task, views[_same_codes(task)])  # noqa: E731
    longest_first = sorted(range(len(tasks)), key=lambda k: -tasks[k].size)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        fits = dict(zip(longest_first, pool.map(lambda k: fit(tasks[k]), longest_first), strict=True))
    return [fits[k] for k in range(len(tasks))]


def fit_sklearn(task: Problem, seed: int) -> Fit:
    """Scikit-learn's trees with its defaults: 100 stages of one tree a class, depth 3, learning rate 0.1.

    They hold codes that differ by at most 1e-7 for equal, which codes of the smallest sizes would all do.
    """
    from sklearn.ensemble import GradientBoostingClassifier

    if task.classes == 1:
        return commonest(task)
    scaled = _in_units(task.train_codes, task.test_codes)
    model = GradientBoostingClassifier(random_state=seed).fit(scaled[0], task.train_classes)
    guesses = [np.asarray(model.predict(codes)) for codes in scaled]
    return Fit(guesses[1], *accuracies(task, *guesses), np.abs(model.feature_importances_))


@dataclass(frozen=True, eq=False)
class View:
    """Codes in an order, as LightGBM holds them: its data sets of the training and of the test."""

    order: Int[np.ndarray, " codes"]
    train: Any
    test: Any


def _same_codes(task: Problem) -> tuple[int, int]:
    """What problems that have their codes in common agree in."""
    return id(task.train_codes), id(task.test_codes)


def _views(task: Problem, seed: int) -> list[View]:
    """A problem's codes in several orders; none where all codes are constant, on which LightGBM grows no trees."""
    import lightgbm

    options = BINNING | {"max_bin": FINE if len(task.train_codes) <= MANY else COARSE, "seed": seed}
    train_codes, test_codes = _in_units(task.train_codes, task.test_codes)
    views = []
    for order in _orders(task.train_codes.shape[1], seed):
        train = lightgbm.Dataset(train_codes[:, order], np.zeros(len(train_codes)), params=options).construct()
        if all(train.feature_num_bin(code) < 2 for code in range(train.num_feature())):
            return []
        test = lightgbm.Dataset(test_codes[:, order], np.zeros(len(test_codes)), reference=train, params=options)
        views.append(View(order, train, test.construct()))
    return views


def fit_lightgbm(task: Problem, views: Sequence[View]) -> Fit:
    """The same boosting; LightGBM grows the trees, on histograms, and sums what their splits are worth.

    It is given the gradient −r and the hessian 1, so that its gain is the decrease of the squared error. Of codes that
    split equally well it takes the first, where scikit-learn takes any: the stages therefore take turns at seeing the
    codes in several orders, each with its reverse, and codes that tie share what their splits are worth.
    """
    import lightgbm

    if task.classes == 1 or not views:
        return commonest(task)
    trees = task.classes if task.classes > 2 else 1  # a stage
    models = []
    for view in views:
        options = view.train.params | GROWING | {"num_class": trees}
        models.append(lightgbm.Booster(options, view.train).add_valid(view.test, "test"))

    truth = (task.train_classes == np.arange(task.classes)[-trees:, None]).astype(np.float64)
    share = truth.mean(axis=1, keepdims=True)
    prior = np.log(share) if trees > 1 else np.log(share / (1 - share))
    scores = [prior.repeat(len(classes), axis=1) for classes in (task.train_classes, task.test_classes)]
    before = [[np.zeros_like(score) for score in scores] for _ in models]
    for stage in range(STAGES):
        turn = stage % len(models)
        residual = truth - _probabilities(scores[0])
        models[turn].update(fobj=lambda *_, r=residual: (-r.ravel(), np.ones(r.size)))
        after = [_sums(models[turn].eval_train), _sums(models[turn].eval_valid)]
        leaves = _leaves(*(new - old for new, old in zip(after, before[turn], strict=True)))
        step = RATE * _newton(leaves[0], residual, task.classes)
        for score, leaf in zip(scores, leaves, strict=True):
            score += step[leaf]
        before[turn] = after
    gain = np.zeros(task.train_codes.shape[1])
    for model, view in zip(models, views, strict=True):
        gain[view.order] += model.feature_importance("gain")
    guesses = [score.argmax(axis=0) if trees > 1 else (score[0] > 0).astype(np.int64) for score in scores]
    return Fit(guesses[1], *accuracies(task, *guesses), gain / gain.sum() if gain.any() else gain)


def _in_units(train: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    """Codes whose greatest size in training is below 1 or above 2**100, times the power of two that brings it there.

    LightGBM takes everything below 1e-35 for 0, scikit-learn codes as near as 1e-7 for equal, and it works in float32.
    Between the two bounds codes stay as they are: one that is far out must not make the others small. A test code that
    is out of float32's range stays at its end, as far from all others.
    """
    _, exponent = np.frexp(np.abs(train).max(axis=0))
    shift = exponent - np.clip(exponent, 0, 100)
    with np.errstate(over="ignore"):
        return [np.ldexp(each, -shift).clip(-FAR, FAR) for each in (train, test)]


def _orders(codes: int, seed: int) -> list[np.ndarray]:
    """Orders of the codes, each followed by its reverse, so that of any two codes each comes first as often."""
    rng = np.random.default_rng(seed)
    return [order for _ in range(ORDERS) for one in [rng.permutation(codes)] for order in (one, one[::-1])]


def _probabilities(scores: Float[np.ndarray, "trees n"]) -> Float[np.ndarray, "trees n"]:
    """Of each class, or of the second where one score tells two classes apart."""
    if len(scores) == 1:
        return 1 / (1 + np.exp(-scores))
    odds = np.exp(scores - scores.max(axis=0))
    return odds / odds.sum(axis=0)


def _sums(evaluate: Callable) -> Float[np.ndarray, "trees n"]:
    """What a set's trees give so far, which LightGBM keeps while it learns: no tree is ever asked again."""
    kept = []

    def keep(sums: np.ndarray, _: object) -> tuple[str, float, bool]:
        kept.append(sums.reshape(len(sums), -1).T.copy())
        return "sums", 0.0, True

    evaluate(keep)
    return kept[0]


def _leaves(train: Float[np.ndarray, "trees n"], test: Float[np.ndarray, "trees m"]) -> list[np.ndarray]:
    """The leaves that examples fall into, numbered through all trees of a stage, by what these trees give them.

    A leaf gives the mean residual of its training examples. Two leaves of one tree that give the same are one here.
    """
    given = np.sort(train, axis=1)
    tree, place = np.nonzero(np.diff(given, axis=1) > 1e-12)  # less is rounding
    between = np.full((len(given), LEAVES - 1), np.inf)
    between[tree, np.arange(len(tree)) - np.searchsorted(tree, tree)] = (
        given[tree, place] + given[tree, place + 1]
    ) / 2
    leaves = []
    for some in (train, test):
        leaf = np.repeat(LEAVES * np.arange(len(given))[:, None], some.shape[1], axis=1)
        for edge in between.T:
            leaf += some > edge[:, None]
        leaves.append(leaf)
    return leaves


def _newton(leaf: Int[np.ndarray, "trees n"], residual: Float[np.ndarray, "trees n"], classes: int) -> np.ndarray:
    """Each leaf's step: Σr / Σ|r|(1 − |r|), and of K > 2 classes (K − 1)/K of it."""
    size = LEAVES * len(leaf)
    slope = np.bincount(leaf.ravel(), residual.ravel(), size)
    curvature = np.bincount(leaf.ravel(), (np.abs(residual) * (1 - np.abs(residual))).ravel(), size)
    step = np.divide(slope, curvature, out=np.zeros(size), where=curvature > 1e-150)
    return step if classes == 2 else step * (classes - 1) / classes


def commonest(task: Problem) -> Fit:
    """Nothing to learn, or nothing to learn from: every code is unimportant, and the commonest class the guess."""
    guess = np.bincount(task.train_classes).argmax()
    guesses = [np.full(len(classes), guess) for classes in (task.train_classes, task.test_classes)]
    return Fit(guesses[1], *accuracies(task, *guesses), np.zeros(task.train_codes.shape[1]))
