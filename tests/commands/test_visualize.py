"""``metaprior visualize`` as a person meets it."""

import json
import re
import shutil
from pathlib import Path

import pytest

import metaprior
from metaprior.cli import main
from metaprior.report import CYCLES

METHOD = {"latent_dim": 3, "nets": "mlp", "batch": 8}


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str, str]:
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        main(list(map(str, arguments)))
    told = capsys.readouterr()
    return stop.value.code, told.out, told.err


def trained(folder: Path, data: str) -> Path:
    metaprior.train("beta-vae", data=data, out=folder, steps=2, method=METHOD, progress=False)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"
    return trained(tmp_path_factory.mktemp("runs") / "world", data)


def test_a_world_has_effects_of_its_factors_and_a_run_that_was_not_judged_no_matrices(capsys, world) -> None:
    code, out, _ = call(capsys, "visualize", world, "--format", "svg", "--json")
    assert code == 0
    told = json.loads(out)
    names = [Path(path).name for path in told["files"]]
    cycles = [f"cycle-{name}.gif" for name in CYCLES]
    assert names == ["reconstructions.png", "samples.png", "traversals.png", *cycles, "effects.svg"]
    assert all(Path(path).is_file() for path in told["files"])
    assert {Path(path).parent for path in told["files"]} == {world / "visuals"}
    assert told["left_out"].keys() == {"matrices"}
    effects = (world / "visuals" / "effects.svg").read_text()
    assert "square" in effects  # the values' names
    assert "192 examples" in effects  # all there are


def test_data_without_factors_are_drawn_without_their_effects(capsys, tmp_path) -> None:
    folder = trained(tmp_path / "digits", "digits")
    code, out, _ = call(capsys, "visualize", folder, "--out", tmp_path / "out", "--range", -2, 2)
    assert code == 0
    assert "no effects of factors: the data have no factors" in out
    assert f"{tmp_path / 'out' / 'traversals.png'}" in out.splitlines()
    assert not (folder / "visuals").exists()


def test_a_run_of_which_nothing_can_be_drawn_is_an_error(capsys, world, tmp_path) -> None:
    shutil.copy(world / "config.json", tmp_path / "config.json")
    code, out, err = call(capsys, "visualize", tmp_path)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"metaprior: error: nothing of [^\n]+ can be drawn: no model: [^\n]+\n", err)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which run: metaprior visualize runs/"),
        (["nowhere"], "is not a run"),
        (["RUN", "--range", "2", "-2"], "from a smaller to a larger number, not from 2 to -2"),
        (["RUN", "--format", "jpg"], "'png', 'svg', 'pdf'"),
    ],
)
def test_a_mistake_is_one_line(capsys, world, tmp_path, monkeypatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, "visualize", *[world if word == "RUN" else word for word in arguments])
    assert (code, out) == (2, "")
    assert re.fullmatch(r"metaprior: error: [^\n]+\n", err)
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_help_says_what_each_file_shows(capsys) -> None:
    code, out, _ = call(capsys, "visualize", "--help")
    assert code == 0
    assert out.startswith("usage: metaprior visualize [-h] RUN ")
    for name in CYCLES:
        assert f"cycle-{name}.gif: " in out
    assert "  metaprior visualize runs/s2-beta-vae-0 --range -2 2" in out.splitlines()
