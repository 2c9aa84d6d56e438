"""The command line as a person meets it: shapes of JSON, one line for each mistake, a kill that leaves no trace."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metaprior.cli import main
from metaprior.commands import COMMANDS
from metaprior.commands.listing import everything
from metaprior.commands.reproduce import Reproduce
from metaprior.data import LABELLERS
from metaprior.methods import LOSSES, RECIPES
from metaprior.papers import PAPERS
from metaprior.training.processes import Processes

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"
TINY = ["--data", WORLD, "--batch", "8", "--threads", "1", "--quiet"]


def call(capsys, *arguments):
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        main(list(map(str, arguments)))
    told = capsys.readouterr()
    return stop.value.code, told.out, told.err


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "s2"
    with pytest.raises(SystemExit):
        main(["train", "s2-beta-vae", *TINY, "--labels", "20", "--steps", "12", "--out", str(folder)])
    return folder


def test_list_json_has_the_published_shape(capsys):
    code, out, _ = call(capsys, "list", "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == ["methods", "metrics", "data", "nets", "tasks", "claims"]
    assert {"vae", "beta-vae", "factor-vae", "s2-beta-vae"} <= {row["name"] for row in found["methods"]}
    more = {"methods": {"meta_priors", "here"}}
    for kind, rows in found.items():
        assert all({"name", "summary", "paper"} | more.get(kind, set()) == row.keys() for row in rows)
    assert {row["name"] for row in found["methods"] if not row["here"]} >= {"VQ-VAE", "LadderVAE"}


def test_judge_json_on_a_run_and_on_arrays(capsys, run, tmp_path):
    code, out, _ = call(capsys, "judge", "disentanglement", run, "--train", 500, "--test", 200, "--json")
    assert code == 0
    scores = json.loads(out)
    assert {"scores", "model", "data"} <= scores.keys()
    assert {"value", "n", "protocol"} <= scores["scores"]["mig"].keys()
    assert (run / "scores" / "disentanglement.json").exists()

    factors = np.indices((4, 5)).reshape(2, -1).T.repeat(30, axis=0)
    np.save(tmp_path / "codes.npy", factors.astype(float))
    np.save(tmp_path / "factors.npy", factors)
    arrays = ["--codes", tmp_path / "codes.npy", "--factors", tmp_path / "factors.npy"]
    code, out, _ = call(capsys, "judge", "disentanglement", *arrays, "--json")
    assert code == 0
    assert json.loads(out)["scores"]["mig"]["value"] == pytest.approx(1.0)


def test_a_report_is_written(capsys, run):
    code, out, _ = call(capsys, "report", run, "--json")
    assert code == 0
    assert "<html" in Path(json.loads(out)["report"]).read_text()


def test_a_config_repeats_a_run_exactly(capsys, run, tmp_path):
    code, _, _ = call(capsys, "train", "--config", run / "config.json", "--out", tmp_path / "again", "--quiet")
    assert code == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


MISTAKES = {
    "command": (["trian"], "did you mean 'train'"),
    "method": (["train", "beta-vea"], "did you mean 'beta-vae'"),
    "option": (["train", "beta-vae", "--bta", "3"], "did you mean '--beta'"),
    "value": (["train", "beta-vae", "--steps", "abc"], "invalid literal"),
    "data": (["train", "vae", "--data", "dsprits"], "did you mean 'dsprites'"),
    "data option": (["train", "vae", "--data", "dsprites:siz=16"], "did you mean 'size'"),
    "labels missing": (["train", "s2-beta-vae", *TINY], "--labels"),
    "labels too many": (["train", "s2-beta-vae", "--data", "digits:size=16", "--labels", "9999"], "cannot label 9999"),
    "batch": (["train", "vae", *TINY[:2], "--batch", "0"], "batch must be at least 1"),
    "latent_dim": (["train", "vae", *TINY[:2], "--latent-dim", "0"], "latent_dim must be at least 1"),
    "clip": (["train", "vae", *TINY[:2], "--clip", "-1"], "loop.clip must be above 0"),
    "threads": (["train", "vae", *TINY[:2], "--threads", "99999999"], "loop.threads must be at most"),
    "not finite": (["train", "vae", *TINY[:2], "--lr", "nan"], "must be finite"),
    "label seed": (["train", "s2-beta-vae", *TINY[:2], "--labels", "5", "--label-seed", "-1"], "from 0 to 2^32 - 1"),
    "labeller of no labels": (
        ["train", "vae", *TINY, "--steps", "1", "--labeller", "noisy"],
        "--labeller says which labels to draw",
    ),
    "seed of no labels": (
        ["train", "vae", *TINY, "--steps", "1", "--label-seed", "3"],
        "--label-seed says which labels to draw",
    ),
    "share of no labels": (
        ["train", "vae", *TINY, "--steps", "1", "--label-share", "0.9"],
        "--label-share says which labels to draw",
    ),
    "no run": (["judge", "disentanglement", "nowhere"], "nowhere is not a run: there is no such folder"),
    "protocol": (["judge", "disentanglment", "nowhere"], "did you mean 'disentanglement'"),
    "claim": (["reproduce", "disentangle", "--claim", "few-labels"], "did you mean 'few-labels-beat-none'"),
    "claim of a paper": (["reproduce", "--claim", "disentangle/few-labels"], "mean 'disentangle/few-labels-beat-none'"),
    "scale": (["reproduce", "disentangle", "--scale", "smok"], "there is smoke"),
    "no paper": (["reproduce"], "PAPER is one of disentangle"),
    "no protocol": (["judge"], "PROTOCOL is one of disentanglement, probe"),
    "resume nothing named": (["train", "beta-vae", *TINY, "--resume"], "say which, such as --resume --out runs/"),
    "resume nothing at all": (["train", "--resume"], "say which, such as --resume --out runs/"),
    "resume where no run is": (["train", "--resume", "--out", "runs/x"], "no run in runs/x to go on with"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(mistake, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, expected = MISTAKES[mistake]
    code, out, err = call(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert re.fullmatch(r"metaprior: error: [^\n]+\n", err)
    assert expected in err
    assert list(tmp_path.iterdir()) == []


def test_codes_with_nan_are_named(capsys, tmp_path):
    codes = np.zeros((30, 2))
    codes[17, 1] = np.nan
    np.save(tmp_path / "codes.npy", codes)
    np.save(tmp_path / "factors.npy", np.arange(60).reshape(30, 2) % 3)
    arrays = ["--codes", tmp_path / "codes.npy", "--factors", tmp_path / "factors.npy"]
    code, _, err = call(capsys, "judge", "disentanglement", *arrays)
    assert code == 2
    assert "17" in err


def test_a_config_with_an_unknown_key(capsys, tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"recipe": "vae", "loop": {"stepz": 3}}))
    code, _, err = call(capsys, "train", "--config", tmp_path / "c.json")
    assert code == 2
    assert "did you mean 'steps'" in err


def test_a_run_is_not_overwritten_nor_resumed_with_other_settings(capsys, run):
    same = ["train", "s2-beta-vae", *TINY, "--labels", "20", "--steps", "12", "--out", run]
    assert "already holds a run" in call(capsys, *same)[2]
    assert "method.beta = 4.0, not 9.0" in call(capsys, *same, "--resume", "--beta", "9")[2]


def test_a_run_from_another_version_is_refused(capsys, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"format": 0, "version": "0.0.1"}))
    code, _, err = call(capsys, "judge", "disentanglement", tmp_path)
    assert code == 2
    assert "written by metaprior 0.0.1" in err


def begun(folder, step, *more):
    """A training in a process of its own, once it is past a step."""
    command = [sys.executable, "-m", "metaprior", "train", "vae", *TINY, "--steps", "400", "--out", str(folder), *more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        lines = (folder / "metrics.jsonl").read_text().splitlines() if (folder / "metrics.jsonl").exists() else []
        if len(lines) * 4 >= step:
            break
        time.sleep(0.02)
    return process


def test_sigkill_and_resume_leave_the_same_bits(capsys, tmp_path):
    more = ["--checkpoint-every", "40"]
    process = begun(tmp_path / "killed", 100, *more)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    for name, resume in (("killed", ["--resume"]), ("whole", [])):
        options = [*TINY, "--steps", "400", *more, *resume, "--out", tmp_path / name]
        assert call(capsys, "train", "vae", *options)[0] == 0
    killed, whole = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("killed", "whole"))
    assert killed == whole


def test_ctrl_c_keeps_a_checkpoint_to_go_on_from(capsys, tmp_path):
    process = begun(tmp_path / "stopped", 40)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"go on with: metaprior train --resume --out {tmp_path / 'stopped'}" in out
    assert "Traceback" not in err
    assert any((tmp_path / "stopped" / "checkpoint").iterdir())
    code, out, err = call(capsys, "train", "--resume", "--out", tmp_path / "stopped", "--quiet")
    assert (code, err) == (0, "")
    assert f"{tmp_path / 'stopped'}: 400 steps" in out
    finished = (tmp_path / "stopped" / "model.safetensors").stat().st_mtime_ns
    code, out, err = call(capsys, "train", f"--out={tmp_path / 'stopped'}", "--resume", "--quiet")
    assert (code, out, err) == (0, f"already finished: {tmp_path / 'stopped'}\n", "")
    assert (tmp_path / "stopped" / "model.safetensors").stat().st_mtime_ns == finished
    code, out, _ = call(capsys, "train", "--resume", "--out", tmp_path / "stopped", "--steps", "404", "--quiet")
    assert f"{tmp_path / 'stopped'}: 404 steps" in out


def test_ctrl_c_while_the_command_is_loaded_is_told_in_one_line():
    code = "import os, signal, threading; from metaprior.cli import main;"
    code += "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start(); main(['list'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "metaprior: stopped\n")


def test_resume_says_that_it_starts_where_there_is_nothing_to_resume(capsys, tmp_path):
    code, out, err = call(capsys, "train", "vae", *TINY, "--steps", "4", "--resume", "--out", tmp_path / "new")
    assert code == 0
    assert err == f"metaprior: nothing to resume in {tmp_path / 'new'}, starting\n"
    assert f"{tmp_path / 'new'}: 4 steps" in out


def test_of_several_processes_only_the_first_speaks(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("metaprior.training.processes.join_processes", lambda: Processes(rank=1))
    options = [*TINY, "--steps", "4", "--out", tmp_path / "run"]
    assert call(capsys, "train", "vae", *options) == (0, "", "")
    assert call(capsys, "train", "vae", *options, "--resume", "--json") == (0, "", "")


HELP = {
    "list": ("[KIND]", "metaprior list claims --json"),
    "data": ("[NAME]", "metaprior data mnist"),
    "judge": ("PROTOCOL [RUN ...]", "metaprior judge probe runs/vae-0 --data mnist:size=32"),
    "report": ("RUN ...", "metaprior report runs/s2-beta-vae-0"),
    "visualize": ("RUN", "metaprior visualize runs/s2-beta-vae-0"),
    "reproduce": ("PAPER", "metaprior reproduce disentangle"),
    "train beta-vae": ("--labels INT", "metaprior train --resume --out runs/first"),
}


@pytest.mark.parametrize("command", HELP)
def test_help_has_examples_a_line_each_and_names_what_to_give(command, capsys):
    code, out, _ = call(capsys, *command.split(), "--help")
    given, example = HELP[command]
    assert code == 0
    assert out.startswith(f"usage: metaprior {command} ")
    assert given in out
    assert f"  {example}" in out.partition("\nExamples:\n")[2].splitlines()
    assert "{None}" not in out
    assert "STR" not in out.partition("loop options")[0]
    assert "--json" in out
    assert "--debug" in out


def test_no_help_and_no_list_cites_what_a_reader_cannot_open(capsys):
    shown = [call(capsys, "train", name, "--help")[1] for name in RECIPES]
    shown += [call(capsys, kind, "--help")[1] for kind in COMMANDS if kind != "train"]
    assert not re.search(r"\b(card|trap)\b", "\n".join([*shown, call(capsys, "list", "--json")[1]]))


def test_help_says_which_scales_a_claim_is_written_at(capsys):
    out = call(capsys, "reproduce", "--help")[1]
    assert "Claims of disentangle, at the scales smoke, desk, gpu, paper:" in out
    for id, claim in PAPERS["disentangle"].items():
        assert re.search(rf"^ +{claim.number} {id}$", out, flags=re.MULTILINE)


def test_help_is_told_without_pytorch():
    code = "import sys, metaprior.cli as c; assert c.told_at_once(['--help']); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_score_says_something_of_its_own(capsys):
    rows = json.loads(call(capsys, "list", "metrics", "--json")[1])["metrics"]
    assert len({row["summary"] for row in rows}) == len(rows)


def test_tasks_of_both_suites_are_listed(capsys):
    out = call(capsys, "list", "tasks")[1]
    assert "kitti-distance" in out
    assert "standin/clevr-count" in out


def test_a_file_without_a_recipe_s_name_says_which_there_are(capsys, tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "concepts.md").read_text()
    mine = tmp_path / "mine.py"
    mine.write_text(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1])
    code, _, err = call(capsys, "train", mine, "--data", "digits")
    assert code == 2
    assert f"say which recipe of the file: {mine}:DenoiserRecipe or {mine}:recipe\n" in err
    mine.write_text("from metaprior.methods import BetaVAERecipe\n\nstrong = BetaVAERecipe(beta=9.0)\n")
    assert f"of the file: {mine}:strong\n" in call(capsys, "train", mine)[2]
    mine.write_text("x = 1\n")
    assert "defines no recipe" in call(capsys, "train", mine)[2]
    assert "there is no file" in call(capsys, "train", tmp_path / "other.py")[2]


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures labelled by sub-folder, as a data string."""
    for kind in ("cat", "dog"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for i in range(4):
            Image.new("L", (16, 16), 40 * i).save(tmp_path / "pictures" / kind / f"{i}.png")
    return f"folder:path={tmp_path / 'pictures'}"


def test_a_protocol_that_the_data_do_not_suit_says_what_to_do(capsys, run, pictures):
    for protocol, data, advice in (
        ("probe", pictures, "not divided, so all of it is 'train'.* make sub-folders of it, 'train' and 'test'"),
        ("disentanglement", pictures, "needs factors, .* take 'judge probe', or add factors.csv"),
        ("disentanglement", "digits:size=16", "needs factors, .* take 'judge probe'\n"),
        ("probe", WORLD, "needs labels, .* take 'judge disentanglement'\n"),
    ):
        code, _, err = call(capsys, "judge", protocol, run, "--data", data)
        assert code == 2
        assert re.search(advice, err)


def test_data_that_are_here_are_loaded_and_described(capsys, pictures, tmp_path):
    out = call(capsys, "data", pictures)[1]
    assert re.search(r"examples +8 in train", out)
    assert re.search(r"classes +2: cat, dog", out)
    rows = ["file,angle,colour"] + [f"{kind}/{i}.png,{i * 10},red" for kind in ("cat", "dog") for i in range(4)]
    (tmp_path / "pictures" / "factors.csv").write_text("\n".join([*rows[:-1], "dog/3.png,,red"]))
    found = json.loads(call(capsys, "data", pictures, "--json")[1])["data"][0]
    assert found["image_shape"] == [1, 16, 16]
    assert found["factors"][0] == {"name": "angle", "size": 4, "values": ["0", "10", "20", "30"], "missing": 1}
    assert found["missing"] == {"labels": 0, "factors": 1, "rows": 1}
    out = call(capsys, "data", pictures)[1]
    assert "angle, 4 values: 0, 10, 20, 30 (1 missing)" in out
    assert "path: Path, must be given" in out
    out = call(capsys, "data", WORLD)[1]
    assert re.search(r"examples +192, each combination of the factors once", out)
    assert "shape, 3 values: square, ellipse, heart" in out
    assert "not the published file" in out
    assert "path: Path, must be given" in call(capsys, "data", "folder")[1]  # nothing to load yet, and no error


def test_combinations_of_factors_are_counted(capsys, pictures, tmp_path):
    rows = [f"{kind}/{i}.png,{kind},{i}" for kind in ("cat", "dog") for i in range(4)]
    table = tmp_path / "pictures" / "factors.csv"
    table.write_text("\n".join(["file,kind,pose", *rows]))
    assert re.search(r"examples +8, each combination of the factors once", call(capsys, "data", pictures)[1])
    table.write_text("\n".join(["file,kind,pose", *rows[:-1], "dog/3.png,dog,2"]))
    assert "7 of 8 combinations are there, 1 of them more than once" in call(capsys, "data", pictures)[1]
    hidden = call(capsys, "data", f"color-{WORLD}")[1]
    assert "16,777,216 times" in hidden
    code, _, err = call(capsys, "data", f"color-{WORLD}", "--render")
    assert code == 2
    assert re.search(r"\(16,777,216 a combination\) take .* GB, and .* GB free", err)


def test_data_that_are_not_here_say_what_to_fetch(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path))
    out = call(capsys, "data", "dsprites-official")[1]
    assert "github.com/deepmind/dsprites-dataset" in out
    assert "size: int, default 64" in out
    code, _, err = call(capsys, "data", "shapes3d:size=16")  # with options, it is to be loaded
    assert code == 2
    assert "put 3dshapes.h5 under $METAPRIOR_DATA" in err


