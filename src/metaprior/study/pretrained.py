"""Models to and from the Hugging Face hub: ``config.json``, ``model.safetensors`` and a model card, no pickles."""

from pathlib import Path

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from metaprior.core import MetapriorError, Method
from metaprior.files import whole
from metaprior.study.experiment import load
from metaprior.training import Run, saved_tensors

_FILES = ("config.json", "model.safetensors")


def save_pretrained(model: Method | str | Path, folder: str | Path) -> Path:
    """Write what is needed to use a model elsewhere, and a model card, into ``folder``.

    ``model`` came from :func:`load` or :func:`from_pretrained` and is written as it is now; or it is a run's folder,
    whose averaged weights are taken where there are some.
    """
    model = model if isinstance(model, Method) else load(model)
    if model.config is None:
        raise MetapriorError(
            "this model does not come from a run, so nothing says how to build it again; "
            "train it with metaprior.train and take metaprior.load(run.folder)"
        )
    target = Run(Path(folder))
    target.write_config(model.config)
    target.write_weights(saved_tensors(model))
    with whole(target.folder / "README.md") as temporary:
        temporary.write_text(model_card(target))
    return target.folder


def from_pretrained(name: str | Path) -> Method:
    """The model in a local folder, or in a hub repository ``user/name`` (downloaded into the hub's cache)."""
    if Path(name).is_dir():
        return load(name)
    try:
        return load(huggingface_hub.snapshot_download(str(name), allow_patterns=list(_FILES)))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as fault:
        reason = str(fault).strip().splitlines()[0]
        raise MetapriorError(f"'{name}' is no folder here, and the hub did not give it: {reason}") from fault


def push_to_hub(model: Method | str | Path, repo_id: str, private: bool | None = None, token: str | None = None) -> str:
    """Upload a model (see :func:`save_pretrained`) to ``user/name`` on the hub; returns the commit's address.

    The repository is created if need be. The token is the hub's usual one: ``HF_TOKEN``, or ``hf auth login``.
    """
    with huggingface_hub.utils.SoftTemporaryDirectory() as folder:
        save_pretrained(model, folder)
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
