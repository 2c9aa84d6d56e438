"""One experiment: a recipe, data and the loop, carried out into a run folder and loaded back from it."""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from metaprior.core import DataSpec, MetapriorError, Method, Recipe, Source, derived_seed, from_plain, to_plain
from metaprior.data import Dataset, LabellerName, World, divide, few_labels, find_labeller
from metaprior.data import load as load_data
from metaprior.methods import find_recipe, name_of
from metaprior.training import Callback, Loop, ProgressBar, Result, Run, fit, load_tensors, new_run_folder, provenance
from metaprior.training.callbacks import loggers
from metaprior.training.processes import join_processes

HELD_IN_MEMORY = 512 * 2**20
"""Bytes up to which a rendered world is rendered once and held, instead of at every step."""

_MAY_CHANGE_ON_RESUME = {"steps", "keep", "log_every", "checkpoint_every", "tensorboard", "wandb", "explode"}


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """All that decides a run. Its plain form is ``config.json``, which repeats it."""

    recipe: str
    """Name of the recipe, as ``metaprior list methods`` gives it, or FILE.py:NAME."""
    method: Recipe
    """The recipe with its choices."""
    data: str = "dsprites"
    """Data set and its options: dsprites:size=16,orientation=8."""
    labels: int | None = None
    """Labelled examples, for methods that learn from them."""
    label_seed: int = 0
    """Seed of the labelled set; all models of one seed see the same labels."""
    labeller: LabellerName = "perfect"
    """What the labels say of the true factors."""
    label_share: float = 1.0
    """Share of the labels that train; the others are held out to select models by."""
    warm_start: str | None = None
    """A run folder whose weights to begin from, where names and shapes agree."""
    loop: Loop = field(default_factory=Loop)
    """Options of the loop."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Experiment":
        """An experiment from a config file's content; what it leaves out keeps the recipe's defaults."""
        given = {k: v for k, v in plain.items() if k not in ("format", "version", "provenance", "data_spec")}
        if not isinstance(given.get("recipe"), str):
            raise MetapriorError('the config names no recipe; it must hold "recipe": "beta-vae", say')
        recipe = find_recipe(given["recipe"])
        method = from_plain(type(recipe), given.get("method", {}), "method", base=recipe)
        rest = {k: v for k, v in given.items() if k not in ("recipe", "method")}
        return from_plain(cls, rest, base=cls(recipe=given["recipe"], method=method))

    def plain(self) -> dict[str, Any]:
        """The content of ``config.json`` that repeats this experiment."""
        return to_plain(self)


def train(
    recipe: str | Recipe,
    *,
    data: str = "dsprites",
    labels: int | None = None,
    label_seed: int = 0,
    labeller: LabellerName = "perfect",
    label_share: float = 1.0,
    warm_start: str | Path | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    method: Mapping[str, Any] | None = None,
    loop: Loop | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    **loop_options: Any,
) -> Run:
    """Train a recipe by name, or one of your own making, and return its run.

    ``method`` overrides the recipe's choices by name; further keywords are options of the loop: ``steps``, ``seed``,
    ``precision``… The model is ``metaprior.load(run.folder)``.

    >>> run = train("beta-vae", data="digits", steps=10_000, method={"beta": 8.0})  # doctest: +SKIP
    """
    name, chosen = (recipe, find_recipe(recipe)) if isinstance(recipe, str) else (name_of(recipe), recipe)
    experiment = Experiment(
        recipe=name,
        method=from_plain(type(chosen), dict(method or {}), "method", base=chosen),
        data=data,
        labels=labels,
        label_seed=label_seed,
        labeller=labeller,
        label_share=label_share,
        warm_start=str(warm_start) if warm_start else None,
        loop=from_plain(Loop, loop_options, "loop", base=loop or Loop()),
    )
    return carry_out(experiment, Path(out) if out else None, resume, callbacks, progress)[0]


def carry_out(
    experiment: Experiment,
    out: Path | None = None,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    data: Dataset | World | None = None,
) -> tuple[Run, Result]:
    """Train as the experiment says, into ``out`` (by default the next free ``runs/<recipe>-<i>``).

    ``data`` are the experiment's, where they are at hand already.
    """
    if resume and out is None:
        raise MetapriorError("resume goes on with the run in a folder, and none is given: name it as 'out'")
    processes = join_processes()
    loggers(experiment.loop)  # a package that is missing is an error before anything is done
    data = load_data(experiment.data) if data is None else data
    sources = build_sources(experiment, data)
    run = Run(Path(processes.agree(str(out or new_run_folder(Path("runs"), experiment.recipe)))))
    made = [folder for folder in (run.folder, *run.folder.parents) if not folder.exists()]
    with run.alone() if processes.first else contextlib.nullcontext():
        try:
            if processes.first:
                check_folder(run, experiment, data.digest, resume)
            last = processes.agree(already_finished(run, experiment.loop.steps) if resume else None)
            if last is not None:
                return run, Result(last["step"], False, last, last["seconds"])
            method = begin(experiment, run if processes.first else None, data, sources)
            processes.wait()
            title = f"{experiment.recipe} on {experiment.data.partition(':')[0]}"
            shown = [ProgressBar(title)] if progress and processes.first else []
            return run, fit(method, sources, experiment.loop, run, [*shown, *callbacks], resume)
        except BaseException:
            if processes.first and made and not run.trained:  # leave nothing behind
                shutil.rmtree(run.folder, ignore_errors=True)
                with contextlib.suppress(OSError):  # not empty: somebody else's by now
                    for folder in made[1:]:
                        folder.rmdir()
            raise


def begin(experiment: Experiment, run: Run | None, data: Dataset | World, sources: Mapping[str, Source]) -> Method:
    """The method as its training begins; where a run is given, its ``config.json`` is written."""
    spec = data_spec(data, sources)
    method = build_method(experiment.method, spec, experiment.loop.seed, models_of(experiment.method))
    if experiment.warm_start:
        warm_start(method, Path(experiment.warm_start))
    if run is not None:
        made_by = provenance(experiment.loop.threads) | {"data_digest": data.digest}
        run.write_config(experiment.plain() | {"data_spec": to_plain(spec), "provenance": made_by})
    return method


def finish(experiment: Experiment, run: Run, title: str | None = None, data: Dataset | World | None = None) -> None:
    """Train a run to its end, unless its folder holds it already; with a bar of that title where one is given.

    As where a run is resumed, more steps than it has done are trained, and what does not decide the model may differ.
    """
    if run.finished:
        refuse_other_settings(run, experiment)
        if already_finished(run, experiment.loop.steps) is not None:
            return
    bars = [ProgressBar(title)] if title else []
    if carry_out(experiment, run.folder, resume=run.begun, callbacks=bars, progress=False, data=data)[1].interrupted:
        raise KeyboardInterrupt


def already_finished(run: Run, steps: int) -> dict[str, Any] | None:
    """The last line of ``metrics.jsonl`` of a run that was trained for so many steps and has its weights, or None.

    An error if it was trained for more: its weights are those of the later step.
    """
    log = run.folder / "metrics.jsonl"
    if not run.finished or not log.exists():
        return None
    lines = log.read_text().splitlines()
    try:
        last = json.loads(lines[-1])
    except (ValueError, IndexError):  # a torn line: something was stopped while it wrote, so go on
        return None
    if last["step"] > steps:
        raise MetapriorError(
            f"{run.folder} has already done {last['step']} steps, more than {steps}; choose another --out"
        )
    return last if last["step"] == steps else None


def build_sources(experiment: Experiment, data: Dataset | World) -> dict[str, Source]:
    """The data under the names that streams ask for: ``train``, and ``labelled`` where the method needs it."""
    needs = experiment.method.needs_labels
    if needs and experiment.labels is None:
        raise MetapriorError(f"{experiment.recipe} learns from labels too; say how many, such as --labels 100")
    if experiment.labels is not None and not needs:
        raise MetapriorError(f"{experiment.recipe} uses no labels; leave --labels out, or take an s2- method")
    refuse_labelling_of_none(experiment)
    sources: dict[str, Source] = {"train": data}
    if experiment.labels is not None:
        sources["labelled"] = labelled_sets(experiment, data)[0]
    if isinstance(data, World) and len(data) * torch.Size(data.image_shape).numel() <= HELD_IN_MEMORY:
        sources["train"] = data.cached()
    return sources


def refuse_labelling_of_none(experiment: Experiment) -> None:
    """An error where something is said of labels, and there are none."""
    for name, usual in {"label_seed": 0, "labeller": "perfect", "label_share": 1.0}.items():
        if experiment.labels is None and getattr(experiment, name) != usual:
            raise MetapriorError(
                f"--{name.replace('_', '-')} says which labels to draw, and {experiment.recipe} gets none; leave it out"
            )


def labelled_sets(experiment: Experiment, data: Dataset | World) -> tuple[Dataset, Dataset | None]:
    """The labelled examples that the experiment trains on, and those that it holds out."""
    labeller = find_labeller(experiment.labeller)
    labelled = few_labels(data, experiment.labels or 0, experiment.label_seed, labeller)
    return divide(labelled, experiment.label_share)


def data_spec(data: Dataset | World, sources: Mapping[str, Source]) -> DataSpec:
    """What the recipe must know of the data, and of the factors as labelled."""
    labelled = sources.get("labelled")
    if not isinstance(labelled, Dataset):
        return data.spec
    return dataclasses.replace(
        data.spec, labelled_factors=labelled.factor_names, labelled_factor_sizes=labelled.factor_sizes
    )


def build_method(
    recipe: Recipe, spec: DataSpec, seed: int, models: Mapping[str, Method | None] = MappingProxyType({})
) -> Method:
    """The recipe's method, around the models of other runs that it asks for; its weights depend on the seed alone."""
    with torch.random.fork_rng():
        torch.manual_seed(derived_seed(seed, "weights"))
        return recipe.build(spec, **models)