def test_metrics_may_be_named_by_their_scores(capsys, tmp_path):
    factors = np.indices((4, 5)).reshape(2, -1).T.repeat(30, axis=0)
    np.save(tmp_path / "both.npy", factors)
    arrays = ["--codes", tmp_path / "both.npy", "--factors", tmp_path / "both.npy"]
    out = call(capsys, "judge", "disentanglement", *arrays, "--json", "--metrics", "dci_disentanglement", "mig")[1]
    assert {"dci_disentanglement", "mig"} <= json.loads(out)["scores"].keys()
    err = call(capsys, "judge", "disentanglement", *arrays, "--metrics", "dci_complete")[2]
    assert "did you mean 'dci_completeness'" in err


@pytest.mark.parametrize("width", ["30", "80", "100"])
def test_names_are_never_cut_in_lists(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", width)
    names = {row["name"] for rows in everything().values() for row in rows}
    shown = call(capsys, "list")[1]
    assert names - set(shown.split()) == {name for name in names if " " in name}
    assert all(name in shown for name in names)


def test_a_claim_is_named_with_or_without_its_paper():
    id = "few-labels-beat-none"
    for given in (
        Reproduce("disentangle", claim=id),
        Reproduce("disentangle", claim=f"disentangle/{id}"),
        Reproduce(claim=f"disentangle/{id}"),
    ):
        paper, claims = given.chosen()
        assert (paper, [claim.id for claim in claims]) == ("disentangle", [id])


def test_the_documented_method_trains_from_its_file(capsys, tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "concepts.md").read_text()
    (tmp_path / "mine.py").write_text(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1])
    options = ["--data", "digits", "--steps", "50", "--width", "4", "--quiet", "--out", tmp_path / "run", "--json"]
    code, out, _ = call(capsys, "train", f"{tmp_path}/mine.py:recipe", *options)
    assert code == 0
    assert json.loads(out)["terms"]["autoencoder/squared_error"] > 0


