"""One training of a fine-tuning, and the accuracy it ends in: kept when it is over, resumed where it was stopped."""

import copy
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from metaprior.core import Diverged
from metaprior.files import whole
from metaprior.judge.features import evaluating
from metaprior.judge.vtab.shown import Shown
from metaprior.judge.vtab.trial import Trial
from metaprior.methods.classifier import Augment, Classifier
from metaprior.training import Callback, Loop, Run, fit


@dataclass(frozen=True, eq=False)
class Start:
    """What every training of a fine-tuning begins from; the ``loop`` lacks but its steps."""

    net: nn.Module
    width: int
    classes: int
    loop: Loop
    augment: Augment | None = None

    def classifier(self, trial: Trial, examples: int) -> Classifier:
        """A copy of the net, all of it to be trained, with a layer from zero."""
        net = copy.deepcopy(self.net).requires_grad_(True)
        return Classifier(net, self.width, self.classes, trial.build(examples), trial.stream(examples), self.augment)


def trained(
    start: Start, trial: Trial, train: Shown, test: Shown, folder: Path | None, callbacks: Sequence[Callback] = ()
) -> dict[str, Any]:
    """Train on ``train``, then evaluate on ``test``: the trial and its ``accuracy``, None of a training that diverged.

    With a ``folder`` the result is kept beside it, as ``<folder>.json``, and read from there when it is asked for
    again; of the training itself ``metrics.jsonl`` stays.
    """
    file = folder.with_suffix(".json") if folder else None
    if file and (held := read_json(file)) is not None:
        return held
    try:
        found: dict[str, Any] = {"accuracy": _accuracy_of(start, trial, train, test, folder, callbacks)}
    except Diverged as fault:
        found = {"accuracy": None, "reason": str(fault)}
    found |= trial.told(len(train))
    if file and folder:
        write_json(file, found)
        _keep_the_curve_alone(folder)
    return found


def _accuracy_of(
    start: Start, trial: Trial, train: Shown, test: Shown, folder: Path | None, callbacks: Sequence[Callback]
) -> float:
    method = start.classifier(trial, len(train))
    loop = replace(start.loop, steps=trial.steps(len(train)))
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder) if folder else None
    if fit(method, {"train": train}, loop, run, callbacks, resume=run is not None).interrupted:
        raise KeyboardInterrupt
    return accuracy(method, test, loop)


@torch.inference_mode()
def accuracy(method: Classifier, examples: Shown, loop: Loop, batch: int = 256) -> float:
    """The share of examples that a classifier in evaluation mode tells, in the precision that it was trained in."""
    hits = 0
    with evaluating(method) as device:
        kind = device.type if device else "cpu"
        for rows in torch.arange(len(examples)).split(batch):
            shown = examples.gather(rows)
            with torch.autocast(kind, torch.bfloat16, enabled=loop.precision == "bf16"):
                told = method.classify(shown.images.to(device, loop.dtype)).argmax(1)
            hits += int((told.cpu() == shown.labels.cpu()).sum())
    return hits / len(examples)


def read_json(file: Path) -> dict[str, Any] | None:
    """The content of a JSON file; None where it is not there or is damaged."""
    try:
        held = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, all of it or nothing."""
    with whole(file) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")


def _keep_the_curve_alone(folder: Path) -> None:
    """Drop the weights of a training that is over, which may be large."""
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    for name in ("latest", "model.safetensors"):
        (folder / name).unlink(missing_ok=True)
