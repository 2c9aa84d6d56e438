import re

import pytest

from metaprior.report.curves import HEIGHT, POINTS, WIDTH, panel, panels, running_mean, thin
from tests.report.views import HISTORY, view


def test_one_panel_a_term_and_one_path_a_run() -> None:
    more = [record | {"terms": record["terms"] | {"vae/supervised": 1.0}} for record in HISTORY]
    found = panels([view(), view(history=more)])
    assert [p.name for p in found] == ["vae/kl", "vae/total", "vae/supervised"]
    assert [bool(path) for path in found[2].paths] == [False, True]


def test_paths_stay_in_the_frame_and_larger_values_lie_higher() -> None:
    (path,) = panel("x", [[(0, 1.0), (5, 3.0), (10, 2.0)]]).paths
    points = [tuple(map(float, point)) for point in re.findall(r"([\d.]+) ([\d.]+)", path)]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert points[1][1] < points[2][1] < points[0][1]


def test_a_value_that_was_not_finite_breaks_the_line() -> None:
    assert panel("x", [[(0, 1.0), (1, 2.0), (2, None), (3, 1.0), (4, 2.0)]]).paths[0].count("M") == 2


@pytest.mark.parametrize(("line", "logarithmic"), [([1.0, 1000.0], True), ([0.0, 1000.0], False), ([1.0, 2.0], False)])
def test_the_scale_is_logarithmic_only_for_positive_terms_over_decades(line: list[float], logarithmic: bool) -> None:
    assert panel("x", [list(enumerate(line))]).logarithmic is logarithmic


@pytest.mark.parametrize("values", [[2.0, 2.0], [None, None], []])
def test_a_constant_or_empty_term_is_drawn_without_a_fault(values: list[float | None]) -> None:
    assert panel("x", [list(enumerate(values))]).name == "x"


def test_a_running_mean_keeps_a_straight_line_and_flattens_a_swing() -> None:
    line = [(float(step), 2.0 * step) for step in range(90)]
    assert running_mean(line)[:-5] == line[:-5]
    swing = [(float(step), float(step % 5)) for step in range(100)]
    middle = [value for _, value in running_mean(swing)[20:80] if value is not None]
    assert len(middle) == 60
    assert max(middle) - min(middle) < 0.6  # the swing is of 4
    assert sum(middle) / 60 == pytest.approx(2, abs=0.05)


def test_a_running_mean_leaves_out_what_was_not_finite() -> None:
    line = [(0.0, 1.0), (1.0, None), (2.0, 3.0)]
    assert running_mean(line) == line
    holed = [(float(step), None if step == 30 else 1.0) for step in range(60)]
    assert running_mean(holed) == holed


def test_thinning_keeps_the_mean_and_the_last_step() -> None:
    line = [(float(step), float(step % 7)) for step in range(4 * POINTS)]
    short = thin(line)
    assert len(short) == POINTS
    assert short[-1][0] == line[-1][0]
    assert sum(v or 0 for _, v in short) / len(short) == pytest.approx(sum(v for _, v in line) / len(line))
