"""``metaprior judge``: what is given to it."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from metaprior.commands.judge import read_array
from metaprior.core import MetapriorError
from tests.test_cli import WORLD, call

GIVEN = {
    "nothing": (["disentanglement"], "judge run folders, or arrays with --codes and --factors"),
    "both": (["disentanglement", "runs/x", "--codes", "good.npy"], "judge run folders, or arrays"),
    "codes to a probe": (["probe", "--codes", "good.npy"], "are for the protocol disentanglement; probe takes runs"),
    "codes alone": (["disentanglement", "--codes", "good.npy"], "--factors is missing: give both"),
    "no file": (["disentanglement", "--codes", "no.npy", "--factors", "good.npy"], "no.npy cannot be read: No such"),
    "text": (["disentanglement", "--codes", "bad.npy", "--factors", "good.npy"], "bad.npy is damaged, or no .npy"),
    "an empty file": (
        ["disentanglement", "--codes", "empty.npy", "--factors", "good.npy"],
        "is damaged, or no .npy or .npz",
    ),
    "a pickle": (["disentanglement", "--codes", "pickle.npy", "--factors", "good.npy"], "holds Python objects; save"),
    "two arrays": (["disentanglement", "--codes", "two.npz", "--factors", "good.npy"], "two.npz holds z, v; save"),
    "factors beside a run": (["disentanglement", "runs/x", "--factors", "good.npy"], "--factors goes with --codes"),
    "data beside codes": (
        ["disentanglement", "--codes", "good.npy", "--factors", "good.npy", "--data", "digits"],
        "--data goes with runs",
    ),
    "metrics of a probe": (["probe", "runs/x", "--metrics", "mig"], "--metrics is of the protocol disentanglement"),
    "an extractor of a probe": (["probe", "runs/x", "--extractor", "pixels"], "--extractor is of the protocol samples"),
    "an unknown extractor": (
        ["samples", "runs/x", "--data", "digits", "--extractor", "pixel"],
        "did you mean 'pixels'?",
    ),
    "codes to samples": (
        ["samples", "--codes", "good.npy"],
        "are for the protocol disentanglement; samples takes runs",
    ),
    "samples for udr": (["udr", "runs/x", "--representation", "sampled"], "--representation is of the protocol"),
    "images of a probe": (["probe", "runs/x", "--images", "5"], "--images is of the protocol rd; probe has no such"),
    "metrics of rd": (["rd", "runs/x", "--metrics", "mig"], "--metrics is of the protocol disentanglement; rd has no"),
    "codes to rd": (["rd", "--codes", "good.npy"], "are for the protocol disentanglement; rd takes runs"),
    "no examples": (
        ["disentanglement", "--codes", "good.npy", "--factors", "good.npy", "--train", "0"],
        "train must be at least 1, not 0",
    ),
}


@pytest.mark.parametrize("mistake", GIVEN)
def test_what_cannot_be_judged_is_named(mistake, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("good.npy", np.arange(12).reshape(6, 2))
    np.savez("two.npz", z=np.zeros(2), v=np.zeros(2))
    np.save("pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "bad.npy").write_text("0.1 0.2")
    (tmp_path / "empty.npy").touch()
    words, said = GIVEN[mistake]
    code, out, err = call(capsys, "judge", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(("data", "split", "seen"), [("digits", "test", False), (WORLD, "train", False)])
def test_a_run_s_samples_are_judged_by_unseen_images_where_there_are_such(data, split, seen, capsys, tmp_path) -> None:
    options = ["--data", data, "--latent-dim", "3", "--nets", "mlp", "--batch", "8", "--steps", "2", "--quiet"]
    assert call(capsys, "train", "vae", *options, "--out", tmp_path / "vae")[0] == 0
    code, out, _ = call(capsys, "judge", "samples", tmp_path / "vae", "--json")
    told = json.loads(out)
    (name, score), *_ = told["scores"].items()
    assert (code, told["protocol"], told.get("seen", False)) == (0, "samples", seen)
    assert re.fullmatch(r"FD\[random-conv-[0-9a-f]{8}\]", name)
    assert f"(split {split})" in score["protocol"]
    assert score["value"] > score["floor"]
    code, out, _ = call(capsys, "judge", "samples", tmp_path / "vae", "--extractor", f"run:{tmp_path / 'vae'}")
    assert code == 0
    assert re.search(r"FD\[run:vae-[0-9a-f]{8}\] ↓ .*\n.*less is better.*floor: what as many", out, re.DOTALL)
    kept = json.loads((tmp_path / "vae" / "scores" / "samples.json").read_text())
    assert len(kept["scores"]) == 2


def test_a_run_s_clusters_are_judged_by_unseen_labels(capsys, tmp_path) -> None:
    options = ["--data", "digits", "--latent-dim", "3", "--nets", "mlp", "--batch", "8", "--steps", "2", "--quiet"]
    assert call(capsys, "train", "joint-vae", *options, "--out", tmp_path / "joint")[0] == 0
    code, out, _ = call(capsys, "judge", "clusters", tmp_path / "joint", "--json")
    told = json.loads(out)
    assert (code, told["protocol"], told.get("seen", False)) == (0, "clusters", False)
    assert told["scores"]["purity"]["protocol"] == "10 clusters of the model's own, 10 classes"
    assert told["scores"]["cluster_accuracy_pixels"]["value"] > 0.6
    assert {score["n"] for score in told["scores"].values()} == {360}
    assert (tmp_path / "joint" / "scores" / "clusters.json").exists()
    code, out, err = call(capsys, "judge", "clusters", tmp_path / "joint", "--data", WORLD)
    assert (code, out) == (2, "")
    assert "this protocol needs labels" in err


NOISE = np.random.default_rng(0).normal(size=(60, 3))


def saved(path: Path) -> Path:
    if path.suffix == ".npy":
        np.save(path, NOISE)
    else:
        (np.savez_compressed if path.stem == "packed" else np.savez)(path, z=NOISE)
    return path


def turned(place: int) -> Callable[[Path], None]:
    """A wrong byte in the file."""

    def turn(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[place] ^= 255
        path.write_bytes(content)

    return turn


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:400])


def packed_wrongly(path: Path) -> None:
    """Beginning with a block of the kind 3, which deflate does not have; before it are 30 bytes, a name and extras."""
    content = bytearray(path.read_bytes())
    content[30 + sum(int.from_bytes(content[at : at + 2], "little") for at in (26, 28))] = 0b110
    path.write_bytes(content)


def packed_otherwise(path: Path) -> None:
    """In a way of which zipfile knows nothing, as the archive's directory says."""
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = 77
    path.write_bytes(content)


