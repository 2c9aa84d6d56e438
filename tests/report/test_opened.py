from pathlib import Path

import pytest
import torch

import metaprior
from metaprior.core import MetapriorError
from metaprior.report import view_run
from metaprior.report.page import render


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "beta-vae-0"
    method = {"latent_dim": 3, "nets": "mlp", "batch": 8}
    metaprior.train("beta-vae", data="digits", out=out, steps=2, method=method, progress=False)
    return out


def test_a_trained_run_opens_with_its_model_and_examples_and_has_all_its_pictures(folder: Path) -> None:
    view = view_run(folder)
    assert view.notes == ()
    assert view.images is not None
    assert view.images.dtype == torch.float32
    text = render([view])
    assert not any(f"No {section}" in text for section in ("traversals", "reconstructions", "samples"))


def test_runs_on_the_same_data_get_the_same_examples(folder: Path) -> None:
    first, second = view_run(folder).images, view_run(folder).images
    assert first is not None
    assert second is not None
    assert torch.equal(first, second)


def test_a_run_without_weights_says_so_on_its_page(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    view = view_run(tmp_path)
    assert view.model is None
    assert any("no model" in note for note in view.notes)
    assert "no model was given" in render([view])


def test_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MetapriorError, match="is not a run"):
        view_run(tmp_path)