def models_of(recipe: Recipe, gone: bool = False) -> dict[str, Method | None]:
    """The models of the runs that a recipe names, by its choices' names; where runs may be ``gone``, None for those."""
    folders = {name: Path(getattr(recipe, name)) for name in getattr(recipe, "models", ())}
    return {
        name: None if gone and not Run(folder).finished else load(folder).requires_grad_(False)
        for name, folder in folders.items()
    }


def check_folder(run: Run, experiment: Experiment, digest: str, resume: bool) -> None:
    """Refuse to write over a run, and to go on with one of another experiment or on other data."""
    if not run.begun:
        if run.folder.exists() and any(run.folder.iterdir()):
            raise MetapriorError(f"{run.folder} exists and is no run; choose another --out")
        return
    if not resume:
        raise MetapriorError(f"{run.folder} already holds a run; go on with --resume, or choose another --out")
    refuse_other_settings(run, experiment)
    if (run.config.get("provenance") or {}).get("data_digest", digest) != digest:
        raise MetapriorError(
            f"{run.folder} was begun on other data: '{experiment.data}' has changed since; choose another --out"
        )


def refuse_other_settings(run: Run, experiment: Experiment) -> None:
    """An error that names the first setting of a run's that decides its model, and differs."""
    before, now = (_flat(each.plain()) for each in (Experiment.from_plain(run.config), experiment))
    for name, value in now.items():
        if value != before.get(name) and name.removeprefix("loop.") not in _MAY_CHANGE_ON_RESUME:
            raise MetapriorError(
                f"{run.folder} was begun with {name} = {before.get(name)!r}, not {value!r}; "
                "resume with the same settings, or choose another --out"
            )


