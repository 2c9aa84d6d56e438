"""Model selection: which of several runs is best, by a few labels, by held-out labels, or by no labels at all.

The two pipelines of the few-labels study end here: U/S picks an unsupervised model by a metric on the labels, S2/S
picks a model that learned from most of the labels by its supervised loss on the others (Locatello et al. 2020).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from metaprior.core import Counter, MetapriorError, Step, generator, unknown
from metaprior.data import Dataset
from metaprior.data import load as load_data
from metaprior.files import whole
from metaprior.judge import USUAL, Settings, judge, metrics_of, rank
from metaprior.methods import VAE
from metaprior.metrics import METRICS
from metaprior.objectives import kl_normal
from metaprior.study.experiment import Experiment, labelled_sets, load
from metaprior.training import Run

TRAIN_SHARE = 0.9
"""Of the labels, what a validation metric's predictors learn from; they are tested on the others."""


@dataclass(frozen=True)
class Labels:
    """Which labelled examples a validation metric sees: the same for all runs."""

    count: int = 100
    seed: int = 0
    labeller: str = "perfect"


@dataclass(frozen=True)
class Candidate:
    """One run and its value of the criterion; None, with the reason, where it has none."""

    run: Path
    value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Selection:
    """Runs from the best to the worst by one criterion."""

    by: str
    larger_is_better: bool
    candidates: tuple[Candidate, ...]
    labels: Labels | None = None
    """The labels that were looked at; None where none were, or each run's own held-out ones."""

    @property
    def best(self) -> Path:
        """The run that is selected."""
        if self.candidates[0].value is None:
            raise MetapriorError(f"no run has a value of '{self.by}': {self.candidates[0].reason}")
        return self.candidates[0].run

    def to_json(self) -> dict[str, Any]:
        """What ``metaprior select --json`` prints."""
        labels = self.labels and {
            "count": self.labels.count, "seed": self.labels.seed, "labeller": self.labels.labeller
        }  # fmt: skip
        return {
            "best": str(self.candidates[0].run) if self.candidates[0].value is not None else None,
            "by": self.by,
            "larger_is_better": self.larger_is_better,
            "labels": labels,
            "candidates": [
                {"run": str(each.run), "value": each.value} | ({"reason": each.reason} if each.reason else {})
                for each in self.candidates
            ],
        }


