"""Studies carried out: every task once, whatever is killed, and what fails is told."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.study import Judging, Progress, compact, load, read_study, run_study, study_of
from metaprior.study.grid import product, values
from metaprior.study.results import known
from metaprior.study.results import results as results_of
from metaprior.study.task import read_result, run_task
from metaprior.training import Run
from tests.study.tiny import COMMON, JUDGING, WORLD, labelled, small, unlabelled


@pytest.mark.parametrize("workers", [0, 2])
def test_every_model_is_trained_judged_and_validated_once(workers: int, tmp_path: Path) -> None:
    study, told = small(unlabelled(0, 1), labelled()), []
    progress = run_study(study, tmp_path, workers=workers, report=lambda now: told.append((now.done, now.left)))
    assert (progress.total, progress.done, progress.failed) == (3, 3, {})
    assert told == [(0, 3), (1, 2), (2, 1), (3, 0)]
    results = {name: read_result(tmp_path / "runs" / name) for name in study.tasks}
    for result in results.values():
        assert result is not None
        kinds = [(row["kind"], row["score"]) for row in result["scores"]]
        learns = result["experiment"]["recipe"] == "s2-beta-vae"
        last = ("criterion", "supervised") if learns else ("validation", "mig")
        terms = [("criterion", name) for name in ("reconstruction", "kl", "negative_elbo")]
        assert kinds == [("test", "mig"), *terms, last]
        assert not (tmp_path / "runs" / result["id"] / "checkpoint").exists()
        assert load(tmp_path / "runs" / result["id"]) is not None
    again = run_study(study, tmp_path, workers=2)
    assert (again.before, again.done, again.tried) == (3, 0, 0)
    assert results == {name: read_result(tmp_path / "runs" / name) for name in study.tasks}


def test_another_question_judges_again_and_trains_nothing(tmp_path: Path) -> None:
    run_study(small(unlabelled(0)), tmp_path, workers=0)
    (name,) = small(unlabelled(0)).tasks
    weights = tmp_path / "runs" / name / "model.safetensors"
    before, first = weights.stat().st_mtime_ns, read_result(tmp_path / "runs" / name)
    more = small(unlabelled(0), unlabelled(0, labels=30))
    assert run_study(more, tmp_path, workers=0).done == 1
    result = read_result(tmp_path / "runs" / name)
    assert result is not None
    assert [row["labels"] for row in result["scores"] if row["kind"] == "validation"] == [20, 30]
    assert weights.stat().st_mtime_ns == before
    assert first is not None
    assert result["seconds"]["training"] == first["seconds"]["training"] > 0


def test_what_a_model_cannot_answer_has_a_reason_and_fails_no_training(tmp_path: Path) -> None:
    grid = product(COMMON, values("recipe", "ae"), values("loop.seed", 0))
    judging = Judging(metrics=("mig",), sampled=("mig",), train=100, test=50)
    study = study_of("small", {"all": grid}, judging)
    assert run_study(study, tmp_path, workers=0).failed == {}
    (name,) = study.tasks
    result = read_result(tmp_path / "runs" / name)
    assert result is not None
    mean, sampled = (row for row in result["scores"] if row["score"] == "mig")
    assert mean["value"] is not None
    assert (sampled["value"], sampled["representation"]) == (None, "sampled")
    assert "no posterior" in sampled["reason"]


def test_trainings_that_are_none_of_the_study_are_counted(tmp_path: Path) -> None:
    assert run_study(small(unlabelled(0, 1)), tmp_path).others == 0
    assert run_study(small(unlabelled(1)), tmp_path).others == 1
    compact(tmp_path)
    assert run_study(small(unlabelled(1, 2)), tmp_path, shard=(1, 2)).others == 1


def test_what_another_process_is_at_is_passed_over_and_told(tmp_path: Path) -> None:
    study = small(unlabelled(0, 1))
    first, second = study.tasks
    with Run(tmp_path / "runs" / first).alone():
        progress = run_study(study, tmp_path)
    assert (progress.done, progress.elsewhere, progress.failed) == (1, 1, {})
    assert known(tmp_path).keys() == {second}
    assert run_study(study, tmp_path).done == 1


def test_two_calls_that_ask_a_model_for_different_labels_lose_none(tmp_path: Path) -> None:
    (once,), (other,) = (small(unlabelled(0, labels=n)).tasks.values() for n in (20, 30))
    for task in (once, other):  # as workers of two calls do, which both began before either had a result
        run_task(task, tmp_path / "runs", JUDGING)
    result = read_result(tmp_path / "runs" / once.id)
    assert result is not None
    assert sorted(row["labels"] for row in result["scores"] if row["kind"] == "validation") == [20, 30]
    assert run_study(small(unlabelled(0), unlabelled(0, labels=30)), tmp_path).before == 1


def test_a_full_disk_stops_the_study_and_is_no_model_s_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as fault:
            raise MetapriorError("cannot write x: No space left on device") from fault

    study = small(unlabelled(0, 1))
    with monkeypatch.context() as patch:
        patch.setattr("metaprior.study.task.finish", full)
        with pytest.raises(MetapriorError, match="the study stopped: cannot write x: No space left"):
            run_study(study, tmp_path)
    assert not list(tmp_path.glob("runs/*/failure.json"))
    assert run_study(study, tmp_path).done == 2


def test_too_few_workers_or_members_are_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match="cannot have -1 workers; 0 trains in this process"):
        run_study(small(unlabelled(0)), tmp_path, workers=-1)
    with pytest.raises(MetapriorError, match="cannot have cohorts of 0; 1 trains each model alone"):
        run_study(small(unlabelled(0)), tmp_path, cohort=0)
    assert not list(tmp_path.iterdir())


def test_the_time_left_is_what_the_tasks_so_far_took() -> None:
    progress = Progress(10, before=2, done=3, failed={"a": "b"}, tried=4, begun=time.monotonic() - 8)
    assert progress.left == 4
    assert progress.seconds_left == pytest.approx(8, abs=0.1)
    assert Progress(10).seconds_left is None


STUDY = f"""
name: killed
common: {{data: "{WORLD}", loop.steps: 100, loop.threads: 1, loop.checkpoint_every: 20, method.batch: 8}}
judge: {{metrics: [mig], validation: [mig], train: 100, test: 50}}
parts:
  one player: {{recipe: beta-vae, loop.seed: [0, 1], labels: 20}}
  two players: {{recipe: factor-vae, method.critic_width: 64, loop.seed: [0, 1], labels: 20}}
