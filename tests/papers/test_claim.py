"""Claims: each run is trained once, a stopped one goes on, the verdict is the rule's, and JSON holds no NaN."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.methods import BetaVAERecipe
from metaprior.papers import Claim, Experiment, check
from metaprior.study import Experiment as Training
from metaprior.study import experiment, load
from metaprior.training import Loop

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"


def tiny(seed, steps=8, beta=1.0):
    loop = Loop(steps=steps, seed=seed, threads=1, checkpoint_every=20)
    return Training(recipe="beta-vae", method=BetaVAERecipe(nets="small", batch=8, beta=beta), data=WORLD, loop=loop)


def largest_weight(folder, name="vae-0"):
    return {"weight": max(p.abs().max().item() for p in load(folder / name).parameters())}


def positive(measured):
    return ("pass", None) if measured["weight"] > 0 else ("inconclusive", "it is zero")


def one(measure=largest_weight, **runs):
    runs = {name.replace("_", "-"): training for name, training in runs.items()} or {"vae-0": tiny(0)}
    return Claim(
        "c", "weights are not zero", None, "nobody", {"smoke": Experiment("> 0", runs, measure, positive, (0,), 0.1)}
    )


def test_a_result_has_the_published_shape(tmp_path):
    (result,) = check([one()], "smoke", tmp_path)
    assert list(result) == [
        "id", "statement", "published", "measured", "rule", "verdict", "reason", "seeds", "scale",
    ]  # fmt: skip
    assert result == json.loads(json.dumps(result, allow_nan=False))
    assert result["measured"]["weight"] > 0
    assert (result["verdict"], result["seeds"], result["scale"]) == ("pass", [0], "smoke")


def test_claims_share_runs_and_finished_ones_are_not_trained_again(tmp_path, monkeypatch):
    trained = []
    carry_out = experiment.carry_out
    monkeypatch.setattr(experiment, "carry_out", lambda t, out, **o: trained.append(out.name) or carry_out(t, out, **o))
    claims = [one(vae_0=tiny(0), vae_1=tiny(1)), one(vae_0=tiny(0), vae_2=tiny(2))]
    first = check(claims, "smoke", tmp_path)
    assert trained == ["vae-0", "vae-1", "vae-2"]
    assert check(claims, "smoke", tmp_path) == first
    assert len(trained) == 3


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_could_not_be_measured_is_null_and_inconclusive(value, tmp_path):
    (result,) = check([one(lambda folder: {"weight": value, "n": 3})], "smoke", tmp_path)
    assert result["measured"] == {"weight": None, "n": 3}
    assert (result["verdict"], result["reason"]) == ("inconclusive", "weight could not be measured")


def test_an_unknown_scale_is_named(tmp_path):
    with pytest.raises(MetapriorError, match="unknown scale of claim c 'smok'; did you mean 'smoke'"):
        check([one()], "smok", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_of_other_settings_is_not_taken_for_the_experiment_s(tmp_path):
    check([one()], "smoke", tmp_path)
    with pytest.raises(MetapriorError, match=r"vae-0 was begun with method\.beta = 1\.0, not 2\.0"):
        check([one(vae_0=tiny(0, beta=2.0))], "smoke", tmp_path)


def test_a_run_of_fewer_steps_is_trained_on_and_one_of_more_is_refused(tmp_path):
    (before,) = check([one()], "smoke", tmp_path)
    (longer,) = check([one(vae_0=tiny(0, steps=9))], "smoke", tmp_path)
    (at_once,) = check([one(vae_0=tiny(0, steps=9))], "smoke", tmp_path / "fresh")
    assert longer["measured"] == at_once["measured"] != before["measured"]
    with pytest.raises(MetapriorError, match="has already done 9 steps"):
        check([one()], "smoke", tmp_path)


def test_progress_says_which_run_of_how_many_and_goes_to_standard_error(tmp_path, capsys):
    claims = [one(vae_0=tiny(0), vae_1=tiny(1))]
    check(claims, "smoke", tmp_path / "shown", progress=True)
    told = capsys.readouterr()
    assert told.out == ""
    assert [line.split(":")[0] for line in told.err.splitlines()] == [
        "run 1 of 2, vae-0", "run 2 of 2, vae-1", "measuring c",
    ]  # fmt: skip
    check(claims, "smoke", tmp_path / "silent")
    assert capsys.readouterr() == ("", "")


SCRIPT = """
import sys
from pathlib import Path
from metaprior.papers import check
from tests.papers.test_claim import one, tiny
check([one(vae_0=tiny(0), vae_1=tiny(1, steps=400))], "smoke", Path(sys.argv[1]))
"""


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_experiment_goes_on_where_it_was(stop, tmp_path):
    folder = tmp_path / "smoke"
    second = folder / "vae-1" / "metrics.jsonl"
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if second.exists() and len(second.read_text().splitlines()) > 25:  # step 100 of 400, checkpoint at 80 at least
            break
        time.sleep(0.01)
    process.send_signal(stop)
    assert process.wait(timeout=60) != 0  # it was stopped before its end
    assert not (folder / "vae-1" / "model.safetensors").exists()
    before = second.read_text().splitlines()[:15]
    finished = (folder / "vae-0" / "model.safetensors").stat().st_mtime_ns

    claims = [one(vae_0=tiny(0), vae_1=tiny(1, steps=400))]
    (result,) = check(claims, "smoke", tmp_path)
    assert result["verdict"] == "pass"
    assert (folder / "vae-0" / "model.safetensors").stat().st_mtime_ns == finished
    assert second.read_text().splitlines()[:15] == before  # with their times of day: not trained anew
    check([one(vae_1=claims[0].scales["smoke"].runs["vae-1"], vae_0=tiny(0))], "smoke", tmp_path / "whole")
    killed, whole = ((f / "vae-1" / "model.safetensors").read_bytes() for f in (folder, tmp_path / "whole" / "smoke"))
    assert killed == whole


def test_scales_of_one_claim_keep_their_runs_apart(tmp_path):
    smoke = one().scales["smoke"]
    desk = replace(smoke, runs={"vae-0": tiny(0, steps=9)})
    both = replace(one(), scales={"smoke": smoke, "desk": desk})
    assert [check([both], scale, tmp_path)[0]["verdict"] for scale in ("smoke", "desk")] == ["pass", "pass"]