def renamed(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no array")


def emptied(path: Path) -> None:
    np.savez(path)


def claiming(shape: str) -> Callable[[Path], None]:
    """Another shape in the header of an array."""

    def claim(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(
            content.replace(b"(60, 3), }" + b" " * len(shape), f"{shape}, }} ".encode().ljust(10 + len(shape)))
        )

    return claim


@pytest.mark.parametrize("name", ["one.npy", "one.npz", "packed.npz"])
def test_one_array_is_read_from_either_kind_of_file(tmp_path: Path, name: str) -> None:
    assert np.array_equal(read_array(saved(tmp_path / name), "codes"), NOISE)


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("one.npz", turned(400), "is damaged, or no .npy or .npz file; save"),
        ("packed.npz", packed_wrongly, "is damaged, or no .npy or .npz file; save"),
        ("packed.npz", cut, "is damaged, or no .npy or .npz file; save"),
        ("one.npz", packed_otherwise, "is damaged, or no .npy or .npz file; save"),
        ("one.npy", cut, "is damaged, or no .npy or .npz file; save"),
        ("one.npy", claiming("(60, 3"), "is damaged, or no .npy or .npz file; save"),
        ("one.npy", claiming("(1000000000, 1000000)"), "holds more than the memory of this machine"),
        ("one.npz", renamed, "holds notes.txt; save the one array"),
        ("one.npz", emptied, "holds nothing; save the one array"),
    ],
)
def test_what_is_damaged_is_named_in_one_line(
    tmp_path: Path, name: str, damage: Callable[[Path], None], said: str
) -> None:
    path = saved(tmp_path / name)
    damage(path)
    with pytest.raises(MetapriorError, match=f"^--codes: .*{name}.* {said}") as error:
        read_array(path, "codes")
    assert len(str(error.value).splitlines()) == 1


def test_rate_and_distortion_of_a_run_are_of_the_part_to_test_on_and_kept_there(capsys, tmp_path) -> None:
    run = tmp_path / "vae-0"
    small = ["--nets", "mlp", "--hidden", "8", "--latent-dim", "2", "--steps", "2"]
    assert call(capsys, "train", "vae", "--data", "digits", *small, "--out", str(run))[0] == 0
    code, out, _ = call(capsys, "judge", "rd", str(run), "--images", "3", "--samples", "4", "--json")
    told = json.loads(out)
    assert code == 0
    assert told == json.loads((run / "scores" / "rd.json").read_text())
    scores = told["scores"]
    assert (scores["rate"]["n"], scores["nll_iwae"]["n"], scores["nll_iwae"]["samples"]) == (360, 3, 4)
    assert "1,437 training examples" in scores["label_distortion"]["protocol"]
    assert "seen" not in told
