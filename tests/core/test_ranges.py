"""Ranges: numbers and schedules inside them pass, others are refused by name."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaprior.core import Cosine, Linear, MetapriorError, Piecewise, Schedule, require_above, require_at_least

numbers = st.floats(-100, 100)
counts = st.integers(1, 20)
schedules = (
    st.builds(Linear, numbers, numbers, counts)
    | st.builds(Cosine, numbers, counts, st.integers(0, 20), numbers)
    | st.builds(lambda values: Piecewise(tuple(values), tuple(range(1, len(values)))), st.lists(numbers, min_size=1))
)


@given(schedules)
def test_a_schedule_never_leaves_its_extremes_and_reaches_them(schedule):
    extremes, values = schedule.extremes(), [schedule(step) for step in range(200)]
    assert min(extremes) == pytest.approx(min(values), abs=1e-9)
    assert max(extremes) == pytest.approx(max(values), abs=1e-9)


@pytest.mark.parametrize("choice", [-0.1, math.nan, math.inf, Linear(1.0, -1.0, 5), Piecewise((1, -1), (3,))])
def test_what_is_outside_is_refused_and_named(choice):
    with pytest.raises(MetapriorError, match=r"^weight must be .*at least 0, not "):
        require_at_least(0, other=1.0, weight=choice)


@pytest.mark.parametrize("choice", [0.0, -1.0, math.nan, Linear(0.0, 0.0, 5), Linear(1.0, -1.0, 5)])
def test_what_is_never_above_the_bound_or_falls_below_it_is_refused(choice):
    with pytest.raises(MetapriorError, match=r"^lr must be .*above 0, not "):
        require_above(0, lr=choice)


@pytest.mark.parametrize("choice", [None, 1e-9, Cosine(1.0, 10, warmup=2), Linear(0.0, 1.0, 5)])
def test_what_is_inside_passes(choice):
    require_at_least(0, choice=choice)
    require_above(0, choice=choice)


def test_a_schedule_of_one_s_own_is_checked_where_it_begins():
    class Falling(Schedule):
        def __call__(self, step: int) -> float:
            return 1.0 - step

    require_at_least(1, choice=Falling())
    with pytest.raises(MetapriorError, match=r"not falling\(\)"):
        require_at_least(2, choice=Falling())
