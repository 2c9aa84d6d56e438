"""The two pipelines of the few-labels study: train a cohort, select one model by few labels, judge it.

U/S trains without labels and selects by a validation metric on them; S2/S trains on 90 % of the labels and selects by
the supervised loss on the others (Locatello et al. 2020).
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metaprior.core import MetapriorError, Recipe, from_plain, unknown
from metaprior.data import load as load_data
from metaprior.judge import USUAL, Scores, Settings, write_scores
from metaprior.study.criteria import Criterion, find_criterion, groups_of_choices
from metaprior.study.experiment import Experiment, build_method, data_spec, labelled_sets, refuse_labelling_of_none
from metaprior.study.judging import judge_run
from metaprior.study.runs import finish
from metaprior.study.selection import Labels, Selection, refuse_other_losses, select, write_selection
from metaprior.training import Run

HELD_OUT = 0.1
"""Share of the labels that S2/S selects by."""


@dataclass(frozen=True)
class Outcome:
    """What a pipeline ends with: the ranking of its cohort, and the test scores of the model it selects."""

    selection: Selection
    scores: Scores

    def to_json(self) -> dict[str, Any]:
        """What ``metaprior pipeline --json`` prints."""
        return {"selection": self.selection.to_json(), "scores": self.scores.to_json()}


def pipeline(
    experiment: Experiment,
    out: Path,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: Sequence[int] | None = None,
    by: str | None = None,
    metrics: Sequence[str] = USUAL,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Outcome:
    """Train a cohort of an experiment, select a run by few labels, judge it on the world.

    ``vary`` gives the method's choices that differ, by name, with their values; each combination is trained with each
    of ``seeds`` (by default the experiment's). ``experiment`` says how many labels there are, by whom and from which
    seed. A method that learns from labels trains on 90 % of them, or ``label_share``, and is selected by its supervised
    loss on the others (S2/S); any other is trained without and selected by DCI on all of them (U/S). Another criterion
    may be named with ``by``; a metric looks at no label that trained, so for S2/S at the 10 % that are held out. Runs
    lie under ``out`` by their choices; those that are finished are used again and those that were stopped go on.
    """
    by = by or ("supervised" if experiment.method.needs_labels else "dci_disentanglement")
    criterion = find_criterion(by)
    trained, labels = what_trains_and_what_selects(experiment, criterion, by)
    cohort = members(trained, vary or {}, (experiment.loop.seed,) if seeds is None else seeds)
    refuse_what_would_fail(cohort, labels, criterion, by)
    for place, (name, member) in enumerate(cohort.items(), start=1):
        if progress is not None:
            progress(f"run {place} of {len(cohort)}: {name}")
        finish(member, Run(out / name), f"{place} of {len(cohort)}, {name}" if progress else None)
    if progress is not None:
        progress(f"selecting by {by}")
    shown = labels if criterion.looks_at == "labels" else None  # runs themselves say what they held out
    selection = select([out / name for name in cohort], by, labels=shown)
    write_selection(selection, out / "selection.json")
    if progress is not None:
        progress(f"judging {selection.best}")
    data = load_data(experiment.data)
    scores = judge_run(selection.best, data, experiment.data, metrics=metrics, settings=settings)
    write_scores(scores, selection.best)
    return Outcome(selection, scores)


def what_trains_and_what_selects(
    experiment: Experiment, criterion: Criterion, by: str
) -> tuple[Experiment, Labels | None]:
    """The experiment as it is trained, and the labels that select: None where the criterion looks at none.

    An error where something is said of labels that neither train nor select.
    """
    looks, recipe = criterion.looks_at != "images", experiment.recipe
    if experiment.labels is None and (looks or experiment.method.needs_labels):
        raise MetapriorError("a pipeline selects by few labels; say how many, such as --labels 100")
    if experiment.method.needs_labels:
        share = experiment.label_share if experiment.label_share < 1 else 1 - HELD_OUT
        trained = replace(experiment, label_share=share)
        return trained, Labels.held_out_by(trained) if looks else None
    if criterion.looks_at == "held-out labels":
        raise MetapriorError(f"{recipe} has no supervised loss to select by; choose another --by")
    if experiment.labels is None:
        refuse_labelling_of_none(experiment)
        return experiment, None
    if not looks:
        raise MetapriorError(f"{recipe} trains on no labels, and '{by}' looks at none; leave --labels out")
    if experiment.label_share < 1:
        raise MetapriorError(f"{recipe} trains on no labels, so all of them select; leave --label-share out")
    labels = Labels(experiment.labels, experiment.label_seed, experiment.labeller)
    return replace(experiment, labels=None, label_seed=0, labeller="perfect"), labels


def refuse_what_would_fail(
    cohort: Mapping[str, Experiment], labels: Labels | None, criterion: Criterion, by: str
) -> None:
    """Raise, before anything is trained, where the data, the labels or a choice of any member would not do."""
    folders = {Path(name): member for name, member in cohort.items()}
    first = next(iter(cohort.values()))  # members differ in their methods and seeds alone
    data = load_data(first.data)
    if not data.factor_sizes:
        raise MetapriorError(f"a pipeline judges by factors of variation, and '{first.data}' has none")
    if criterion.looks_at == "held-out labels":
        refuse_other_losses(folders)
    if criterion.value is None and any(len(group) == 1 for group in groups_of_choices(folders)):
        raise MetapriorError(f"'{by}' compares runs that differ in their seed alone; give at least two --seeds")
    if labels is not None and len(labels.draw(data)) < 2 and criterion.looks_at == "labels":
        raise MetapriorError(
            f"'{by}' learns from some labels and is tested on others, and only 1 did not train; take more labels, or "
            "a smaller --label-share"
        )
    spec = data_spec(data, {"labelled": labelled_sets(first, data)[0]} if first.labels else {})
    tried = []
    for member in cohort.values():
        if member.method not in tried:
            build_method(member.method, spec, member.loop.seed)
            tried.append(member.method)


def members(experiment: Experiment, vary: Mapping[str, Sequence[Any]], seeds: Sequence[int]) -> dict[str, Experiment]:
    """The experiments of a cohort by the names of their folders: every combination of choices, with every seed.

    An error where two would be one run, since a seed or a value is given twice: 1 and 1.0 are one value of beta.
    """
    if not seeds or any(not values for values in vary.values()):
        raise MetapriorError("a cohort needs at least one seed, and one value of each choice that varies")
    found: dict[str, Experiment] = {}
    for values in itertools.product(*vary.values()):
        chosen = dict(zip(vary, values, strict=True))
        method = experiment.method
        for name, value in chosen.items():
            method = with_choice(method, name, value)
        for seed in seeds:
            parts = [experiment.recipe.rpartition(":")[2], *(f"{k}={v}" for k, v in chosen.items()), str(seed)]
            name = "-".join(parts).replace("/", "_")
            member = replace(experiment, method=method, loop=replace(experiment.loop, seed=seed))
            same = next((other for other, its in found.items() if other == name or its == member), None)
            if same is not None:
                raise MetapriorError(f"{name} would be trained twice, also as {same}; give each seed and value once")
            found[name] = member
    return found


def with_choice(recipe: Recipe, name: str, value: Any) -> Recipe:
    """The recipe with another value of a choice, which may lie in a nested one.

    >>> from metaprior.methods import find_recipe
    >>> with_choice(find_recipe("s2-beta-vae"), "gamma_sup", 8.0).supervision.gamma_sup
    8.0
    """
    homes = choices(recipe)
    if name not in homes:
        raise unknown("choice of the method", name, homes)
    plain: Any = value
    for key in reversed(homes[name]):
        plain = {key: plain}
    return from_plain(type(recipe), plain, "method", base=recipe)


def choices(recipe: Any, prefix: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Where each choice of a recipe lies, by its name."""
    found: dict[str, tuple[str, ...]] = {}
    for each in dataclasses.fields(recipe):
        inner, path = getattr(recipe, each.name), (*prefix, each.name)
        nested = dataclasses.is_dataclass(inner) and not callable(inner)  # a schedule is a value
        found |= choices(inner, path) if nested else {each.name: path}
    return found
