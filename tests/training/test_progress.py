"""Progress where nobody watches a terminal: a line now and then, and always the last."""

import re
from typing import Any

import pytest

from metaprior.core import DataSpec, Method
from metaprior.methods import VAERecipe
from metaprior.training import Loop, ProgressBar, fit
from metaprior.training import progress as progress_module
from tests.conftest import squares


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_module, "time", clock)
    return clock


def record(step: int, **terms: float | None) -> dict[str, Any]:
    return {"step": step, "seconds": 1.0, "examples_per_second": 640.4, "terms": terms or {"vae/loss": 3.14159}}


def begun(steps: int = 100, seconds: float = 15.0) -> tuple[ProgressBar, Method]:
    bar, method = ProgressBar("vae on squares", seconds), Method()
    bar.begin(method, Loop(steps=steps), None, 0)
    return bar, method


def test_a_line_every_so_many_seconds_and_the_last_step(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    bar, method = begun()
    for step in range(1, 101):
        clock.now += 1
        bar.stepped(method, step)
        bar.logged(record(step))
    bar.end(method)
    told = capsys.readouterr()
    steps = [int(found) for found in re.findall(r"step (\d+)/100", told.err)]
    assert steps == [16, 32, 48, 64, 80, 96, 100]
    assert told.out == ""


def test_a_line_says_how_fast_and_how_well(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    bar, method = begun(steps=7)
    bar.logged(record(7, **{"vae/loss": 3.14159, "vae/kl": 0.5, "vae/odd": None}))
    bar.end(method)
    assert capsys.readouterr().err == "vae on squares: step 7/7  640/s  loss 3.142  kl 0.5\n"


@pytest.mark.parametrize("steps", [1, 7, 150])
def test_a_training_ends_with_its_last_step_and_no_control_characters(
    steps: int, capsys: pytest.CaptureFixture[str]
) -> None:
    method = VAERecipe(batch=4, latent_dim=2).build(DataSpec(image_shape=(1, 16, 16)))
    fit(method, {"train": squares(8)}, Loop(steps=steps), callbacks=[ProgressBar("vae", seconds=1e9)])
    told = capsys.readouterr()
    assert re.fullmatch(rf"vae: step {steps}/{steps}  \d+/s  reconstruction \S+  kl \S+  loss \S+\n", told.err)
    assert told.out == ""


def test_on_a_terminal_a_bar_takes_the_place_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgressBar("vae on squares", seconds=0.0)
    bar.terminal = True
    method = Method()
    bar.begin(method, Loop(steps=3), None, 0)
    for step in (1, 2, 3):
        bar.stepped(method, step)
        bar.logged(record(step))
    bar.end(method)
    told = capsys.readouterr()
    assert "step 3/3" not in told.err
    assert "3/3" in told.err
    assert told.out == ""


def test_terms_of_one_name_are_told_apart_by_their_players(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    bar, method = begun()
    bar.logged(record(100, **{"vae/loss": 3.0, "vae/kl": 1.0, "critic/loss": 2.0}))
    bar.end(method)
    assert "vae loss 3  kl 1  critic loss 2" in capsys.readouterr().err
