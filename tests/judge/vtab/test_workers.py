"""Tasks in several processes: the scores of one process, and errors before a process is begun."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from torch import nn

from metaprior.core import MetapriorError
from metaprior.data.vtab.presets import PRESETS
from metaprior.data.vtab.suites import SUITES
from metaprior.judge.vtab import Encoder, Place, Way, compute_scores, judge_suite, of_callable, workers
from metaprior.judge.vtab.workers import by_pictures
from tests.judge.vtab.pictures import mean_colour, prepared

RIDGE = Way("ridge", PRESETS["native"])
NAMES = ("pets", "clevr-count", "clevr-distance", "dtd", "svhn")


def pixels() -> Encoder:
    return of_callable(nn.Flatten(), "pixels", size=6)


def test_two_processes_leave_the_scores_of_one(tmp_path: Path) -> None:
    data = prepared(tmp_path / "data", *NAMES[:4])
    apart, alone = (Place(data, tmp_path / name, tmp_path / name / "features") for name in ("apart", "alone"))
    told: list[tuple[str, str, int, int]] = []
    compute_scores(pixels(), "vtab", RIDGE, apart, NAMES, ("cpu", "cpu"), lambda *each: told.append(each))
    files = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "apart" / "tasks").iterdir()}
    assert set(files) == {f"{name}.json" for name in NAMES[:4]}
    assert {each[0] for each in told} == {"pets", "clevr-count, clevr-distance", "dtd", "svhn"}
    assert sorted(each[2:] for each in told)[-1] == (5, 5)
    one, two = (judge_suite(pixels(), "vtab", SUITES["vtab"], RIDGE, place) for place in (alone, apart))
    assert files == {file.name: file.stat().st_mtime_ns for file in (tmp_path / "apart" / "tasks").iterdir()}
    assert "svhn" in two.missing
    for name in NAMES[:4]:
        first, second = (dict(scores.scores[name].to_json(), seconds=0) for scores in (one, two))
        assert first == second


@pytest.mark.parametrize(
    ("encoder", "names", "said"),
    [
        (pixels(), ("pet",), "unknown task of vtab 'pet'; did you mean 'pets'"),
        (of_callable(nn.Linear(7, 2), "wrong", size=8), ("pets",), "wrong cannot be shown the pictures of 8 px"),
        (of_callable(mean_colour, "mean", size=8), ("pets",), "mean is a plain function, whose scores are not kept"),
    ],
)
def test_what_cannot_be_judged_is_told_before_a_process_is_begun(
    encoder: Encoder, names: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metaprior.judge.vtab.workers.ProcessPoolExecutor", None)
    with pytest.raises(MetapriorError, match=said):
        compute_scores(encoder, "vtab", RIDGE, Place(tmp_path, tmp_path, tmp_path), names, ("cpu", "cpu"))


def test_every_task_is_in_one_group_with_those_of_its_pictures() -> None:
    for tasks in SUITES.values():
        groups = by_pictures(tasks, list(tasks))
        assert sorted(name for group in groups for name in group) == sorted(tasks)
        assert len(groups) == len({task.pictures for task in tasks.values()})
    assert len(by_pictures(SUITES["vtab"], list(SUITES["vtab"]))) == 16


def test_each_process_takes_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    for name in ("_device", "_encoder"):
        monkeypatch.setattr(workers, name, getattr(workers, name))
    free = multiprocessing.get_context("spawn").SimpleQueue()
    taken = []
    for device in ("cuda:0", "cuda:1"):
        free.put(device)
    for _ in range(2):
        workers._begin(pixels(), 1, free)
        taken.append(workers._device)
    assert taken == ["cuda:0", "cuda:1"]
    assert free.empty()


def test_a_process_computes_all_tasks_on_its_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    used = []
    monkeypatch.setattr(workers, "judge_task", lambda encoder, task, way, place: used.append(place.device))
    monkeypatch.setattr(workers, "_encoder", pixels())
    monkeypatch.setattr(workers, "_device", "cpu:0")
    workers._compute("vtab", ["dtd", "pets"], RIDGE, Place(tmp_path, tmp_path, tmp_path, "cpu"))
    assert used == ["cpu:0", "cpu:0"]


def slowly(folder: Path) -> None:
    """Fine-tune on tasks in two processes, for much longer than a test may take."""
    way, place = Way("lightweight", PRESETS["native"]), Place(folder, folder / "out", folder / "out")
    compute_scores(pixels(), "vtab", way, place, NAMES[:4], ("cpu", "cpu"))


@pytest.mark.slow
@pytest.mark.parametrize("told", [os.kill, os.killpg], ids=["the parent", "all, as a terminal does"])
def test_stopped_all_processes_end_and_keep_what_they_have_done(told, tmp_path: Path) -> None:
    prepared(tmp_path, *NAMES[:4])
    here = "import tests.judge.vtab.test_workers as here, pathlib, sys; here.slowly(pathlib.Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", here, str(tmp_path)], stderr=subprocess.PIPE, text=True,
                               start_new_session=True)  # fmt: skip
    while len(list(tmp_path.glob("out/training/*/seed-0/trial-0/metrics.jsonl"))) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    told(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert said.count("Traceback") == 1  # of this script, which is not the command
    assert len(list(tmp_path.glob("out/training/*/seed-0/trial-0/checkpoint"))) == 2
    assert not list(tmp_path.glob("out/training/*/seed-0/trial-1"))


@pytest.mark.slow
def test_an_error_in_a_process_is_the_error_of_all(tmp_path: Path) -> None:
    prepared(tmp_path, *NAMES[:2])
    (tmp_path / "oxford_iiit_pet" / "images" / "test" / "000003.png").write_text("no picture")
    place = Place(tmp_path, tmp_path / "out", tmp_path / "out")
    with pytest.raises(MetapriorError, match=r"000003\.png is not a readable picture: it is of no known format$"):
        compute_scores(pixels(), "vtab", RIDGE, place, NAMES[:2], ("cpu", "cpu"))


@pytest.mark.slow
def test_processes_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    prepared(tmp_path, *NAMES[:4])
    here = "import tests.judge.vtab.test_workers as here, pathlib, sys; here.slowly(pathlib.Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", here, str(tmp_path)], start_new_session=True)
    while len(list(tmp_path.glob("out/training/*/seed-0/trial-0/metrics.jsonl"))) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("processes outlived their parent by ten seconds")