def select(
    runs: Sequence[str | Path],
    by: str = "dci_disentanglement",
    *,
    labels: Labels | None = None,
    data: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Selection:
    """Rank finished runs by a criterion.

    ``by`` is a score of the disentanglement protocol on ``labels`` labelled examples (100 unless said otherwise) of the
    runs' data; ``supervised``, each run's R_sup on the labels that it held out (``label_share`` below 1); ``elbo``,
    ``reconstruction`` or ``kl`` in nats on 1,000 images; or ``udr``. Predictors of a validation metric learn from 90 %
    of the labels and are tested on the others.

    >>> select(["runs/beta-vae-0", "runs/beta-vae-1"], by="mig").best  # doctest: +SKIP
    """
    folders = [Path(run) for run in runs]
    if not folders:
        raise MetapriorError("there are no runs to select from")
    if twice := next((folder for folder in folders if folders.count(folder) > 1), None):
        raise MetapriorError(f"{twice} is given twice")
    criterion = find_criterion(by)
    experiments = {folder: Experiment.from_plain(Run(folder).config) for folder in folders}
    if labels is not None and not criterion.looks_at_labels:
        raise MetapriorError(f"the criterion '{by}' looks at no labelled set, so none can be chosen for it")
    labels = labels or (Labels() if criterion.looks_at_labels else None)
    if data is None:
        refuse_other_data({folder: experiment.data for folder, experiment in experiments.items()})
    if by == "supervised":
        refuse_other_losses(experiments)
    if criterion.value is None:
        found = _ranked_by_each_other(folders, data or experiments[folders[0]].data)
    else:
        found = []
        for place, (folder, experiment) in enumerate(experiments.items()):
            seen = replace(experiment, data=data or experiment.data)
            found.append(Candidate(folder, *criterion.value(folder, seen, labels)))
            if progress is not None:
                progress(place + 1, len(folders))
    sign = -1 if criterion.larger_is_better else 1
    ranked = sorted(found, key=lambda each: (each.value is None, sign * (each.value or 0.0)))
    return Selection(by, criterion.larger_is_better, tuple(ranked), labels)


def refuse_other_data(trained_on: Mapping[Path, str]) -> None:
    """An error where runs were trained on different data, so that no one set is theirs to be compared on."""
    (first, its), *others = trained_on.items()
    other = next(((folder, data) for folder, data in others if data != its), None)
    if other is not None:
        raise MetapriorError(
            f"{first} was trained on {its} and {other[0]} on {other[1]}; say with --data what to compare them on"
        )


def refuse_other_losses(experiments: Mapping[Path, Experiment]) -> None:
    """An error where runs were trained by different supervised losses, whose values do not compare."""
    terms = {getattr(each.method, "supervision", None) for each in experiments.values()}
    if len({term.loss for term in terms if term is not None}) > 1:
        raise MetapriorError(
            "these runs have different supervised losses, which do not compare; take another criterion, such as "
            "dci_disentanglement"
        )


@dataclass(frozen=True)
class Criterion:
    """How a run is valued."""

    value: Callable[[Path, Experiment, Labels | None], tuple[float | None, str | None]] | None
    """(value, reason for none) from its folder, its experiment and the labels; None: runs are valued by each other."""
    larger_is_better: bool
    looks_at_labels: bool = False


def criteria_by_name() -> dict[str, Criterion]:
    """Every criterion by name."""
    own = {
        "supervised": Criterion(held_out_loss, larger_is_better=False),
        "udr": Criterion(None, larger_is_better=True),
    }
    terms = {name: Criterion(_term(name), larger_is_better=False) for name in ("elbo", "reconstruction", "kl")}
    factors = [name for name in (*USUAL, "unified") if name != "unsupervised"]  # which looks at no labels
    scores = [score for name in factors for score in METRICS[name].scores]
    metrics = {score: Criterion(_metric(score), True, looks_at_labels=True) for score in scores}
    return own | terms | metrics


def find_criterion(name: str) -> Criterion:
    """The criterion of that name.

    >>> find_criterion("elbo").larger_is_better
    False
    """
    criteria = criteria_by_name()
    if name not in criteria:
        raise unknown("criterion", name, criteria)
    return criteria[name]


def held_out_loss(folder: Path, experiment: Experiment, labels: Labels | None) -> tuple[float | None, str | None]:
    """R_sup of a run's model on the labels that it held out, divided by their number."""
    model = load(folder)
    supervision = getattr(model, "supervision", None)
    if supervision is None:
        return None, "its method has no supervised loss"
    held = labelled_sets(experiment, load_data(experiment.data))[1]
    if held is None or held.factors is None:
        return None, "it trained on all its labels; hold some out with --label-share 0.9"
    batch = held.gather(torch.arange(len(held)))
    with torch.inference_mode():
        return supervision(model.encode(batch.images), batch.factors, Step()).item() / len(held), None  # pyright: ignore


def _metric(score: str) -> Callable[[Path, Experiment, Labels | None], tuple[float | None, str | None]]:
    (metric,) = metrics_of([score])

    def value(folder: Path, experiment: Experiment, labels: Labels | None) -> tuple[float | None, str | None]:
        shown = labels or Labels()
        drawn = replace(experiment, labels=shown.count, label_seed=shown.seed, labeller=shown.labeller, label_share=1.0)  # pyright: ignore
        labelled: Dataset = labelled_sets(drawn, load_data(experiment.data))[0]
        settings = Settings(train=shown.count, test=shown.count, train_share=TRAIN_SHARE)
        found = judge(load(folder), labelled, metrics=[metric], settings=settings)[score]  # pyright: ignore
        return found.value, found.reason

    return value


def _term(name: str) -> Callable[[Path, Experiment, Labels | None], tuple[float | None, str | None]]:
    def value(folder: Path, experiment: Experiment, labels: Labels | None) -> tuple[float | None, str | None]:
        model = load(folder)
        if not isinstance(model, VAE):
            return None, "its method is no VAE"
        terms = bound(model, load_data(experiment.data))
        return (terms["reconstruction"] + terms["kl"] if name == "elbo" else terms[name]), None

    return value


def bound(model: VAE, data: Any, images: int = 1000, batch: int = 250, seed: int = 0) -> dict[str, float]:
    """Reconstruction and KL of a VAE on images drawn uniformly, means in nats; their sum is the negative ELBO."""
    rows = torch.randint(len(data), (images,), generator=generator(seed, "bound"))
    totals = {"reconstruction": 0.0, "kl": 0.0}
    with torch.inference_mode():
        for place, part in enumerate(rows.split(batch)):
            shown = data.gather(part).images
            posterior, codes = model.posterior_sample(shown, Step(draws=Counter(seed, place)))
            totals["reconstruction"] += model.reconstruction(shown, codes)["reconstruction"].value.item() * len(part)
            totals["kl"] += kl_normal(*posterior).sum().item()
    return {name: total / images for name, total in totals.items()}


def _ranked_by_each_other(folders: list[Path], data: str) -> list[Candidate]:
    models: dict[str, Any] = {str(folder): load(folder) for folder in folders}
    ranked = rank(models, load_data(data), data_name=data)
    return [
        Candidate(folder, ranked[str(folder)]["udr"].value, ranked[str(folder)]["udr"].reason) for folder in folders
    ]


def write_selection(selection: Selection, file: Path) -> Path:
    """Keep a selection as JSON; a reader never sees half a file."""
    with whole(file) as temporary:
        temporary.write_text(json.dumps(selection.to_json(), indent=1, allow_nan=False) + "\n")
    return file
