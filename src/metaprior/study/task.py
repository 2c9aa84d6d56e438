"""One training of a study carried out: trained, judged, validated on few labels, and its result kept."""

import functools
import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from metaprior.core import Classifies, Explains, Infers, MetapriorError, to_plain
from metaprior.data import Dataset, World, load_unseen
from metaprior.data import load as load_data
from metaprior.files import whole
from metaprior.judge import PROTOCOLS, Score, Settings, judge, metrics_of, write_scores
from metaprior.methods import VAE
from metaprior.metrics import METRICS
from metaprior.study.criteria import TRAIN_SHARE, elbo_terms, r_sup
from metaprior.study.experiment import HELD_IN_MEMORY, load
from metaprior.study.judging import clusters_of_run, judge_run, rate_distortion_of_run, vtab_of_run
from metaprior.study.plan import ASKED_SINCE, Judging, Task
from metaprior.study.runs import FAILURE, already_finished, finish
from metaprior.study.selection import Labels
from metaprior.training import Run

RESULT = "result.json"
IMAGES, SAMPLES = 300, 500
"""How many examples have their likelihood bounded, by how many samples of each code."""


def run_task(task: Task, runs: Path, judging: Judging) -> dict[str, Any]:
    """Train, judge and validate what is not there yet, in the folder of the task's id; its result.

    A training that was stopped goes on. The state of its optimisers is dropped in the end, the weights stay. Raises
    :class:`metaprior.training.Occupied` where another process is at the same task.
    """
    folder = runs / task.id
    known = read_result(folder)
    if known and answers(known["asked"], task, judging):
        return known
    run, steps = Run(folder), task.experiment.loop.steps
    finish(task.experiment, run, data=data_of(task.experiment.data))
    training = (already_finished(run, steps) or {}).get("seconds", 0.0)  # of all calls, where it was stopped
    begun = time.monotonic()
    rows = list(scores_of(task, folder, judging))
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)  # before the result: nobody comes back after it
    (folder / "latest").unlink(missing_ok=True)
    result = {
        "id": task.id,
        "experiment": to_plain(task.experiment),
        "seconds": {"training": round(training, 3), "judging": round(time.monotonic() - begun, 3)},
        "scores": rows,
        "asked": asked_of(task, judging),
    }
    with run.alone():
        result = with_labels_of(result, read_result(folder))
        with whole(folder / RESULT) as temporary:
            temporary.write_text(json.dumps(result, allow_nan=False) + "\n")
    (folder / FAILURE).unlink(missing_ok=True)
    run.forget_divergence()
    return result


def with_labels_of(result: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any]:
    """A result with the validation of another one of the same model, where that was asked in the same way."""
    if other is None or other["asked"]["judging"] != result["asked"]["judging"]:
        return result
    labels = [each for each in other["asked"]["labels"] if each not in result["asked"]["labels"]]
    shown = [(each["count"], each["labeller"], each["seed"]) for each in labels]
    rows = [
        each
        for each in other["scores"]
        if each["kind"] == "validation" and (each["labels"], each["labeller"], each["label_seed"]) in shown
    ]
    asked = result["asked"] | {"labels": [*result["asked"]["labels"], *labels]}
    return result | {"scores": [*result["scores"], *rows], "asked": asked}


def answers(asked: dict[str, Any], task: Task, judging: Judging) -> bool:
    """Whether a result that was asked this holds all that is asked now."""
    now = asked_of(task, judging)
    return asked["judging"] == now["judging"] and all(labels in asked["labels"] for labels in now["labels"])


def asked_of(task: Task, judging: Judging) -> dict[str, Any]:
    """What a result answers, as plain values: another question makes a model be judged again."""
    asked = {name: value for name, value in to_plain(judging).items() if ASKED_SINCE.get(name, ...) != value}
    return {"judging": asked, "labels": [to_plain(labels) for labels in task.labels]}


def read_result(folder: Path) -> dict[str, Any] | None:
    """The result that a folder holds, or None; half a file is none."""
    try:
        result = json.loads((folder / RESULT).read_text())
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and "asked" in result else None


def scores_of(task: Task, folder: Path, judging: Judging) -> Iterator[dict[str, Any]]:
    """The rows of a result: test scores, criteria without labels, R_sup on held-out labels, validation scores."""
    data, model = data_of(task.experiment.data), load(folder)
    for representation, metrics in judging.by_representation.items():
        if reason := unanswerable(model, data, representation):
            yield from without(metrics, representation, reason)
            continue
        settings = judging.settings(representation)
        scores = judge_run(folder, data, task.experiment.data, metrics=metrics, settings=settings)
        write_scores(scores, folder)
        for name, score in scores.scores.items():
            yield row("test", name, score, representation=representation)
    if judging.rate_distortion:
        if isinstance(model, Explains):
            yield from rate_and_use(folder, task.experiment.data)
        if isinstance(model, Classifies):
            yield from classified(model, task.experiment.data)
    if judging.clusters:
        yield from clustered(folder, task.experiment.data)
    if judging.vtab:
        device = str(task.experiment.loop.find_device())  # to fine-tune is to train again
        yield from adapted_to_tasks(folder, judging.vtab, judging.vtab_tasks, device)
    if isinstance(model, VAE):
        for name, value in elbo_terms(model, data).items():
            known = {"value": value} if math.isfinite(value) else {"value": None, "reason": "it is not finite"}
            yield {"kind": "criterion", "score": name, **known}
    if task.experiment.labels is not None and task.experiment.label_share < 1:
        held = labels_of(task.experiment.data, Labels.held_out_by(task.experiment))
        yield row("criterion", "supervised", r_sup(model, held))
    for labels in task.labels:
        yield from validation_of(model, task.experiment.data, labels, judging)


