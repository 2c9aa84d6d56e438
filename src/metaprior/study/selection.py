"""Model selection: which of several runs is best, by a few labels, by held-out labels, or by no labels at all.

The two pipelines of the few-labels study end here: U/S picks an unsupervised model by a metric on the labels, S2/S
picks a model that learned from most of the labels by its supervised loss on the others (Locatello et al. 2020).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metaprior.core import MetapriorError
from metaprior.data import (
    Dataset,
    LabellerName,
    World,
    divide,
    few_labels,
    find_labeller,
    labelled_rows,
    same_data,
    training_labels,
)
from metaprior.data import load as load_data
from metaprior.files import whole
from metaprior.judge import Score
from metaprior.study.criteria import agreement, find_criterion
from metaprior.study.experiment import Experiment, load
from metaprior.training import Run


@dataclass(frozen=True)
class Labels:
    """Which labelled examples a criterion looks at: the same for all runs.

    >>> Labels(100).shown, Labels(100, trained=0.9).shown
    (100, 10)
    """

    count: int = 100
    seed: int = 0
    labeller: LabellerName = "perfect"
    trained: float = 0.0
    """Share of them that the runs trained on, as their ``label_share`` says: a criterion looks at the others alone."""

    @property
    def shown(self) -> int:
        """How many of them are looked at."""
        return self.count - (training_labels(self.count, self.trained) if self.trained else 0)

    def draw(self, data: Dataset | World) -> Dataset:
        """The examples that are looked at."""
        labelled = few_labels(data, self.count, self.seed, find_labeller(self.labeller))
        held = divide(labelled, self.trained)[1] if self.trained else labelled
        if held is None:
            raise MetapriorError(
                f"a share of {self.trained:g} of {self.count} labels holds none out to select by; take more labels, "
                "or a smaller --label-share"
            )
        return held

    @classmethod
    def held_out_by(cls, experiment: Experiment) -> "Labels":
        """What an experiment with labels holds out."""
        return cls(experiment.labels or 0, experiment.label_seed, experiment.labeller, experiment.label_share)


OPTIONS = {"count": "--labels", "seed": "--label-seed", "labeller": "--labeller", "trained": "--label-share"}
"""The options that say so where a run is trained."""


@dataclass(frozen=True)
class Candidate:
    """One run and its value of the criterion; None, with the reason, where it has none."""

    run: Path
    value: float | None
    reason: str | None = None
    chance: float | None = None
    """On few labels: the same metric of the same codes when the labels' rows are permuted."""

    @classmethod
    def scored(cls, run: Path, score: Score) -> "Candidate":
        """A run with its score; a value that is not finite is none."""
        if score.value is not None and not math.isfinite(score.value):
            return cls(run, None, f"its value is {score.value}")
        return cls(run, score.value, score.reason, score.chance)