def test_a_fault_that_nobody_foresaw_is_one_line_too(capsys, tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "concepts.md").read_text()
    text = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    (tmp_path / "mine.py").write_text(text.replace("codes = self.encoder(", "codes = self.encodr("))
    arguments = ["train", f"{tmp_path}/mine.py:recipe", "--data", "digits", "--steps", "2", "--quiet"]
    code, out, err = call(capsys, *arguments, "--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"metaprior: error: AttributeError \([^\n]+line \d+\): [^\n]+; --debug shows where\n", err)
    assert not (tmp_path / "run").exists()
    with pytest.raises(AttributeError):
        main([*map(str, arguments), "--debug", "--out", str(tmp_path / "run")])


UNLABELLED = [name for name, row in RECIPES.items() if not row.recipe.needs_labels]
S2 = [name for name in RECIPES if name.startswith("s2-")]
STUDY = [
    *((name, []) for name in UNLABELLED),
    *((name, ["--labels", "20", "--labeller", labeller]) for name in (*S2, "supervised") for labeller in LABELLERS),
    *(("s2-factor-vae", ["--labels", "20", "--loss", loss, "--sigma", "none"]) for loss in LOSSES),
    ("s2-beta-vae", ["--labels", "20", "--gamma-sup", "linear(start=0, end=4, steps=10)", "--label-share", "0.9"]),
]


@pytest.mark.parametrize(("method", "options"), STUDY, ids=lambda part: " ".join(part) if part else "")
def test_every_combination_of_the_study_trains_from_the_command_line(method, options, capsys, tmp_path):
    code, out, err = call(capsys, "train", method, *TINY, *options, "--steps", "2", "--out", tmp_path / "run", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["finished"]
    assert ("vae/supervised" in told["terms"]) == bool(options)
