"""A model that is saved, sent away and fetched again is the same model, bit for bit."""

import json
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError

from metaprior.core import Encodes, MetapriorError, Method
from metaprior.study import from_pretrained, load, push_to_hub, save_pretrained, train
from metaprior.training import Run
from tests.conftest import squares

WORLD = "dsprites:size=16,scale=2,orientation=2,position_x=4,position_y=4"
IMAGES = squares(8).columns["images"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("study") / "s2"
    small = {"batch": 4, "supervision": {"labelled_batch": 4}, "latent_dim": 5}
    return train("s2-beta-vae", data=WORLD, labels=10, method=small, out=folder, steps=3, seed=7, progress=False)


def codes(model: Method) -> torch.Tensor:
    assert isinstance(model, Encodes)
    return model.encode(IMAGES).detach()


def files(folder: Path | str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_saved_and_loaded_encodes_the_same_bits(run: Run, tmp_path: Path) -> None:
    saved = save_pretrained(run.folder, tmp_path / "deep" / "saved")
    assert files(saved) == {"config.json", "model.safetensors", "README.md"}
    assert torch.equal(codes(from_pretrained(saved)), codes(load(run.folder)))


def test_averaged_weights_travel_too(run: Run, tmp_path: Path) -> None:
    averaged = Run(shutil.copytree(run.folder, tmp_path / "averaged"))
    averaged.write_weights({name: value / 2 for name, value in run.read_weights().items()}, "average")
    saved = save_pretrained(averaged.folder, tmp_path / "saved")
    assert torch.equal(codes(from_pretrained(saved)), codes(load(averaged.folder)))
    assert not torch.equal(codes(from_pretrained(saved)), codes(load(run.folder)))


def test_the_card_says_what_was_trained(run: Run, tmp_path: Path) -> None:
    card = (save_pretrained(run.folder, tmp_path) / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: metaprior\n")
    assert f"# s2-beta-vae on {WORLD} with 10 labels" in card
    assert "for 3 steps, seed 7" in card


def test_a_training_that_has_not_finished_cannot_be_saved(run: Run, tmp_path: Path) -> None:
    unfinished = Path(shutil.copytree(run.folder, tmp_path / "unfinished"))
    (unfinished / "model.safetensors").unlink()
    with pytest.raises(MetapriorError, match=r"holds no model\.safetensors; the training has not finished"):
        save_pretrained(unfinished, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


class Hub:
    """A stand-in for the hub that keeps what it is sent in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.created: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def create_repo(self, repo_id: str, **options: Any) -> None:
        self.created.append({"repo_id": repo_id} | options)

    def upload_folder(self, *, repo_id: str, folder_path: str | Path, **_: Any) -> str:
        shutil.copytree(folder_path, self.folder / repo_id)
        return f"https://hub/{repo_id}/commit/1"

    def snapshot_download(self, repo_id: str, **_: Any) -> str:
        self.asked.append(repo_id)
        if not (self.folder / repo_id).is_dir():
            raise LocalEntryNotFoundError(f"no {repo_id} here.\nMore about it.")
        return str(self.folder / repo_id)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub(tmp_path / "hub")
    for name in ("create_repo", "upload_folder", "snapshot_download"):
        monkeypatch.setattr(huggingface_hub, name, getattr(hub, name))
    return hub


def test_pushing_sends_the_model_and_nothing_else(run: Run, hub: Hub) -> None:
    address = push_to_hub(run.folder, "user/name", private=True, token="secret")
    sent = hub.folder / "user" / "name"
    assert address == "https://hub/user/name/commit/1"
    assert files(sent) == {"config.json", "model.safetensors", "README.md"}
    (created,) = hub.created
    assert created == {"repo_id": "user/name", "private": True, "token": "secret", "exist_ok": True}
    assert "secret" not in (sent / "config.json").read_text() + (sent / "README.md").read_text()
    assert json.loads((sent / "config.json").read_text()) == run.config


def test_what_was_pushed_can_be_fetched(run: Run, hub: Hub) -> None:
    push_to_hub(run.folder, "user/name")
    assert torch.equal(codes(from_pretrained("user/name")), codes(load(run.folder)))
    assert hub.asked == ["user/name"]


def test_an_unfinished_run_creates_no_repository(run: Run, hub: Hub, tmp_path: Path) -> None:
    unfinished = Path(shutil.copytree(run.folder, tmp_path / "unfinished"))
    (unfinished / "model.safetensors").unlink()
    with pytest.raises(MetapriorError, match="has not finished"):
        push_to_hub(unfinished, "user/name")
    assert not hub.created


def test_a_name_that_is_neither_folder_nor_repository_is_one_line(hub: Hub) -> None:
    with pytest.raises(
        MetapriorError, match=r"^'user/nothing' is no folder here, and the hub did not give it: [^\n]*$"
    ):
        from_pretrained("user/nothing")