@dataclass(frozen=True)
class Selection:
    """Runs from the best to the worst by one criterion."""

    by: str
    larger_is_better: bool
    candidates: tuple[Candidate, ...]
    labels: Labels | None = None
    """The labels that were looked at, of which runs may have trained on others; None where none were."""

    @property
    def best(self) -> Path:
        """The run that is selected."""
        if self.candidates[0].value is None:
            raise MetapriorError(f"no run has a value of '{self.by}': {self.candidates[0].reason}")
        return self.candidates[0].run

    def to_json(self) -> dict[str, Any]:
        """What ``metaprior select --json`` prints."""
        labels = self.labels and {
            "count": self.labels.count, "seed": self.labels.seed, "labeller": self.labels.labeller,
            "shown": self.labels.shown,
        }  # fmt: skip
        return {
            "best": str(self.candidates[0].run) if self.candidates[0].value is not None else None,
            "by": self.by,
            "larger_is_better": self.larger_is_better,
            "labels": labels,
            "candidates": [
                {"run": str(each.run), "value": each.value}
                | {name: told for name in ("chance", "reason") if (told := getattr(each, name)) is not None}
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
    runs' data, none of which trained; ``supervised``, R_sup on the labels that the runs held out (``label_share`` below
    1); ``negative_elbo``, ``reconstruction`` or ``kl`` in nats on 1,000 images; or ``udr``, of each run among those
    that differ from it in their seed alone. Predictors of a validation metric learn from 90 % of the labels that are
    looked at and are tested on the others.

    >>> select(["runs/beta-vae-0", "runs/beta-vae-1"], by="mig").best  # doctest: +SKIP
    """
    folders = distinct(runs)
    criterion = find_criterion(by)
    experiments = {folder: Experiment.from_plain(Run(folder).config) for folder in folders}
    if labels is not None and criterion.looks_at != "labels":
        raise MetapriorError(f"the criterion '{by}' looks at no labelled set, so none can be chosen for it")
    if data is None:
        refuse_other_data({folder: experiment.data for folder, experiment in experiments.items()})
    name = data or experiments[folders[0]].data
    found: dict[Path, Score] = {}
    source = load_data(name)
    if criterion.looks_at == "labels":
        labels = labels or Labels()
        refuse_labels_that_trained({k: v for k, v in experiments.items() if same_data(v.data, name)}, labels, source)
    elif criterion.looks_at == "held-out labels":
        if not all(same_data(experiment.data, name) for experiment in experiments.values()):
            raise MetapriorError(f"'{by}' looks at the labels that runs held out of their own data; leave --data out")
        found = {folder: none for folder, each in experiments.items() if (none := holds_none_out(each))}
        labels = labels_held_out({k: v for k, v in experiments.items() if k not in found})
    shown = labels.draw(source) if labels else source
    if criterion.value is None:
        found = agreement(experiments, source, name)
    for place, folder in enumerate(folders, start=1):
        if criterion.value is not None and folder not in found:
            found[folder] = criterion.value(load(folder), shown)
        if progress is not None:
            progress(place, len(folders))
    sign = -1 if criterion.larger_is_better else 1
    candidates = [Candidate.scored(folder, found[folder]) for folder in folders]
    ranked = sorted(candidates, key=lambda each: (each.value is None, sign * (each.value or 0.0)))
    return Selection(by, criterion.larger_is_better, tuple(ranked), labels)


def distinct(runs: Sequence[str | Path]) -> list[Path]:
    """Run folders as they were named; an error where there is none, or one is named twice."""
    if not runs:
        raise MetapriorError("there are no runs to select from")
    places: dict[Path, Path] = {}
    for folder in map(Path, runs):
        before = places.setdefault(folder.resolve(), folder)
        if before is not folder:
            raise MetapriorError(f"{folder} is given twice" + (f", also as {before}" if before != folder else ""))
    return list(places.values())


def refuse_other_data(trained_on: Mapping[Path, str]) -> None:
    """An error where runs were trained on different data, so that no one set is theirs to be compared on."""
    (first, its), *others = trained_on.items()
    other = next(((folder, data) for folder, data in others if not same_data(data, its)), None)
    if other is not None:
        raise MetapriorError(
            f"{first} was trained on {its} and {other[0]} on {other[1]}; say with --data what to compare them on"
        )


def refuse_labels_that_trained(experiments: Mapping[Path, Experiment], labels: Labels, source: Dataset | World) -> None:
    """An error where a metric would look at labels that a run learned from, which tell nothing of new examples.

    Labels of two seeds are other draws of a world, and may share rows of a data set.
    """
    for folder, experiment in experiments.items():
        if experiment.labels is None:
            continue
        if experiment.label_seed != labels.seed:
            if isinstance(source, Dataset) and (both := rows_in_common(experiment, labels, source)):
                raise MetapriorError(
                    f"{both} of the {labels.shown} labels of seed {labels.seed} trained {folder}, since a data set has "
                    f"no others; take fewer labels, or train with --label-share and select by those held out"
                )
            continue
        if experiment.labels == labels.count and experiment.label_share <= labels.trained:
            continue
        held = f", or --labels {experiment.labels} --label-share {experiment.label_share:g} to look at those held out"
        raise MetapriorError(
            f"{folder} learned from labels of seed {labels.seed}, and a metric must look at others; choose "
            f"another --label-seed{held if experiment.label_share < 1 else ''}"
        )


def rows_in_common(experiment: Experiment, labels: Labels, source: Dataset) -> int:
    """How many of the rows that a criterion would look at an experiment learned from."""
    trained = labelled_rows(source, experiment.labels or 0, experiment.label_seed)
    trained = trained[: training_labels(len(trained), experiment.label_share)]
    return len(np.intersect1d(trained, labelled_rows(source, labels.count, labels.seed)[labels.count - labels.shown :]))


def refuse_other_losses(experiments: Mapping[Path, Experiment]) -> None:
    """An error where runs were trained by different supervised losses, whose values do not compare."""
    terms = {getattr(each.method, "supervision", None) for each in experiments.values()}
    if len({term.loss for term in terms if term is not None}) > 1:
        raise MetapriorError(
            "these runs have different supervised losses, which do not compare; take another criterion, such as "
            "dci_disentanglement"
        )


def holds_none_out(experiment: Experiment) -> Score | None:
    """The score of a run without held-out labels; None where it has some."""
    reason = None
    if not experiment.method.needs_labels:
        reason = "its method has no supervised loss"
    elif Labels.held_out_by(experiment).shown == 0:
        reason = "it trained on all its labels; hold some out with --label-share 0.9"
    return Score(None, 0, 0, "held-out labels", reason=reason) if reason else None


def labels_held_out(experiments: Mapping[Path, Experiment]) -> Labels | None:
    """The labels that runs held out, which must be the same ones; None where there are no runs."""
    refuse_other_losses(experiments)
    held = {folder: Labels.held_out_by(experiment) for folder, experiment in experiments.items()}
    if not held:
        return None
    (first, its), *others = held.items()
    for folder, other in others:
        for name, option in OPTIONS.items():
            value, others_value = getattr(its, name), getattr(other, name)
            if value != others_value:
                raise MetapriorError(
                    f"{first} was trained with {option} {value} and {folder} with {others_value}: losses on different "
                    "held-out labels do not compare; take another criterion, such as dci_disentanglement"
                )
    return its


def write_selection(selection: Selection, file: Path) -> Path:
    """Keep a selection as JSON; a reader never sees half a file."""
    with whole(file) as temporary:
        temporary.write_text(json.dumps(selection.to_json(), indent=1, allow_nan=False) + "\n")
    return file
