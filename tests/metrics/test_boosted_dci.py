import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import dci
from tests.metrics import reference

WITH_DCI = ("A_dsprites", "B_dsprites", "C_dsprites")


def halves(case: str, train: int, test: int, factors: slice = slice(None)) -> tuple[np.ndarray, ...]:
    codes, values = reference.sample(case, train + test, seed=0)
    values = values[:, factors]
    return codes[:train], values[:train], codes[train:], values[train:]


def identity(n: int = 1500) -> tuple[np.ndarray, ...]:
    factors = np.random.default_rng(0).integers(0, np.arange(2, 12), size=(n, 10))
    return factors[: n // 2], factors[: n // 2], factors[n // 2 :], factors[n // 2 :]


def test_identity_codes_are_disentangled_and_complete() -> None:
    result = dci(*identity())
    assert min(result.disentanglement, result.completeness, result.informativeness_test) >= 0.9


def test_duplicated_codes_stay_disentangled() -> None:
    train, values, test, test_values = identity()
    doubled = dci(np.hstack([train, train]), values, np.hstack([test, test]), test_values)
    assert doubled.disentanglement >= 0.9


def test_constant_and_unseen_values() -> None:
    train, values, test, test_values = identity()
    values, test_values = values.copy(), test_values.copy()
    values[:, 2] = 5
    values[values[:, 9] == 0, 9] = 1
    result = dci(train, values, test, test_values)
    assert result.constant_factors == (2,)
    assert result.importance[:, 2].tolist() == [0.0] * 10
    assert result.importance[:, 9].sum() == pytest.approx(1.0)
    assert result.informativeness_test < 0.95


def test_threads_and_repetition_do_not_change_the_result() -> None:
    once, again = dci(*identity()), dci(*identity(), threads=2)
    assert np.array_equal(once.importance, again.importance)
    assert once.informativeness_test == again.informativeness_test


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(MetapriorError, match="unknown backend 'lightgmb'; did you mean 'lightgbm'"):
        dci(*identity(), backend="lightgmb")  # type: ignore[arg-type]
