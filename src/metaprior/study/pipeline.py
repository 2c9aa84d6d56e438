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
from metaprior.judge import Scores, Settings, judge, write_scores
from metaprior.study.experiment import (
    Experiment,
    build_method,
    data_spec,
    finish,
    labelled_sets,
    load,
)
from metaprior.study.selection import (
    Labels,
    Selection,
    find_criterion,
    refuse_other_losses,
    select,
    write_selection,
)
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
    seeds: Sequence[int] = (0,),
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Outcome:
    """Train a cohort of an experiment, select a run by few labels, judge it on the world.

    ``vary`` gives the method's choices that differ, by name, with their values; each combination is trained with each
    of ``seeds``. ``experiment`` says how many labels there are, by whom and from which seed: a method that learns from
    labels trains on 90 % of them and is selected ``by`` its supervised loss on the others (S2/S), any other is trained
    without and selected by DCI on all of them (U/S). Runs lie under ``out`` by their choices; those that are finished
    are used again and those that were stopped go on.
    """
    if experiment.labels is None:
        raise MetapriorError("a pipeline selects by few labels; say how many, such as --labels 100")
    learns = experiment.method.needs_labels
    by = by or ("supervised" if learns else "dci_disentanglement")
    criterion = find_criterion(by)
    labels = Labels(experiment.labels, experiment.label_seed, experiment.labeller)
    if learns:
        share = experiment.label_share if experiment.label_share < 1 else 1 - HELD_OUT
        trained = replace(experiment, label_share=share)
    else:
        trained = replace(experiment, labels=None, label_seed=0, labeller="perfect")
    cohort = members(trained, vary or {}, seeds)
    refuse_what_would_fail(experiment, cohort, by)
    for place, (name, member) in enumerate(cohort.items(), start=1):
        if progress is not None:
            progress(f"run {place} of {len(cohort)}: {name}")
        finish(member, Run(out / name), f"{place} of {len(cohort)}, {name}" if progress else None)
    if progress is not None:
        progress(f"selecting by {by}")
    shown = labels if criterion.looks_at_labels else None
    selection = select([out / name for name in cohort], by, labels=shown)
    write_selection(selection, out / "selection.json")
    if progress is not None:
        progress(f"judging {selection.best}")
    options: dict[str, Any] = {} if metrics is None else {"metrics": metrics}
    model: Any = load(selection.best)
    scores = judge(
        model, load_data(experiment.data), settings=settings, model_name=str(selection.best),
        data_name=experiment.data, **options,
    )  # fmt: skip
    write_scores(scores, selection.best)
    return Outcome(selection, scores)


def refuse_what_would_fail(experiment: Experiment, cohort: Mapping[str, Experiment], by: str) -> None:
    """Raise, before anything is trained, where the data, the labels or a choice of any member would not do."""
    data = load_data(experiment.data)
    if not data.factor_sizes:
        raise MetapriorError(f"a pipeline judges by factors of variation, and '{experiment.data}' has none")
    labelled_sets(experiment, data)
    if len(cohort) == 1 and by == "udr":
        raise MetapriorError("UDR judges runs by each other; vary a choice, or give several seeds")
    if by == "supervised":
        if not experiment.method.needs_labels:
            raise MetapriorError(f"{experiment.recipe} has no supervised loss to select by; choose another --by")
        refuse_other_losses({Path(name): member for name, member in cohort.items()})
    for member in cohort.values():
        training, held = labelled_sets(member, data) if member.labels else (None, None)
        if by == "supervised" and held is None:
            raise MetapriorError(
                f"a share of {member.label_share:g} of {member.labels} labels holds none out to select by; take more "
                "labels, or a smaller --label-share"
            )
        spec = data_spec(data, {"labelled": training} if training else {})
        build_method(member.method, spec, member.loop.seed)


def members(experiment: Experiment, vary: Mapping[str, Sequence[Any]], seeds: Sequence[int]) -> dict[str, Experiment]:
    """The experiments of a cohort by the names of their folders: every combination of choices, with every seed."""
    if not seeds or any(not values for values in vary.values()):
        raise MetapriorError("a cohort needs at least one seed, and one value of each choice that varies")
    found = {}
    for values in itertools.product(*vary.values()):
        chosen = dict(zip(vary, values, strict=True))
        method = experiment.method
        for name, value in chosen.items():
            method = with_choice(method, name, value)
        for seed in seeds:
            parts = [experiment.recipe.rpartition(":")[2], *(f"{k}={v}" for k, v in chosen.items()), str(seed)]
            name = "-".join(parts).replace("/", "_")
            found[name] = replace(experiment, method=method, loop=replace(experiment.loop, seed=seed))
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
