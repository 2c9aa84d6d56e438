"""Loggers: what they write can be read back, and one whose package is missing is an error before anything is done."""

import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from metaprior.core import DataSpec, MetapriorError, Method
from metaprior.methods import VAERecipe
from metaprior.study import train
from metaprior.training import Callback, Loop, Run, fit
from tests.conftest import squares

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"


class StopAt(Callback):
    """Power fails after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, method: Method, step: int) -> None:
        if step == self.step:
            raise KeyboardInterrupt


def fit_vae(folder: Path | None, callbacks: tuple[Callback, ...] = (), resume: bool = False, **options: Any) -> None:
    method = VAERecipe(batch=8, latent_dim=4).build(DataSpec(image_shape=(1, 16, 16)))
    run = Run(folder) if folder else None
    if run and not resume:
        run.write_config({"recipe": "test"})
    fit(method, {"train": squares()}, Loop(steps=6, log_every=1, **options), run, callbacks, resume)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values of every scalar in the run's event files, as TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in events.Tags()["scalars"]}


@pytest.mark.parametrize("killed_at", [None, 4, 5])
def test_tensorboard_shows_the_lines_of_metrics(killed_at: int | None, tmp_path: Path) -> None:
    if killed_at:
        with pytest.raises(KeyboardInterrupt):
            fit_vae(tmp_path, (StopAt(killed_at),), tensorboard=True, checkpoint_every=2)
    fit_vae(tmp_path, resume=killed_at is not None, tensorboard=True)
    shown = curves(tmp_path)
    assert shown.keys() == lines(tmp_path)[0]["terms"].keys()
    for name, points in shown.items():
        assert points == [(line["step"], pytest.approx(line["terms"][name])) for line in lines(tmp_path)]
        assert [step for step, _ in points] == [1, 2, 3, 4, 5, 6]


def test_tensorboard_leaves_out_what_is_not_finite(tmp_path: Path) -> None:
    class Odd(Callback):
        def stepped(self, method: Method, step: int) -> dict[str, float]:
            return {"monitor": float("nan") if step == 3 else float(step)}

    fit_vae(tmp_path, (Odd(),), tensorboard=True)
    assert curves(tmp_path)["monitor"] == [(step, float(step)) for step in (1, 2, 4, 5, 6)]


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A stand-in for the package wandb; the value lists its runs."""
    runs: list[dict[str, Any]] = []

    class WandbRun:
        def __init__(self, **given: Any) -> None:
            self.told: dict[str, Any] = {"given": given, "logged": [], "finished": 0}
            runs.append(self.told)

        def log(self, values: dict[str, float], step: int) -> None:
            self.told["logged"].append((step, values))

        def finish(self) -> None:
            self.told["finished"] += 1

    module = types.ModuleType("wandb")
    module.init = WandbRun  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", module)
    return runs


def test_weights_and_biases_gets_the_config_and_every_line(wandb: list[dict[str, Any]], tmp_path: Path) -> None:
    fit_vae(tmp_path / "mine", wandb="project")
    (told,) = wandb
    assert told["given"]["project"] == "project"
    assert told["given"]["name"] == "mine"
    assert told["given"]["config"] == Run(tmp_path / "mine").config
    assert told["given"]["dir"] == str(tmp_path / "mine")
    assert told["logged"] == [(line["step"], line["terms"]) for line in lines(tmp_path / "mine")]
    assert told["finished"] == 1


def test_a_resumed_run_goes_on_under_its_name_and_another_gets_one_of_its_own(
    wandb: list[dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit_vae(tmp_path / "a", (StopAt(3),), wandb="project", checkpoint_every=2)
    assert wandb[0]["finished"] == 1
    fit_vae(tmp_path / "a", resume=True, wandb="project")
    fit_vae(tmp_path / "b", wandb="project")
    first, again, other = (told["given"]["id"] for told in wandb)
    assert first == again != other
    assert {told["given"]["resume"] for told in wandb} == {"allow"}
    assert [step for step, _ in wandb[1]["logged"]] == [3, 4, 5, 6]


def test_weights_and_biases_without_a_run_folder(wandb: list[dict[str, Any]]) -> None:
    fit_vae(None, wandb="project")
    assert wandb[0]["given"] == {"project": "project", "resume": "allow"}


def test_a_project_that_cannot_be_reached_is_one_line_and_leaves_no_run(
    wandb: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise RuntimeError("No API key configured. Use `wandb login`.\nMore lines.")

    monkeypatch.setattr(sys.modules["wandb"], "init", refuse)
    with pytest.raises(MetapriorError, match=r"^--wandb could not begin: No API key .*`; WANDB_MODE=offline [^\n]*$"):
        train("vae", data=WORLD, out=tmp_path / "run", steps=2, progress=False, wandb="project")
    assert not list(tmp_path.iterdir())


LOGGERS = {"tensorboard": {"tensorboard": True}, "wandb": {"wandb": "project"}}


@pytest.fixture(params=LOGGERS)
def missing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a logger whose package is not installed."""
    monkeypatch.setitem(sys.modules, request.param, None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    return request.param


def test_a_missing_package_is_one_line_that_says_what_to_install(missing: str, tmp_path: Path) -> None:
    line = rf"--{missing} needs more packages \([^\n]*{missing}[^\n]*\): pip install 'metaprior\[log\]'"
    for data in (WORLD, "no such data"):  # nothing is so much as looked at before
        with pytest.raises(MetapriorError, match=f"^{line}$"):
            train("vae", data=data, out=tmp_path / "run", steps=2, progress=False, **LOGGERS[missing])
    assert not list(tmp_path.iterdir())


def test_the_loop_alone_refuses_before_its_first_step(missing: str, tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match="pip install"):
        fit_vae(tmp_path, **LOGGERS[missing])
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_run_is_loaded_without_the_loggers_it_was_trained_with(
    wandb: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train("vae", data=WORLD, out=tmp_path / "run", steps=1, progress=False, method={"batch": 4}, wandb="project")
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert importlib.import_module("metaprior").load(run.folder).config == run.config


def test_a_callback_that_cannot_begin_is_not_ended_and_those_before_it_are() -> None:
    called: list[str] = []

    class Told(Callback):
        def __init__(self, name: str, broken: bool = False) -> None:
            self.name, self.broken = name, broken

        def begin(self, *_: Any) -> None:
            called.append(f"{self.name} begins")
            if self.broken:
                raise ConnectionError("no network")

        def end(self, method: Method) -> None:
            called.append(f"{self.name} ends")

    with pytest.raises(ConnectionError, match="no network"):
        fit_vae(None, (Told("first"), Told("second", broken=True), Told("third")))
    assert called == ["first begins", "second begins", "first ends"]
