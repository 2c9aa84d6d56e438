"""Runs to and from the Hugging Face hub: ``config.json``, ``model.safetensors`` and a model card, no pickles."""

import shutil
from pathlib import Path

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from metaprior.core import MetapriorError, Method
from metaprior.study.experiment import load
from metaprior.training import Run

_FILES = ("config.json", "model.safetensors", "average.safetensors")


def save_pretrained(run: str | Path, folder: str | Path) -> Path:
    """Copy what is needed to use a run's model, and a model card, into ``folder``."""
    source, target = Run(Path(run)), Path(folder)
    if not source.finished:
        source.read_weights()
    target.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        if (source.folder / name).exists():
            shutil.copy2(source.folder / name, target / name)
    (target / "README.md").write_text(model_card(source))
    return target


def from_pretrained(name: str | Path) -> Method:
    """The model in a local folder, or in a hub repository ``user/name`` (downloaded into the hub's cache)."""
    if Path(name).is_dir():
        return load(name)
    try:
        return load(huggingface_hub.snapshot_download(str(name), allow_patterns=list(_FILES)))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as fault:
        reason = str(fault).strip().splitlines()[0]
        raise MetapriorError(f"'{name}' is no folder here, and the hub did not give it: {reason}") from fault


def push_to_hub(run: str | Path, repo_id: str, private: bool = False, token: str | None = None) -> str:
    """Upload a run's model to ``user/name`` on the hub, creating the repository; returns the commit's address."""
    with huggingface_hub.utils.SoftTemporaryDirectory() as folder:
        save_pretrained(run, folder)
        huggingface_hub.create_repo(repo_id, private=private, token=token, exist_ok=True)
        return str(huggingface_hub.upload_folder(repo_id=repo_id, folder_path=folder, token=token))


def model_card(run: Run) -> str:
    """A model card in Markdown with the hub's metadata."""
    config = run.config
    labels = f" with {config['labels']} labels" if config.get("labels") else ""
    return (
        "---\nlibrary_name: metaprior\ntags: [representation-learning, pytorch]\n---\n\n"
        f"# {config['recipe']} on {config['data']}{labels}\n\n"
        f"Trained with [metaprior](https://github.com/metaprior/metaprior) {config['version']} for "
        f"{config['loop']['steps']} steps, seed {config['loop']['seed']}.\n\n"
        '```python\nimport metaprior\n\nmodel = metaprior.from_pretrained("this repository")\n'
        "codes = model.encode(images)  # float32 in [0, 1], B×C×H×W\n```\n"
    )