def _flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in plain.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat


def warm_start(method: Method, folder: Path) -> None:
    """Copy every tensor that another run's model has under the same name and shape; at least one must fit."""
    own, other = method.state_dict(), Run(folder).read_weights()
    fitting = {k: v for k, v in other.items() if k in own and own[k].shape == v.shape}
    if not fitting:
        raise MetapriorError(f"no tensor of {folder} fits this method; a warm start needs nets of the same shape")
    method.load_state_dict(fitting, strict=False)


def load(run: str | Path, average: bool = True, dtype: torch.dtype = torch.float32) -> Method:
    """The trained model of a run folder (or of a folder that ``save_pretrained`` wrote), ready to be used.

    With ``average`` the averaged weights are taken where the run kept them. Its weights are of ``dtype``, whatever they
    were trained in, and so must images be that it is shown. The model has the capabilities of its
    method: ``encode``, ``decode``, ``sample``…
    """
    source = Run(Path(run))
    experiment = Experiment.from_plain(source.config)
    spec, models = from_plain(DataSpec, source.config.get("data_spec")), models_of(experiment.method, gone=True)
    method = build_method(experiment.method, spec, experiment.loop.seed, models)
    weights = source.read_weights()
    if average and (source.folder / "average.safetensors").exists():
        weights |= source.read_weights("average")
    method.to(dtype)
    load_tensors(method, weights)
    method.config = source.config
    return method.eval()
