"""Processes that carry cohorts out: those that die are replaced."""

import json
from pathlib import Path

import pytest

from metaprior.study import run_study
from metaprior.study.grid import product, values
from tests.study.tiny import COMMON, KILLER, small, unlabelled


def test_what_fails_is_told_and_tried_again_on_request_alone(tmp_path: Path) -> None:
    nowhere = product(values("recipe", "beta-vae"), values("data", "cars3d"), values("loop.seed", 5))
    killed = product(COMMON, values("recipe", KILLER))
    study = small(nowhere, killed, unlabelled(0))
    progress = run_study(study, tmp_path, workers=1)
    lost, dead, _ = study.tasks
    assert progress.done == 1
    assert progress.failed.keys() == {lost, dead}
    assert "cars3d" in progress.failed[lost]
    assert "by signal 9 (Killed)" in progress.failed[dead]
    again = run_study(study, tmp_path, workers=1)
    assert (again.tried, again.failed) == (0, progress.failed)
    retried = run_study(study, tmp_path, workers=1, retry=True)
    assert (retried.tried, retried.failed) == (2, progress.failed)
    assert json.loads((tmp_path / "runs" / lost / "failure.json").read_text())["reason"] == progress.failed[lost]


def test_a_worker_has_the_environment_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teller = f"{Path(__file__).with_name('killer.py')}:teller"
    study = small(product(COMMON, values("recipe", teller)))
    for name, other in (("BEFORE", "LATER"), ("LATER", "BEFORE")):  # one server of processes serves both calls
        monkeypatch.delenv(other, raising=False)
        monkeypatch.setenv(name, "set")
        (failed,) = run_study(study, tmp_path, workers=1, retry=True).failed.values()
        assert failed == ("ValueError: set None" if name == "BEFORE" else "ValueError: None set")


def test_a_worker_that_is_told_to_end_is_replaced_and_its_model_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ender = f"{Path(__file__).with_name('killer.py')}:ender"
    monkeypatch.chdir(tmp_path)
    study = small(product(COMMON, values("recipe", ender)))
    progress = run_study(study, tmp_path, workers=1)
    assert (tmp_path / "told").exists()
    assert (progress.done, progress.failed) == (1, {})
