"""Claims: each model is trained once, a stopped one goes on, the verdict is the rule's, and JSON holds no NaN."""

import json
import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.papers import Claim, Experiment, check
from metaprior.papers.claim import together
from metaprior.study import Judging, Labels, study_of
from metaprior.study.grid import chain, product, values
from metaprior.study.workers import processes
from metaprior.training import Run

COMMON = {
    "recipe": "beta-vae", "data": "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4",
    "method.batch": 8, "loop.threads": 1, "loop.checkpoint_every": 20,
}  # fmt: skip
JUDGING = Judging(metrics=("mig",), validation=("mig",), train=200, test=100)


def tiny(seed, steps=8, **choices):
    point = COMMON | {"loop.seed": seed, "loop.steps": steps} | choices
    return product(*(values(name, value) for name, value in point.items()))


def largest(models):
    return {"mig": float(np.max(models.test("mig")))}


def positive(measured):
    return ("pass", None) if measured["mig"] > 0 else ("inconclusive", "it is zero")


def one(*grids, measure=largest, judging=JUDGING, id="c"):
    study = study_of("c", {"all": chain(*(grids or [tiny(0)]))}, judging)
    return Claim(
        id, "codes tell something", None, "nobody",
        {"smoke": Experiment("> 0", lambda: study, measure, positive, (0,))},
    )  # fmt: skip


def folders(tmp_path, *claims):
    return [tmp_path / "smoke" / "runs" / name for claim in claims for name in claim.scales["smoke"].study.tasks]


def test_a_result_has_the_published_shape(tmp_path):
    (result,) = check([one()], "smoke", tmp_path)
    assert list(result) == [
        "id", "statement", "published", "measured", "rule", "verdict", "reason", "seeds", "scale",
    ]  # fmt: skip
    assert result == json.loads(json.dumps(result, allow_nan=False))
    assert result["measured"]["mig"] > 0
    assert (result["verdict"], result["seeds"], result["scale"]) == ("pass", [0], "smoke")


def test_claims_share_models_each_measures_its_own_and_finished_ones_are_not_trained_again(tmp_path):
    seen = []
    measure = lambda models: seen.append(models.field("seed")) or {"mig": 1.0}  # noqa: E731
    claims = [one(tiny(0), tiny(1), measure=measure), one(tiny(2), tiny(0), measure=measure, id="d")]
    told = []
    first = check(claims, "smoke", tmp_path, report=lambda progress: told.append((progress.before, progress.done)))
    assert told == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert seen == [[0, 1], [2, 0]]
    assert check(claims, "smoke", tmp_path, report=lambda progress: told.append((progress.before, 0))) == first
    assert told[4:] == [(3, 0)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_could_not_be_measured_is_null_and_inconclusive(value, tmp_path):
    (result,) = check([one(measure=lambda models: {"mig": value, "n": 3})], "smoke", tmp_path)
    assert result["measured"] == {"mig": None, "n": 3}
    assert (result["verdict"], result["reason"]) == ("inconclusive", "mig could not be measured")


def test_a_training_that_failed_leaves_its_claim_open_and_others_alone(tmp_path):
    lost = one(tiny(0), tiny(1, data="cars3d"))
    first, second = check([lost, one(id="d")], "smoke", tmp_path)
    assert (first["measured"], first["verdict"]) == ({}, "inconclusive")
    assert first["reason"].startswith("1 of 2 trainings failed: data set 'cars3d'")
    assert second["verdict"] == "pass"


def test_a_claim_is_not_judged_on_a_part_of_its_models(tmp_path):
    claim = one(tiny(0), tiny(1))
    first, _ = folders(tmp_path, claim)
    with Run(first).alone():
        (result,) = check([claim], "smoke", tmp_path)
    assert (result["measured"], result["verdict"]) == ({}, "inconclusive")
    assert result["reason"] == "1 of 2 trainings are still at another process"


def test_an_unknown_scale_is_named(tmp_path):
    with pytest.raises(MetapriorError, match="unknown scale of claim c 'smok'; did you mean 'smoke'"):
        check([one()], "smok", tmp_path)
    assert not list(tmp_path.iterdir())


def test_models_of_other_choices_are_other_models(tmp_path):
    (before,) = check([one()], "smoke", tmp_path)
    (other,) = check([one(tiny(0, **{"method.beta": 16.0}, steps=9))], "smoke", tmp_path)
    assert before["measured"] != other["measured"]
    assert check([one()], "smoke", tmp_path) == [before]


def test_what_claims_ask_of_a_model_is_asked_together():
    first, second = one(tiny(0, labels=10), id="a"), one(tiny(1), tiny(0, labels=20), id="b")
    study = together([first, second], "smoke")
    assert [(task.labels, task.points) for task in study.tasks.values()] == [
        ((Labels(10), Labels(20)), (0, 2)),
        ((), (1,)),
    ]
    assert study.parts == {"a": 1, "b": 2}
    assert [point["loop.seed"] for point in study.grid] == [0, 1, 0]
    with pytest.raises(MetapriorError, match="must ask the same of their models"):
        together([first, one(judging=Judging(metrics=("sap",)))], "smoke")


def check_a_long_one(folder):
    check([one(tiny(0), tiny(1, steps=200))], "smoke", folder)


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    check_a_long_one(folder)
    return folder


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_experiment_goes_on_where_it_was(stop, tmp_path, never_stopped):
    claim = one(tiny(0), tiny(1, steps=200))
    first, second = folders(tmp_path, claim)
    log = second / "metrics.jsonl"
    process = processes().Process(target=check_a_long_one, args=(tmp_path,))
    process.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.is_alive():
        if log.exists() and len(log.read_text().splitlines()) > 15:  # step 60 of 200, checkpoint at 40 at least
            break
        time.sleep(0.01)
    os.kill(process.pid, stop)
    process.join(timeout=60)
    assert process.exitcode not in (0, None)  # it was stopped before its end
    assert not (second / "model.safetensors").exists()
    before = log.read_text().splitlines()[:10]
    finished = (first / "model.safetensors").stat().st_mtime_ns

    (result,) = check([claim], "smoke", tmp_path)
    assert result["verdict"] == "pass"
    assert (first / "model.safetensors").stat().st_mtime_ns == finished
    lines = log.read_text().splitlines()
    assert lines[:10] == before  # with their times of day: not trained anew
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == sorted(set(steps))
    whole = folders(never_stopped, claim)[1] / "model.safetensors"
    assert (second / "model.safetensors").read_bytes() == whole.read_bytes()


def test_scales_of_one_claim_keep_their_models_apart(tmp_path):
    smoke = one().scales["smoke"]
    both = replace(one(), scales={"smoke": smoke, "desk": smoke})
    assert [check([both], scale, tmp_path)[0]["verdict"] for scale in ("smoke", "desk")] == ["pass", "pass"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "smoke"]