"""


def begin(folder: Path, out: str) -> subprocess.Popen:
    words = [sys.executable, "-m", "metaprior", "study", "study.yaml", "--out", out, "--workers", "2", "--json"]
    return subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )


def results(folder: Path) -> dict[str, list]:
    found = {path.name: read_result(path) for path in (folder / "runs").glob("*")}
    return {name: result["scores"] for name, result in found.items() if result}


@pytest.mark.parametrize(
    "stops",
    [
        [signal.SIGKILL],
        pytest.param([signal.SIGINT], marks=pytest.mark.slow),
        pytest.param([signal.SIGKILL, signal.SIGKILL], marks=pytest.mark.slow),
    ],
    ids=["killed", "Ctrl-C", "killed twice"],
)
def test_a_study_that_was_stopped_ends_as_one_never_stopped(stops: list[int], tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    for least, stop in enumerate(stops, start=1):
        process = begin(tmp_path, "stopped")
        deadline = time.monotonic() + 120
        while len(results(tmp_path / "stopped")) < least and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.02)
        os.kill(process.pid, stop)
        assert process.wait() == (130 if stop == signal.SIGINT else -signal.SIGKILL)
    assert len(stops) <= len(results(tmp_path / "stopped")) < 4
    out, _ = begin(tmp_path, "stopped").communicate(timeout=240)
    assert json.loads(out)["done"] == 4
    run_study(read_study(tmp_path / "study.yaml"), tmp_path / "whole", workers=0)
    assert results(tmp_path / "stopped") == results(tmp_path / "whole")
    assert len(results(tmp_path / "whole")) == 4


def test_a_compacted_study_is_done_and_grows(tmp_path: Path) -> None:
    run_study(small(unlabelled(0)), tmp_path, workers=0)
    assert compact(tmp_path) == 1
    assert not list(tmp_path.glob("runs/*/result.json"))
    progress = run_study(small(unlabelled(0, 1)), tmp_path, workers=0)
    assert (progress.before, progress.done) == (1, 1)
    rows = results_of(tmp_path).sql("SELECT seed FROM runs ORDER BY seed").fetchall()
    assert rows == [(0,), (1,)]


@pytest.mark.parametrize("compacted", [False, True])
def test_what_was_asked_before_is_not_forgotten(compacted: bool, tmp_path: Path) -> None:
    run_study(small(unlabelled(0)), tmp_path, workers=0)
    if compacted:
        compact(tmp_path)
    run_study(small(unlabelled(0, labels=30)), tmp_path, workers=0)
    labels = results_of(tmp_path).sql("SELECT labels FROM scores WHERE kind = 'validation' ORDER BY labels").fetchall()
    assert labels == [(20,), (30,)]
    assert run_study(small(unlabelled(0)), tmp_path, workers=0).before == 1
