import re

import numpy as np
import pytest

from metaprior.report import Examples
from metaprior.report.sparklines import HIGH, WIDE, spark_grid
from tests.report.views import view

FACTORS = np.indices((4, 3)).reshape(2, -1).T.repeat(20, axis=0)


def grid_of(codes: np.ndarray, factors: np.ndarray = FACTORS, order: list[int] | None = None):
    return spark_grid(view(examples=Examples(codes, factors=factors, factor_names=("row", "column_of_it"))), order)


def points(path: str) -> np.ndarray:
    return np.array([[float(n) for n in point.split()] for point in re.findall(r"[ML]([\d.e-]+ [\d.e-]+)", path)])


def test_a_line_goes_through_the_means_from_left_to_right_and_larger_is_higher() -> None:
    (row,) = grid_of(FACTORS[:, :1] - 1.5).rows
    line = points(row.sparks[0].line)
    assert np.allclose(line[:, 0], np.linspace(0, WIDE, 4), atol=0.1)
    assert np.allclose(line[:, 1], [HIGH, HIGH * 2 / 3, HIGH / 3, 0], atol=0.1)
    assert row.sparks[0].rises
    level = points(row.sparks[1].line)
    assert np.allclose(level[:, 1], HIGH / 2)
    assert (row.low, row.high) == ("−1.5", "1.5")


def test_the_band_is_a_standard_deviation_on_either_side_and_all_stays_in_the_box() -> None:
    codes = np.random.default_rng(0).normal(size=(240, 3)) + FACTORS[:, :1]
    for row in grid_of(codes).rows:
        for spark in row.sparks:
            band, line = points(spark.band), points(spark.line)
            assert band.min() >= -0.1
            assert (band <= [WIDE + 0.1, HIGH + 0.1]).all()
            above, below = band[: len(line), 1], band[len(line) :, 1][::-1]
            assert np.allclose((above + below) / 2, line[:, 1], atol=0.2)


def test_what_hardly_moves_a_code_does_not_count() -> None:
    codes = np.random.default_rng(1).normal(size=(240, 1)) + 3 * FACTORS[:, 1:]
    assert [spark.counts for spark in grid_of(codes).rows[0].sparks] == [False, True]


def test_active_codes_stand_in_the_order_asked_for() -> None:
    codes = np.stack([FACTORS[:, 0], np.zeros(240), -FACTORS[:, 1]], axis=1).astype(float)
    assert [row.code for row in grid_of(codes, order=[2, 1, 0]).rows] == ["z2", "z0"]
    assert grid_of(codes).factors == ["row", "column of it"]


@pytest.mark.parametrize("factors", [None, np.full((240, 2), -1)])
def test_without_a_known_factor_there_is_no_grid(factors: np.ndarray | None) -> None:
    assert grid_of(np.zeros((240, 1)), factors) is None


def test_a_factor_of_one_value_is_a_level_line() -> None:
    factors = np.stack([FACTORS[:, 0], np.zeros(240, dtype=int)], axis=1)
    line = points(grid_of(FACTORS[:, :1].astype(float), factors).rows[0].sparks[1].line)
    assert line[:, 0].tolist() == [0, WIDE]
    assert line[0, 1] == line[1, 1]
