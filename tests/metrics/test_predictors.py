import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import KFold

from metaprior.metrics.boosting import Problem, problem
from metaprior.metrics.predictors import STRENGTHS, fit_logistic


def drawn(noise: float, n: int = 150, codes: int = 8) -> Problem:
    """Codes of which one tells three classes, more or less: the less, the smaller a C serves best."""
    rng = np.random.default_rng(0)
    classes = rng.integers(3, size=n + 400)
    z = rng.normal(size=(n + 400, codes))
    z[:, 0] = classes + noise * z[:, 0]
    return problem(z[:n], classes[:n], z[n:], classes[n:])


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("noise", "least", "most"), [(1.5, 0.0, 0.1), (0.3, 1.0, 100.0)])
def test_the_folds_choose_the_strength_that_they_do_in_scikit_learn(noise: float, least: float, most: float) -> None:
    task = drawn(noise)
    theirs = LogisticRegressionCV(Cs=10, cv=KFold(5), scoring="accuracy").fit(task.train_codes, task.train_classes)
    assert least < np.ravel(theirs.C_)[0] < most
    guesses = fit_logistic(task).test_guesses
    assert np.mean(guesses == theirs.predict(task.test_codes)) > 0.99
    for other in (STRENGTHS[0], STRENGTHS[-1]):  # which would tell otherwise
        alone = LogisticRegression(C=other).fit(task.train_codes, task.train_classes)
        assert np.mean(guesses == alone.predict(task.test_codes)) < 0.99
