"""Adaptation of all weights: trials on the training examples, one chosen on the validation examples, trained on all."""

import contextlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from metaprior.core import Diverged, MetapriorError, Method, to_plain
from metaprior.data.vtab.task import TaskData
from metaprior.judge.features import Progress
from metaprior.judge.vtab.adapted import Adapted, binomial, unseen
from metaprior.judge.vtab.recipes import FineTuning
from metaprior.judge.vtab.shown import Show, Shown
from metaprior.judge.vtab.trained import Start, read_json, trained, write_json
from metaprior.judge.vtab.trial import mildest
from metaprior.methods.classifier import Augment
from metaprior.training import Callback, Loop, Run
from metaprior.training.run import checksum


def fine_tune(
    net: nn.Module,
    width: int,
    data: TaskData,
    images: Show,
    recipe: FineTuning,
    seed: int = 0,
    device: str = "auto",
    precision: Literal["float32", "bf16", "float64"] = "float32",
    folder: Path | None = None,
    progress: Progress | None = None,
    enlarged: Show | None = None,
    augment: Augment | None = None,
) -> Adapted:
    """The test accuracy of a net and a linear layer from zero on its features, all weights trained on a task.

    ``net`` maps images to features B×``width``; each trial begins with a copy of it, and it stays as it is.
    ``images`` are examples as the net sees them. Training may see them otherwise: ``enlarged`` ones, which ``augment``
    cuts and turns batch by batch. Only the last weights of a training are evaluated.

    With a ``folder`` a finished trial is not trained again, and an interrupted one goes on from its last checkpoint;
    it is an error if the folder holds the fine-tuning of another net, task, recipe, seed or precision.
    """
    recipe.refuse_more_than(len(data.train) + len(data.val))
    loop = Loop(seed=seed, device=device, precision=precision, clip=recipe.clip)
    start = Start(net, width, data.train.classes, loop, augment)
    learnt, trials = Shown.of(enlarged or images, data.trainval), recipe.trials
    steps = [trial.steps(len(data.train)) for trial in trials] if len(trials) > 1 else []
    last = max(trial.steps(len(learnt)) for trial in trials)
    tried: list[dict[str, Any]] = []
    best, val = 0, None
    with contextlib.ExitStack() as stack:
        if folder is not None:
            stack.enter_context(Run(folder).alone())
            refuse_another(folder, plan(net, data, recipe, loop))
        if steps:
            train = learnt.part(0, len(data.train))
            select = Shown.of(images, data.val) if enlarged else learnt.part(len(data.train), len(learnt))
            for place, trial in enumerate(trials):
                told = _counted(progress, sum(steps[:place]), sum(steps) + last)
                tried.append(trained(start, trial, train, select, folder and folder / f"trial-{place}", told))
            best, val = chosen(recipe, tried)
        test = Shown.of(images, data.test, hold=False)
        told = _counted(progress, sum(steps), sum(steps) + trials[best].steps(len(learnt)))
        tested = trained(start, trials[best], learnt, test, folder and folder / "final", told)
    if tested["accuracy"] is None:
        raise Diverged(f"the last training on {data.name}, by the trial that was chosen: {tested['reason']}")
    value, n = tested["accuracy"], len(data.test)
    details = {"trials": tried} | unseen(data.trainval.labels, data.test.labels)
    return Adapted(value, binomial(value, n), n, trials[best].told(len(learnt)), val, details)


def chosen(recipe: FineTuning, tried: list[dict[str, Any]]) -> tuple[int, float]:
    """The place of the best trial and its accuracy; one that diverged cannot be it."""
    sound = [place for place, result in enumerate(tried) if result["accuracy"] is not None]
    if not sound:
        raise Diverged(f"all {len(tried)} trials diverged; the first: {tried[0]['reason']}")
    accuracies = [tried[place]["accuracy"] for place in sound]
    best = sound[mildest(tuple(recipe.trials[place] for place in sound), accuracies)]
    return best, tried[best]["accuracy"]


def plan(net: nn.Module, data: TaskData, recipe: FineTuning, loop: Loop) -> dict[str, Any]:
    """What decides the result, by which a folder knows whether it holds this very fine-tuning."""
    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {
        "net": checksum({name: value.detach().cpu() for name, value in net.state_dict().items()}),
        "task": data.name,
        "pictures": {name: part.pictures.digest for name, part in parts.items()},
        "labels": checksum({name: torch.from_numpy(np.ascontiguousarray(p.labels)) for name, p in parts.items()}),
        "trials": to_plain(recipe.trials),
        "clip": loop.clip,
        "seed": loop.seed,
        "precision": loop.precision,
    }


def refuse_another(folder: Path, asked: dict[str, Any]) -> None:
    """An error where a folder holds a fine-tuning by another plan; the plan is written where there is none."""
    held = read_json(folder / "plan.json")
    if held is None:
        write_json(folder / "plan.json", asked)
    elif held != asked:
        differing = ", ".join(name for name in asked if held.get(name) != asked[name])
        raise MetapriorError(f"{folder} holds another fine-tuning (of other {differing}); choose another folder")


class _Counted(Callback):
    """Tells how many steps of all are done."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self.progress, self.before, self.total = progress, before, total

    def stepped(self, method: Method, step: int) -> None:
        self.progress(self.before + step, self.total)


def _counted(progress: Progress | None, before: int, total: int) -> list[Callback]:
    return [_Counted(progress, before, total)] if progress else []
