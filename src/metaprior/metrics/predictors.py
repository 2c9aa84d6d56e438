"""Predictors of factors from codes: boosted trees, or logistic regression with a cross-validated penalty."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from metaprior.core import unknown
from metaprior.metrics.boosting import Backend, Prediction, Problem, accuracies, commonest, fit_trees

Predictor: TypeAlias = Literal["boosted", "logistic"]

FOLDS = 5
STRENGTHS = np.logspace(-4, 4, 10)
"""The values tried of C, the inverse of the penalty's weight."""


def predict(
    tasks: Sequence[Problem], predictor: Predictor, backend: Backend, seed: int, threads: int
) -> Sequence[Prediction]:
    """Solve each problem; trees are grown by ``backend``, ``threads`` problems at a time."""
    if predictor == "boosted":
        return fit_trees(tasks, backend, seed, threads)
    if predictor == "logistic":
        return [fit_logistic(task) for task in tasks]
    raise unknown("predictor", predictor, get_args(Predictor))


def fit_logistic(task: Problem) -> Prediction:
    """Logistic regression with the C that five unshuffled folds favour, then fitted to all training examples.

    The study's ``LogisticRegressionCV(Cs=10, cv=KFold(5))``, which before scikit-learn 1.9 needs every class in every
    fold; here a fold tells the classes that it has. As there, codes are not standardised and a fit ends after 100
    steps, which with many classes and a large C is before it has converged.
    """
    if task.classes == 1:
        return commonest(task)
    x, y = task.train_codes, task.train_classes
    right = np.zeros(len(STRENGTHS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of steps that ran out
        for held in np.array_split(np.arange(len(y)), min(FOLDS, len(y))):
            path = _path(np.delete(x, held, axis=0), np.delete(y, held), STRENGTHS)
            right += [model.score(x[held], y[held]) for model in path]
        *_, best = _path(x, y, STRENGTHS[: right.argmax() + 1])
    guesses = [np.asarray(best.predict(codes)) for codes in (x, task.test_codes)]
    return Prediction(guesses[1], *accuracies(task, *guesses))


def _path(x: np.ndarray, y: np.ndarray, strengths: np.ndarray) -> Iterator[Any]:
    """One model after the other, each begun where the last one ended."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    if (y == y[0]).all():
        yield from [DummyClassifier().fit(x, y)] * len(strengths)
        return
    model = LogisticRegression(warm_start=True)
    for strength in strengths:
        yield model.set_params(C=strength).fit(x, y)