def unanswerable(model: object, data: Dataset | World, representation: str) -> str | None:
    """Why codes of that kind cannot be judged by the factors, if so."""
    if not data.factor_sizes:
        return "the data have no factors"
    if representation == "sampled" and not isinstance(model, Infers):
        return "the model gives no posterior to sample codes of"
    return None


def without(metrics: Sequence[str], representation: str, reason: str) -> Iterator[dict[str, Any]]:
    """The rows of metrics that have no values, and why."""
    for score in (score for name in metrics_of(metrics) for score in METRICS[name].scores):
        yield {"kind": "test", "score": score, "value": None, "representation": representation, "reason": reason}


def rate_and_use(folder: Path, data: str) -> Iterator[dict[str, Any]]:
    """The scores of the protocol rd, and those of each factor by ``probe_accuracy.FACTOR``."""
    try:
        scores = rate_distortion_of_run(folder, data, images=IMAGES, samples=SAMPLES)
    except MetapriorError as fault:  # codes without a rate, say: other scores may still be had
        for name in PROTOCOLS["rd"].scores:
            yield {"kind": "test", "score": name, "value": None, "representation": "mean", "reason": str(fault)}
        return
    write_scores(scores, folder)
    for name, score in scores.scores.items():
        yield row("test", name, score, representation="mean")
    table = scores.tables.get("usefulness_by_factor")
    if table is not None:
        of_factor = dict(zip(table.rows, table.values[:, list(table.columns).index("probe_accuracy")], strict=True))
        for factor, value in of_factor.items():
            yield {"kind": "test", "score": f"probe_accuracy.{factor}", "value": value, "representation": "mean"}


def classified(model: Classifies, data: str) -> Iterator[dict[str, Any]]:
    """How often a classifier is right of unseen labels, and what they cost it, -log p(y | x) in nats.

    Where the data are divided, also of the part to train on (``_train``): what it tells better there, it has memorised.
    """
    unseen, split = load_unseen(data)
    parts = {"": unseen} | ({} if split == "train" else {"_train": data_of(data)})
    for after, part in parts.items():
        if isinstance(part, Dataset) and part.labels is not None:
            logits, labels = logits_of(model, part)
            right, cost = (logits.argmax(dim=1) == labels).double().mean(), F.cross_entropy(logits, labels)
            for name, value in (("accuracy", right), ("loss", cost)):
                score = f"classifier_{name}{after}"
                yield {"kind": "test", "score": score, "value": value.item(), "representation": "mean"}


@torch.inference_mode()
def logits_of(model: Classifies, data: Dataset, batch: int = 512) -> tuple[Tensor, Tensor]:
    """Logits N×K of the examples of a set that have a label, in double precision, and their labels N."""
    assert data.labels is not None
    rows = (data.labels >= 0).nonzero()[:, 0]
    logits = torch.cat([model.classify(data.gather(some).inputs) for some in rows.split(batch)])
    return logits.double(), data.labels[rows]


def clustered(folder: Path, data: str) -> Iterator[dict[str, Any]]:
    """The scores of the protocol clusters; none where the data have no labels."""
    if getattr(load_unseen(data)[0], "labels", None) is None:
        for name in PROTOCOLS["clusters"].scores:
            about = {"representation": "mean", "reason": "the data have no labels"}
            yield {"kind": "test", "score": name, "value": None, **about}
        return
    scores = clusters_of_run(folder, data)
    write_scores(scores, folder)
    for name, score in scores.scores.items():
        yield row("test", name, score, representation="mean")


def adapted_to_tasks(
    folder: Path, protocols: Sequence[str], tasks: Sequence[str], device: str
) -> Iterator[dict[str, Any]]:
    """Accuracies on stand-ins of visual tasks, called ``vtab.PROTOCOL.TASK``."""
    for protocol in protocols:
        scores = vtab_of_run(folder, "vtab-desk", protocol, tasks, device=device).scores
        for task, score in scores.items():
            yield row("test", f"vtab.{protocol}.{task.removeprefix('standin/')}", score, representation="mean")
    shutil.rmtree(folder / "vtab", ignore_errors=True)


def validation_of(model: object, data: str, labels: Labels, judging: Judging) -> Iterator[dict[str, Any]]:
    """The validation scores of a model on a labelled set of that data."""
    shown = labels_of(data, labels)
    settings = Settings(train=len(shown), test=len(shown), train_share=TRAIN_SHARE)
    found = judge(model, shown, metrics=judging.validation, settings=settings, chance=False)  # pyright: ignore[reportArgumentType]
    about = {"labels": labels.count, "labeller": labels.labeller, "label_seed": labels.seed}
    for name in judging.validation:
        yield row("validation", name, found[name], **about)


def row(kind: str, name: str, score: Score, **about: Any) -> dict[str, Any]:
    """One score as a row of the table of scores."""
    extra = {"reason": score.reason} if score.reason else {}
    return {"kind": kind, "score": name, "value": score.value, **about, **extra}


@functools.lru_cache(maxsize=2)
def data_of(name: str) -> Dataset | World:
    """The data of that name, rendered and held where they fit: a worker trains many models on the same."""
    data = load_data(name)
    bytes_held = len(data)
    for size in data.spec.image_shape or ():
        bytes_held *= size
    return data.cached() if isinstance(data, World) and bytes_held <= HELD_IN_MEMORY else data


@functools.lru_cache(maxsize=64)
def labels_of(data: str, labels: Labels) -> Dataset:
    """A labelled set, drawn once for all models that look at it."""
    return labels.draw(data_of(data))
