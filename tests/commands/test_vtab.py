"""``metaprior vtab`` and ``metaprior vtab prepare``, as a person meets them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from metaprior.commands.vtab_folder import progress_of_tasks
from metaprior.data.vtab import SUITES, VTAB
from metaprior.papers.vtab.published import PUBLISHED
from tests.judge.vtab.pictures import prepared
from tests.test_cli import call

LOCATION = "standin/dsprites-location"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All tasks of VTAB, with a few pictures each."""
    return prepared(tmp_path_factory.mktemp("data"), *VTAB)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VAE of digits that has hardly learned."""
    import metaprior

    method = {"latent_dim": 3, "nets": "mlp", "hidden": 8, "batch": 8}
    folder = tmp_path_factory.mktemp("runs") / "vae-[b]0"
    return metaprior.train("vae", data="digits", steps=1, method=method, out=folder, progress=False).folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own to write to, without data from elsewhere, a wide terminal; all tests are of 30 pictures."""
    monkeypatch.setitem(SUITES, "vtab", {name: replace(task, sizes=(24, 9, 30)) for name, task in VTAB.items()})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METAPRIOR_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("COLUMNS", "200")


def test_one_json_object_of_the_published_shape(capsys, run, data) -> None:
    code, out, err = call(capsys, "vtab", run, "--data-dir", data, "--tasks", "pets", "clevr-count", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert set(told["tasks"]) == {"pets", "clevr-count"}
    for score in told["tasks"].values():
        assert {"value", "se", "n", "protocol"} <= score.keys()
        assert 0 <= score["value"] <= 1
        assert score["n"] == 30
        assert score["protocol"].startswith("1k, ridge, native")
    assert (told["mean_tasks"], told["mean_groups"], told["complete"], told["k"]) == (None, None, False, 2)
    assert (told["model"], told["suite"], told["missing"]) == (str(run), "vtab", {})
    assert told["partial"]["mean_tasks"]["k"] == 2
    assert told["encoder"]["input"]["size"] == 8
    assert Path(told["page"]).is_file()


def test_the_same_again_is_read_and_not_computed(capsys, run, data, monkeypatch) -> None:
    first = call(capsys, "vtab", run, "--data-dir", data, "--tasks", "pets", "--json")
    monkeypatch.setattr("metaprior.judge.vtab.suite.adapt", None)
    assert call(capsys, "vtab", run, "--data-dir", data, "--tasks", "pets", "--json") == first


def test_a_complete_run_is_a_vtab_score_in_the_table_and_on_the_page(capsys, run, data) -> None:
    code, out, _ = call(capsys, "vtab", run, "--data-dir", data, "--compare", "--page", "p/[i]all.html")
    assert code == 0
    assert "VTAB, complete" in out
    assert str(run) in out.splitlines()[0]
    assert f"{run} is not shown among published results: nothing was published by the protocol ridge, 1k" in out
    assert "page: p/[i]all.html" in out
    assert "VTAB, complete" in Path("p/[i]all.html").read_text()
    told = json.loads(call(capsys, "vtab", run, "--data-dir", data, "--json")[1])
    values = [score["value"] for score in told["tasks"].values()]
    assert told["mean_tasks"] == pytest.approx(sum(values) / 19)
    assert (told["complete"], told["k"]) == (True, 19)
    groups = told["partial"]["groups"].values()
    assert told["mean_groups"] == pytest.approx(sum(group["value"] for group in groups) / 3)


def test_nineteen_tasks_on_parts_of_their_tests_are_no_vtab_score(capsys, run, data, monkeypatch) -> None:
    monkeypatch.setitem(SUITES, "vtab", VTAB)
    code, out, _ = call(capsys, "vtab", run, "--data-dir", data)
    assert code == 0
    assert "19 of 19 tasks, 19 on another number of test examples than they have: no VTAB score" in out
    assert "VTAB, complete" not in out


def test_two_models_stand_in_one_table_each_with_its_way(capsys, run, data) -> None:
    """A run, which is shown pictures of its own size, and a net of a hub, whose weights are random."""
    net = "torchvision:mobilenet_v3_small"
    words = ["vtab", run, net, "--random-init", "--data-dir", data, "--tasks", "dtd"]
    code, out, err = call(capsys, *words)
    assert (code, err) == (0, "")
    head, *lines = out.splitlines()
    assert " ".join(head.split()) == f"test {run} {net} (random weights, seed 0)"
    assert next(line.split() for line in lines if "dtd" in line)[:2] == ["dtd", "30"]
    assert "protocol: 1k, ridge, native;" in out
    assert "protocol: 1k, ridge, vtab-2019;" in out
    told = json.loads(call(capsys, *words, "--json")[1])
    assert [each["model"] for each in told["models"]] == [str(run), f"{net} (random weights, seed 0)"]
    assert [each["encoder"]["input"]["size"] for each in told["models"]] == [8, 224]


def test_stand_ins_are_no_vtab_score(capsys, run) -> None:
    words = ["vtab", run, "--suite", "vtab-desk", "--protocol", "few-shot-1"]
    told = json.loads(call(capsys, *words, "--tasks", LOCATION, "--json")[1])
    assert list(told["tasks"]) == [LOCATION]
    assert (told["mean_tasks"], told["complete"], told["k"]) == (None, False, 0)
    assert 0 < told["tasks"][LOCATION]["value"] < 1
    code, out, _ = call(capsys, *words, "--tasks", LOCATION)
    assert code == 0
    assert "1 of 12 stand-ins: not a VTAB score" in out


def test_the_suite_tells_what_is_missing(capsys, run, data, tmp_path) -> None:
    some = tmp_path / "some"
    shutil.copytree(data / "dtd", some / "dtd")
    code, out, _ = call(capsys, "vtab", run, "--data-dir", some)
    assert code == 0
    assert "1 of 19 tasks: no VTAB score" in out
    assert "no data for 18: caltech101, cifar100" in out
    told = json.loads(call(capsys, "vtab", run, "--data-dir", some, "--json")[1])
    assert set(told["missing"]) == set(VTAB) - {"dtd"}
    assert all("fetch" in reason for reason in told["missing"].values())


GIVEN = {
    "no model": ([], "say which model: metaprior vtab MODEL"),
    "no run": (["nowhere"], "there is no run folder nowhere; a model is a run folder or one of timm:NAME"),
    "no run folder": (["plain"], "plain is no run folder: it holds no config.json"),
    "another hub": (["tim:resnet18"], "one of timm:NAME, torchvision:NAME, hf:NAME"),
    "no name": (["timm:"], "timm: names no model; write timm:NAME"),
    "another name": (["torchvision:resnet_18", "--random-init"], "did you mean 'resnet18'"),
    "task": (["RUN", "--tasks", "pet"], "unknown task of vtab 'pet'; did you mean 'pets'?"),
    "task in processes": (["RUN", "--tasks", "pet", "--workers", "2"], "unknown task of vtab 'pet'; did you mean"),
    "task of another suite": (["RUN", "--tasks", LOCATION], f"unknown task of vtab '{LOCATION}'"),
    "protocol": (["RUN", "--protocol", "rige"], "unknown protocol 'rige'; did you mean 'ridge'?"),
    "preset": (["RUN", "--preset", "nativ"], "unknown preset 'nativ'; did you mean 'native'?"),
    "preset of another size": (["RUN", "--preset", "peft"], "the preset native makes 8"),
    "device": (["RUN", "--device", "cud"], "device 'cud' is not usable here"),
    "no device": (["RUN", "--device"], "--device needs the name of one, such as cpu or cuda"),
    "a device that computes nothing": (["RUN", "--device", "meta"], "the device meta computes nothing"),
    "the same twice": (["RUN", "RUN/"], "is named twice; name each model once"),
    "the same task twice": (["RUN", "--tasks", "dtd", "dtd"], "dtd is named twice; name each task once"),
    "the same to prepare": (["prepare", "--out", "p", "--tasks", "dtd", "dtd"], "dtd is named twice; name each task"),
    "a page that is a folder": (
        ["RUN", "--page", "plain"],
        "--page plain is a folder; name a file, such as plain/vtab",
    ),
    "no room for the page": (["RUN", "--page", "plain/file/x.html"], "cannot write plain/file: Not a directory"),
    "status of a model": (["RUN", "--status"], "--status tells of data, and of no model; leave the model out"),
    "status of another task": (["--status", "--tasks", "pet"], "unknown task of vtab 'pet'; did you mean 'pets'?"),
    "no room": (["RUN", "--out", "plain/file/out"], "cannot write plain/file/out: Not a directory"),
    "seeds": (["RUN", "--seeds", "0", "0"], "seeds must be different integers, and at least one; they are [0, 0]"),
    "batch": (["RUN", "--batch", "0"], "batch must be at least 1, not 0"),
    "workers": (["RUN", "--workers", "0"], "workers must be at least 1, not 0"),
    "workers and devices": (["RUN", "--workers", "2", "--device", "cpu", "cpu"], "--workers shares one device"),
    "no folder": (["RUN", "--data-dir", "nowhere"], "there is no folder nowhere to read tasks from"),
    "no folder to look into": (["--status", "--data-dir", "nowhere"], "there is no folder nowhere to read tasks from"),
    "random weights of a run": (["RUN", "--random-init"], "--random-init is for nets of a hub"),
    "data of a named task": (["RUN", "--tasks", "pets"], "pets is not below"),
    "suite": (["RUN", "--suite", "vtab-dsk"], "vtab-desk"),
    "nowhere to prepare": (["prepare"], "say where to build the splits: metaprior vtab prepare --out DIR"),
    "another task to prepare": (
        ["prepare", "--out", "p", "--tasks", "pet"],
        "unknown task of vtab 'pet'; did you mean",
    ),
}


@pytest.mark.parametrize("mistake", GIVEN)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_mistake_is_told_in_one_line(mistake, as_json, capsys, run) -> None:
    Path("plain").mkdir()
    Path("plain/file").touch()
    words, said = GIVEN[mistake]
    given = [word.replace("RUN", str(run)) for word in words]
    code, out, err = call(capsys, "vtab", *given, *(["--json"] if as_json else []))
    assert (code, out) == (2, "")
    assert said in err
    if mistake != "suite":  # the parser's own, in a box
        assert len(err.strip().splitlines()) == 1
        assert not any(path.name == "runs" for path in Path().iterdir())


def damaged(data: Path, folder: Path) -> Path:
    """Two tasks, the pictures and the labels of which are wrong."""
    for name in ("dtd", "oxford_iiit_pet"):
        shutil.copytree(data / name, folder / name)
    (folder / "dtd" / "images" / "train800" / "000003.png").write_text("no picture")
    (folder / "oxford_iiit_pet" / "manifest.json").unlink()  # so that it is anybody's folder
    for name in ("train800", "train800val200"):
        file = folder / "oxford_iiit_pet" / f"{name}.txt"
        first, *rest = file.read_text().splitlines()
        file.write_text("\n".join([f"{first.split()[0]} 99", *rest, ""]))
    return folder


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("dtd", "dtd/images/train800/000003.png is not a readable picture: it is of no known format"),
        ("pets", "has the label 99 at images/train800/000000.png, and classes are 0 to 36"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_what_is_wrong_with_data_is_told_in_one_line(task, said, named, capsys, run, data, tmp_path) -> None:
    folder = damaged(data, tmp_path / "damaged")
    shutil.rmtree(folder / {"dtd": "oxford_iiit_pet", "pets": "dtd"}[task])
    chosen = ["--tasks", task] if named else []
    code, out, err = call(capsys, "vtab", run, "--data-dir", folder, *chosen, "--json")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_damaged_task_loses_no_score_of_another(capsys, run, data, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(data / "caltech101", folder / "caltech101")
    damaged(data, folder)
    words = ["vtab", run, "--data-dir", folder, "--tasks", "caltech101"]
    assert call(capsys, *words, "dtd")[0] == 2
    monkeypatch.setattr("metaprior.judge.vtab.suite.adapt", None)
    assert call(capsys, *words)[0] == 0


def test_the_state_of_every_task_is_told(capsys, data, tmp_path) -> None:
    some = tmp_path / "some"
    shutil.copytree(data / "dtd", some / "dtd")
    code, out, _ = call(capsys, "vtab", "--status", "--data-dir", some)
    assert code == 0
    assert "● dtd" in out
    assert "○ pets" in out
    assert f"1 of 19 tasks are there, looked for below {some}" in out
    rows = json.loads(call(capsys, "vtab", "--status", "--data-dir", some, "--json")[1])["tasks"]
    assert [row["task"] for row in rows] == list(VTAB)
    assert {row["task"] for row in rows if row["state"] == "present"} == {"dtd"}
    assert next(row["path"] for row in rows if row["task"] == "dtd") == str(some / "dtd")
    assert all(row["fetch"] and row["bytes"] > 0 and row["licence"] for row in rows)
    rows = json.loads(call(capsys, "vtab", "--status", "--suite", "vtab-desk", "--json")[1])["tasks"]
    assert [row["task"] for row in rows] == list(SUITES["vtab-desk"])


def test_published_results_are_told_alone(capsys) -> None:
    code, out, _ = call(capsys, "vtab", "--compare")
    assert code == 0
    assert all(line.model in out for line in PUBLISHED)
    told = json.loads(call(capsys, "vtab", "--compare", "--json")[1])["published"]
    assert [line["model"] for line in told] == [line.model for line in PUBLISHED]
    assert told[0]["mean_groups"] == pytest.approx(70.7, abs=0.1)


def test_help_lists_protocols_presets_and_tasks(capsys) -> None:
    code, out, _ = call(capsys, "vtab", "--help")
    assert code == 0
    assert all(name in out for name in ("lightweight/10", "few-shot-25", "vit-g-2022", "clevr-distance", LOCATION))
    code, out, _ = call(capsys, "vtab", "prepare", "--help")
    assert code == 0
    assert "metaprior vtab prepare --data-dir" in out


def test_tasks_are_prepared_once_and_then_there(capsys, run, data) -> None:
    words = ["vtab", "prepare", "--data-dir", data, "--out", "built", "--tasks", "dtd", "clevr-distance", "--json"]
    code, out, _ = call(capsys, *words)
    told = json.loads(out)["prepared"]
    assert code == 0
    assert [(each["task"], each["state"], each["pictures"]) for each in told] == [
        ("dtd", "written", 63), ("clevr-distance", "written", 63),
    ]  # fmt: skip
    code, out, _ = call(capsys, *words)
    assert code == 0
    assert {each["state"] for each in json.loads(out)["prepared"]} == {"there"}
    scores = [
        json.loads(call(capsys, "vtab", run, "--data-dir", folder, "--tasks", "dtd", "--json")[1])["tasks"]["dtd"]
        for folder in (data, "built")
    ]
    assert scores[0]["value"] == scores[1]["value"]


def test_what_cannot_be_prepared_is_told_with_the_rest(capsys, data, tmp_path) -> None:
    some = tmp_path / "some"
    shutil.copytree(data / "dtd", some / "dtd")
    words = ["vtab", "prepare", "--data-dir", some, "--out", "built"]
    code, out, err = call(capsys, *words)
    assert (code, err) == (0, "")
    assert "1 of 19 tasks are prepared" in out
    assert "pets is not below" in out
    code, out, _ = call(capsys, *words, "--tasks", "dtd", "pets", "--json")
    assert code == 2
    assert [each["state"] for each in json.loads(out)["prepared"]] == ["there", "missing"]
    code, out, _ = call(capsys, *words, "--setting", "full")
    assert code == 2
    assert "0 of 19 tasks are prepared" in out


def test_names_with_brackets_are_shown_in_the_bar(monkeypatch, capsys) -> None:
    """Where standard error is a terminal; a bar takes what stands in brackets for a style."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_of_tasks("runs/[x] [/y]", quiet=False) as told:
        told("pets", "features", 1, 2)
    assert "runs/[x] [/y]: pets" in capsys.readouterr().err


def test_where_there_is_no_terminal_a_line_is_told_now_and_then(capsys) -> None:
    for quiet, seconds in ((False, 0.0), (False, 60.0), (True, 0.0)):
        with progress_of_tasks("mine", quiet, seconds) as told:
            told("pets", "features", 1024, 3669)
    assert capsys.readouterr().err == "mine: pets, features 1,024/3,669\n"
