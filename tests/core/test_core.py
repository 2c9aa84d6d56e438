"""Counter-based randomness, streams, schedules and configs: facts for any seed and size."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metaprior.core import (
    Adam,
    Buffered,
    Cosine,
    Counter,
    Cycle,
    Epochs,
    Linear,
    MetapriorError,
    Part,
    Piecewise,
    Replacement,
    Step,
    Windows,
    from_plain,
    parse_scalar,
    to_plain,
)  # fmt: skip
from metaprior.training import Loop

sizes = st.integers(1, 40)


@given(length=sizes, batch=sizes, seed=st.integers(0, 5))
def test_an_epoch_holds_every_example_once(length, batch, seed):
    turns = -(-3 * length // batch)
    seen = torch.cat([Epochs(batch).indices(length, seed, "train", turn) for turn in range(turns)])
    for epoch in range(3):
        assert sorted(seen[epoch * length : (epoch + 1) * length].tolist()) == list(range(length))


@given(length=sizes, batch=sizes, seed=st.integers(0, 5))
def test_batches_that_do_not_straddle_epochs_hold_no_example_twice(length, batch, seed):
    stream = Epochs(batch, drop_last=True)
    if batch > length:
        with pytest.raises(MetapriorError, match="cannot be of different ones"):
            stream.indices(length, seed, "train", 0)
        return
    turns = 3 * (length // batch)
    seen = torch.stack([stream.indices(length, seed, "train", turn) for turn in range(turns)])
    assert seen.shape == (turns, batch)
    for epoch in seen.chunk(3):
        assert epoch.unique().numel() == epoch.numel()


@given(length=sizes, batch=sizes, turn=st.integers(0, 1000))
def test_a_stream_depends_on_its_counter_alone(length, batch, turn):
    for stream in (Replacement(batch), Epochs(batch), Cycle(batch), Buffered(batch, buffer=50)):
        first, again = (stream.indices(length, 3, "train", turn) for _ in range(2))
        assert torch.equal(first, again)
        assert first.shape == (batch,)
        assert first.min() >= 0
        assert first.max() < length


def test_streams_of_different_names_differ():
    a, b = (Replacement(64).indices(10**6, 0, name, 0) for name in ("one", "two"))
    assert not torch.equal(a, b)


@given(batch=st.integers(1, 4), length=st.integers(1, 5), turn=st.integers(0, 30))
def test_windows_follow_each_other_until_they_restart(batch, length, turn):
    stream, text = Windows(batch, length=length), 60
    this, following = (stream.indices(text, 0, "text", t) for t in (turn, turn + 1))
    assert (this.diff(dim=1) == 1).all()
    if not stream.restarts(text, turn + 1):
        assert torch.equal(this[:, -1], following[:, 0])


def test_a_text_too_short_for_its_windows_is_an_error():
    with pytest.raises(MetapriorError, match="too short"):
        Windows(4, length=10).indices(20, 0, "text", 0)


@given(parts=st.integers(1, 6), rows=st.integers(1, 5))
def test_noise_does_not_depend_on_how_the_batch_is_split(parts, rows):
    whole = Step(draws=Counter(7, step=3)).randn("noise", parts * rows, 2)
    split = [Step(draws=Counter(7, step=3), part=Part(i, parts)).randn("noise", rows, 2) for i in range(parts)]
    assert torch.equal(torch.cat(split), whole)


def test_shuffling_each_column_keeps_the_marginals():
    rows = torch.arange(40.0).reshape(10, 4)
    shuffled = Step(draws=Counter(0)).shuffle_each_column(rows)
    assert torch.equal(shuffled.sort(dim=0).values, rows)
    assert not torch.equal(shuffled, rows)
    assert not torch.equal(shuffled - shuffled[:, :1], rows - rows[:, :1])  # columns moved independently


@pytest.mark.parametrize(
    "schedule", [Linear(0.0, 1.5, 10), Cosine(1e-3, 100, warmup=5), Piecewise((1.0, 0.1, 0.01), (30, 60), warmup=7)]
)
def test_a_schedule_survives_its_text(schedule):
    assert parse_scalar(str(schedule)) == schedule
    assert from_plain(Adam, to_plain(Adam(lr=schedule))).lr == schedule


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"stepz": 3}, "unknown key 'loop.stepz'; did you mean 'steps'"),
        ({"steps": "many"}, "loop.steps: expected `int`, got 'many'"),
        ({"steps": -1}, "loop.steps must be at least 0"),
        ({"precision": "fp8"}, "loop.precision: invalid enum value 'fp8'"),
        ({"steps": None}, "loop.steps: expected `int`, got null"),
        ([3], "loop must be a mapping with keys, not [3]"),
    ],
)
def test_a_bad_config_is_one_clear_line(plain, message):
    with pytest.raises(MetapriorError) as fault:
        from_plain(Loop, plain, "loop")
    assert message in str(fault.value)
    assert str(fault.value).count(", got ") <= 1
    assert "\n" not in str(fault.value)


@given(st.text(max_size=20))
def test_no_text_crashes_the_schedule_parser(text):
    try:
        value = parse_scalar(text)
    except MetapriorError:
        return
    assert isinstance(value, float | Linear | Cosine | Piecewise)
