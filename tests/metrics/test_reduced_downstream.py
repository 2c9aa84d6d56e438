import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.metrics import dci, reduced_downstream_accuracy
from tests.metrics import reference

SIZES = (4, 3, 5)


def grid(copies: int = 8) -> np.ndarray:
    return np.indices(SIZES).reshape(3, -1).T.repeat(copies, axis=0)


def mixed(n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, SIZES, size=(n, 3))
    codes = factors @ np.array([[1.0, 0.5, 0.0, 0.1], [0.0, 1.0, 0.4, 0.2], [0.3, 0.0, 1.0, 0.0]])
    codes += 0.1 * rng.normal(size=codes.shape)
    return codes[: n // 2], factors[: n // 2], codes[n // 2 :], factors[n // 2 :]


def test_without_its_only_code_a_factor_is_told_by_chance() -> None:
    factors = grid()
    result = reduced_downstream_accuracy(factors[:, [2, 0, 1]], factors, factors[:, [2, 0, 1]], factors)
    assert result.removed == ((1,), (2,), (0,))
    assert result.full.tolist() == [1.0, 1.0, 1.0]
    assert result.others == 1.0
    assert np.diag(result.accuracy) == pytest.approx([1 / size for size in SIZES])
    assert result.reduced == pytest.approx(np.mean([1 / size for size in SIZES]))


def test_a_factor_with_two_codes_needs_both_taken_away() -> None:
    factors = grid()
    doubled = np.hstack([factors, factors])
    one, two = (reduced_downstream_accuracy(doubled, factors, doubled, factors, remove) for remove in (1, 2))
    assert one.reduced == 1.0
    assert two.reduced == pytest.approx(np.mean([1 / size for size in SIZES]))
    assert [sorted(codes) for codes in two.removed] == [[0, 3], [1, 4], [2, 5]]
    assert two.others == 1.0


def test_the_first_code_is_the_most_important_one_of_dci() -> None:
    split = mixed()
    result, trees = reduced_downstream_accuracy(*split), dci(*split)
    assert [codes[0] for codes in result.removed] == trees.importance.argmax(axis=0).tolist()
    assert result.full.mean() == trees.informativeness_test
    assert result.reduced < result.full.mean()


def test_accuracies_are_those_of_trees_on_the_codes_that_are_left() -> None:
    codes, factors, test_codes, test_factors = mixed()
    result = reduced_downstream_accuracy(codes, factors, test_codes, test_factors, remove=2)
    for kept, row in zip(result.removed, result.accuracy, strict=True):
        left = np.delete(codes, kept, axis=1), factors, np.delete(test_codes, kept, axis=1), test_factors
        assert row.mean() == pytest.approx(dci(*left).informativeness_test)
    first = np.delete(codes, result.removed[0][0], axis=1), factors, np.delete(test_codes, result.removed[0][0], 1)
    second = dci(*first, test_factors).importance[:, 0].argmax()
    assert result.removed[0][1] == np.delete(np.arange(4), result.removed[0][0])[second]


@reference.recorded
@pytest.mark.parametrize(("case", "clean"), [("A_dsprites", True), ("C_dsprites", False)])
def test_one_code_carries_a_factor_of_aligned_codes_but_not_of_rotated_ones(case: str, clean: bool) -> None:
    codes, factors = reference.sample(case, 800, seed=0)
    few = np.s_[:, :2]  # shape and scale: the trees of the others are many
    result = reduced_downstream_accuracy(codes[:400], factors[:400][few], codes[400:], factors[400:][few])
    assert result.others == pytest.approx(result.full.mean(), abs=0.06)
    if clean:
        assert np.diag(result.accuracy) == pytest.approx([1 / 3, 1 / 6], abs=0.1)
    else:
        assert min(np.diag(result.accuracy)) > 0.5


def test_constant_factors_take_no_part() -> None:
    codes, factors, test_codes, test_factors = mixed()
    more = np.insert(factors, 1, 7, axis=1), np.insert(test_factors, 1, [7, 8] * 150, axis=1)
    plain = reduced_downstream_accuracy(codes, factors, test_codes, test_factors)
    result = reduced_downstream_accuracy(codes, more[0], test_codes, more[1])
    assert (result.reduced, result.others) == (plain.reduced, plain.others)
    assert result.constant_factors == (1,)
    assert result.removed[1] == ()
    assert np.isnan(result.accuracy[1]).all()


def test_what_cannot_be_reduced_has_a_reason() -> None:
    codes, factors, test_codes, test_factors = mixed()
    nothing = reduced_downstream_accuracy(codes, factors, test_codes, test_factors, remove=4)
    assert (nothing.reduced, nothing.others) == (None, None)
    assert nothing.reason == "of 4 codes nothing is left when 4 are taken away"
    constant = reduced_downstream_accuracy(codes, np.ones_like(factors), test_codes, test_factors)
    assert constant.reason == "no factor varies in the training sample"
    single = reduced_downstream_accuracy(codes, factors[:, :1], test_codes, test_factors[:, :1])
    assert single.reduced is not None
    assert (single.others, single.reason) == (None, "only factor 0 varies in training, so there are no others")
    assert reduced_downstream_accuracy(codes, factors, test_codes, test_factors).reason is None
    with pytest.raises(MetapriorError, match="remove must be at least 1, not 0"):
        reduced_downstream_accuracy(codes, factors, test_codes, test_factors, remove=0)


def test_threads_do_not_change_the_result() -> None:
    once, again = (reduced_downstream_accuracy(*mixed(), threads=threads) for threads in (1, 2))
    assert np.array_equal(once.accuracy, again.accuracy)
