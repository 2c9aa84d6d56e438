import duckdb
import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.study.analysis import arranged, rank_correlation, rank_correlations


def test_rows_in_any_order_come_to_the_place_of_their_labels():
    scores = np.random.default_rng(0).normal(size=(3, 4, 5))
    order = np.random.default_rng(1).permutation(scores.size)
    labels = [axis.ravel()[order].tolist() for axis in np.indices(scores.shape)]
    table, axes = arranged(scores.ravel()[order], *labels)
    assert [sorted(axis) for axis in axes] == [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]
    assert (table == scores[np.ix_(*axes)]).all()


def test_what_no_row_is_of_is_missing():
    table, axes = arranged([1.0, None, 3.0], ["mig", "sap", "mig"], [("beta-vae", 1.0), ("beta-vae", 1.0), None])
    assert axes == [["mig", "sap"], [("beta-vae", 1.0), None]]
    assert np.array_equal(table, [[1.0, 3.0], [np.nan, np.nan]], equal_nan=True)


def test_what_a_database_masks_is_missing():
    columns = duckdb.sql("SELECT * FROM (VALUES (1.0, 'a'), (NULL, 'b'), (3.0, 'c')) AS t(value, name)").fetchnumpy()
    table, axes = arranged(columns["value"], columns["name"])
    assert (axes, str(table)) == ([["a", "b", "c"]], "[ 1. nan  3.]")


def test_given_scores_stay_as_they_are():
    given = np.array([1.0, np.inf, 2.0, 3.0])
    rank_correlation(given, given)
    assert given.tolist() == [1.0, np.inf, 2.0, 3.0]


def test_no_rows_are_an_empty_array():
    table, axes = arranged([], [], [])
    assert (table.shape, axes) == ((0, 0), [[], []])


@pytest.mark.parametrize(
    ("values", "labels", "told"),
    [
        ([1, 2, 3], [["a", "b", "b"], [0, 1, 1]], r"2 scores have the labels \('b', 1\)"),
        ([1, 2], [["a", float("nan")]], "a label is NaN"),
        ([1, 2], [["a", "b", "c"]], "2 scores and labels of 3"),
        ([1, 2], [["a", "b"], [0]], r"one label of each kind; there are \[2, 1\]"),
        ([1, "high"], [["a", "b"]], "must be numbers or None"),
        ([[1, 2]], [["a"]], r"must have 1 dimensions; these have shape \(1, 2\)"),
    ],
)
def test_rows_that_say_no_array_are_refused(values, labels, told):
    with pytest.raises(MetapriorError, match=told):
        arranged(values, *labels)


def test_scores_of_other_models_are_refused():
    with pytest.raises(MetapriorError, match="of the same models; there are 3 and 2"):
        rank_correlation([1, 2, 3], [1, 2])
    with pytest.raises(MetapriorError, match="equally many in each row"):
        rank_correlations([[1, 2], [3]], [[1], [2]])
