"""One experiment: a recipe, data and the loop, carried out into a run folder and loaded back from it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from metaprior.core import DataSpec, MetapriorError, Method, Recipe, Source, derived_seed, from_plain, to_plain
from metaprior.data import Dataset, LabellerName, World, divide, few_labels, find_labeller
from metaprior.methods import find_recipe
from metaprior.training import Loop, Run, load_tensors

HELD_IN_MEMORY = 512 * 2**20
"""Bytes up to which a rendered world is rendered once and held, instead of at every step."""


OF_THE_RUN_ALONE = ("keep", "log_every", "checkpoint_every", "tensorboard", "wandb", "explode")
"""Options of the loop that do not decide the model."""


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
        given = {k: v for k, v in plain.items() if k not in ("format", "version", "provenance", "data_spec", "told")}
        if not isinstance(given.get("recipe"), str):
            raise MetapriorError('the config names no recipe; it must hold "recipe": "beta-vae", say')
        recipe = find_recipe(given["recipe"])
        method = from_plain(type(recipe), given.get("method", {}), "method", base=recipe)
        rest = {k: v for k, v in given.items() if k not in ("recipe", "method")}
        return from_plain(cls, rest, base=cls(recipe=given["recipe"], method=method, labels=usual_labels(recipe)))

    def plain(self) -> dict[str, Any]:
        """The content of ``config.json`` that repeats this experiment."""
        return to_plain(self)


def usual_labels(recipe: Recipe) -> int | None:
    """How many labels a recipe takes where none are asked for: None, or as many as its paper's main experiment."""
    return getattr(recipe, "usual_labels", None)


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
