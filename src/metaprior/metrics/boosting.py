"""Gradient-boosted trees that predict one factor from the codes: how much each code matters, and how well it works.

``sklearn`` is the study's ``GradientBoostingClassifier()`` with its defaults and a fixed seed: minutes for dSprites.
``lightgbm`` grows the same trees on histograms: gains as importances, depth 3, one example a leaf. Split counts,
LightGBM's default importance, would change the score completely.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int

Backend: TypeAlias = Literal["lightgbm", "sklearn"]


@dataclass(frozen=True, eq=False)
class Fit:
    """One factor's trees: importances of the codes, summing to 1 (or all 0), and accuracies."""

    importance: Float[np.ndarray, " codes"]
    train_accuracy: float
    test_accuracy: float


@dataclass(frozen=True, eq=False)
class Problem:
    """Predict one factor: the classes are numbered from 0; a test value that training never saw is -1."""

    train_codes: Float[np.ndarray, "n codes"]
    train_classes: Int[np.ndarray, " n"]
    test_codes: Float[np.ndarray, "m codes"]
    test_classes: Int[np.ndarray, " m"]
    classes: int


def problem(
    train_codes: np.ndarray, train_values: np.ndarray, test_codes: np.ndarray, test_values: np.ndarray
) -> Problem:
    """Number the values of one factor that occur in training."""
    values, train_classes = np.unique(train_values, return_inverse=True)
    place = np.minimum(np.searchsorted(values, test_values), len(values) - 1)
    test_classes = np.where(values[place] == test_values, place, -1)
    return Problem(train_codes, train_classes, test_codes, test_classes, len(values))


def fit_sklearn(task: Problem, seed: int) -> Fit:
    """Scikit-learn's trees with its defaults: 100 stages of one tree a class, depth 3, learning rate 0.1."""
    from sklearn.ensemble import GradientBoostingClassifier

    if task.classes == 1:
        return _constant(task)
    model = GradientBoostingClassifier(random_state=seed).fit(task.train_codes, task.train_classes)
    return Fit(
        importance=np.abs(model.feature_importances_),
        train_accuracy=float((model.predict(task.train_codes) == task.train_classes).mean()),
        test_accuracy=float((model.predict(task.test_codes) == task.test_classes).mean()),
    )


def fit_lightgbm(task: Problem, seed: int) -> Fit:
    """LightGBM's trees, as near to scikit-learn's as it can grow them."""
    import lightgbm

    if task.classes == 1:
        return _constant(task)
    options = {
        "objective": "multiclass" if task.classes > 2 else "binary",
        "num_class": task.classes if task.classes > 2 else 1,
        "max_depth": 3,
        "num_leaves": 8,
        "learning_rate": 0.1,
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "force_col_wise": True,
        "deterministic": True,
        "num_threads": 1,
        "seed": seed,
        "verbosity": -1,
    }
    train = lightgbm.Dataset(task.train_codes, task.train_classes, params=options)
    test = lightgbm.Dataset(task.test_codes, task.test_classes.clip(0), reference=train, params=options)
    model = lightgbm.Booster(options, train)
    model.add_valid(test, "test")
    for _ in range(100):
        model.update()
    gain = model.feature_importance("gain")
    return Fit(
        importance=gain / gain.sum() if gain.any() else gain,
        train_accuracy=_accuracy(model.eval_train, task.train_classes),
        test_accuracy=_accuracy(model.eval_valid, task.test_classes),
    )


def _accuracy(evaluate: Callable, classes: np.ndarray) -> float:
    """Accuracy by the scores that boosting keeps of both sets, which saves predicting every tree anew."""

    def accuracy(scores: np.ndarray, _: object) -> tuple[str, float, bool]:
        predicted = scores.argmax(axis=1) if scores.ndim == 2 else scores > 0.5
        return "accuracy", float((predicted == classes).mean()), True

    return next(value for _, name, value, _ in evaluate(accuracy) if name == "accuracy")


def _constant(task: Problem) -> Fit:
    """A factor of one value: nothing to learn, every code unimportant."""
    codes = task.train_codes.shape[1]
    return Fit(np.zeros(codes), train_accuracy=1.0, test_accuracy=float((task.test_classes == 0).mean()))
