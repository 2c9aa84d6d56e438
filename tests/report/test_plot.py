import itertools

import pytest

from metaprior.report.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Dot, Frame, beside, ticks


def test_the_corners_of_the_frame_are_the_ends_of_its_axes() -> None:
    frame = Frame(left=2.0, right=6.0, bottom=-1.0, top=3.0)
    assert (frame.x(2.0), frame.x(6.0)) == (LEFT, WIDTH - RIGHT)
    assert (frame.y(3.0), frame.y(-1.0)) == (TOP, HEIGHT - BOTTOM)


def test_a_falling_line_has_one_sum_and_stays_in_the_frame() -> None:
    frame = Frame(0.0, 10.0, 0.0, 10.0)
    [line] = frame.falling(5.0, "elbo")
    assert (line.x1, line.y1) == (frame.x(0.0), frame.y(5.0))
    assert (line.x2, line.y2) == (frame.x(5.0), frame.y(0.0))
    [long] = frame.falling(15.0, "elbo")
    assert (long.x1, long.y1, long.x2, long.y2) == (frame.x(5.0), frame.y(10.0), frame.x(10.0), frame.y(5.0))
    assert frame.falling(21.0, "elbo") == frame.falling(-1.0, "elbo") == []


@pytest.mark.parametrize("ends", [(0.0, 1.0), (17.3, 27.0), (0.0, 3e-4), (-5.0, 12_000.0)])
def test_ticks_are_few_round_and_equally_far_apart(ends: tuple[float, float]) -> None:
    found = ticks(*ends)
    assert 3 <= len(found) <= 8
    assert ends[0] - 1e-9 <= found[0]
    assert found[-1] <= ends[1] + 1e-9
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps))


def test_labels_of_dots_in_one_place_stand_beside_each_other_and_none_is_where_there_is_no_room() -> None:
    dots = [Dot(100, 100, i, "") for i in range(20)]
    texts = beside(dots, [f"β {i}" for i in range(20)])
    assert 3 <= len(texts) <= 8
    assert len({(text.x, text.y, text.anchor) for text in texts}) == len(texts)
