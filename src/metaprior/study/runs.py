"""Experiments carried out into run folders: begun, gone on with, finished, and never mixed with others."""

import contextlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from metaprior.core import MetapriorError, Method, Recipe, Source, from_plain, to_plain
from metaprior.data import Dataset, LabellerName, World
from metaprior.data import load as load_data
from metaprior.methods import find_recipe, name_of
from metaprior.methods.attributes import told_of_each
from metaprior.study.experiment import (
    OF_THE_RUN_ALONE,
    Experiment,
    build_method,
    build_sources,
    data_spec,
    models_of,
    usual_labels,
)
from metaprior.training import Callback, Loop, ProgressBar, Result, Run, fit, new_run_folder, provenance
from metaprior.training.callbacks import loggers
from metaprior.training.processes import join_processes

FAILURE = "failure.json"
"""Why a run of a study failed; it makes a folder no less free."""
_MAY_CHANGE_ON_RESUME = ("steps", *OF_THE_RUN_ALONE)


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
        labels=usual_labels(chosen) if labels is None else labels,
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
        told = [] if experiment.labels else list(told_of_each(method))  # else it is told of the labelled ones
        run.write_config(experiment.plain() | {"told": told, "data_spec": to_plain(spec), "provenance": made_by})
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


def check_folder(run: Run, experiment: Experiment, digest: str, resume: bool) -> None:
    """Refuse to write over a run, and to go on with one of another experiment or on other data."""
    if not run.begun:
        if run.folder.exists() and any(path.name != FAILURE for path in run.folder.iterdir()):
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
