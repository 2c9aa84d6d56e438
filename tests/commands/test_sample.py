"""``metaprior sample`` as a person meets it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import metaprior
from metaprior.data import load
from tests.test_cli import call
from tests.test_docs import example

METHOD = {"latent_dim": 3, "nets": "mlp", "batch": 8}
KINDS = ["prior", "mixture", "interpolation", "reconstruction"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "vae"
    metaprior.train("vae", data="digits", out=folder, steps=2, method=METHOD, progress=False)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_makes_a_sheet_in_the_run_s_folder(kind, capsys, run) -> None:
    code, out, err = call(capsys, "sample", run, "--kind", kind, "--count", 16)
    path = run / "samples" / f"{kind}.png"
    assert (code, out, err) == (0, f"{path}\n", "")
    assert Image.open(path).mode == "L"


@pytest.mark.parametrize("kind", KINDS)
def test_an_array_has_as_many_images_as_were_asked_for(kind, capsys, run, tmp_path) -> None:
    options = ["--kind", kind, "--count", 24, "--seed", 3, "--json"]
    code, out, _ = call(capsys, "sample", run, *options, "--out", tmp_path / "made.npy")
    assert code == 0
    assert json.loads(out) == {"path": str(tmp_path / "made.npy"), "kind": kind, "count": 24, "seed": 3}
    made = np.load(tmp_path / "made.npy")
    assert (made.shape, made.dtype) == ((24, 1, 8, 8), np.float32)
    assert (made.min() >= 0) & (made.max() <= 1)
    call(capsys, "sample", run, *options, "--out", tmp_path / "again.npy")
    assert (tmp_path / "again.npy").read_bytes() == (tmp_path / "made.npy").read_bytes()


def test_samples_in_an_array_are_what_the_model_draws_and_can_be_judged(capsys, run, tmp_path) -> None:
    import torch

    from metaprior.judge import pixels, sample_quality

    call(capsys, "sample", run, "--count", 100, "--out", tmp_path / "made.npy")
    made, model = torch.from_numpy(np.load(tmp_path / "made.npy")), metaprior.load(run)
    one, other = (sample_quality(each, load("digits"), pixels(), count=100) for each in (made, model))  # pyright: ignore[reportArgumentType]
    assert one.scores == other.scores


def test_an_autoencoder_without_a_prior_draws_from_a_mixture(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(example())
    options = ["--data", "digits", "--steps", "2", "--quiet", "--out", "denoiser"]
    assert call(capsys, "train", "./mine.py:recipe", *options)[0] == 0
    code, out, err = call(capsys, "sample", "denoiser")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"metaprior: error: \w+ has no prior to draw from; take --kind mixture, which [^\n]+\n", err)
    assert call(capsys, "sample", "denoiser", "--kind", "mixture")[0] == 0
    assert [path.name for path in (tmp_path / "denoiser" / "samples").iterdir()] == ["mixture.png"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which run: metaprior sample runs/"),
        (["nowhere"], "nowhere is not a run"),
        (["RUN", "--kind", "posterior"], "'prior', 'mixture', 'interpolation', 'reconstruction'"),
        (["RUN", "--count", "0"], "count must be at least 1, not 0"),
        (["RUN", "--count", "many"], "many"),
        (["RUN", "--seed", "x"], "x"),
        (["RUN", "--kind", "interpolation", "--count", "12"], "--count must be a multiple of it, not 12"),
        (["RUN", "--kind", "reconstruction", "--count", "361"], "drawn from data of 360; lower --count"),
        (["RUN", "--count", "1025"], "a sheet shows up to 1,024 images"),
        (["RUN", "--out", "made.jpg"], "made.jpg is none of them"),
        (["RUN", "--out", ".."], "is there and not empty"),
    ],
)
def test_a_mistake_is_one_line(capsys, run, tmp_path, monkeypatch, arguments: list[str], said: str) -> None:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    code, out, err = call(capsys, "sample", *[run if word == "RUN" else word for word in arguments])
    assert (code, out) == (2, "")
    assert re.fullmatch(r"metaprior: error: [^\n]+\n", err)
    assert said in err
    assert list(place.iterdir()) == []


def test_help_says_what_each_kind_is(capsys) -> None:
    code, out, _ = call(capsys, "sample", "--help")
    assert code == 0
    assert out.startswith("usage: metaprior sample [-h] [OPTIONS] RUN")
    assert all(re.search(rf"^  {kind}: ", out, re.MULTILINE) for kind in KINDS)
