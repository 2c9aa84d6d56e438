"""A study: which models are trained, and what is asked of each."""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from metaprior.core import MetapriorError, from_plain, to_plain, unknown
from metaprior.data.catalogue import find_entry
from metaprior.data.vtab import DESK
from metaprior.judge import USUAL, Settings, metrics_of
from metaprior.judge.codes import Representation
from metaprior.judge.vtab.protocols import find_adaptation
from metaprior.metrics import Backend
from metaprior.study.criteria import find_criterion
from metaprior.study.experiment import OF_THE_RUN_ALONE, Experiment
from metaprior.study.grid import Grid, Point
from metaprior.study.selection import Labels

_LABELS = {"labels": "count", "label_seed": "seed", "labeller": "labeller"}
"""Fields that say on which labels a model is validated, where its method does not learn from them."""


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What is asked of every model of a study."""

    metrics: tuple[str, ...] = USUAL
    """Metrics of mean codes on the world: the test scores."""
    sampled: tuple[str, ...] = ()
    """Metrics of sampled codes on the world."""
    validation: tuple[str, ...] = ("mig", "dci_disentanglement", "sap")
    """Scores on few labels, of models that have not learned from these."""
    rate_distortion: bool = False
    """Rate, distortion and usefulness too, and how often a classifier is right, on the test part where there is one."""
    clusters: bool = False
    """How well clusters agree with labels too, on the same part."""
    vtab: tuple[str, ...] = ()
    """Protocols of the visual task adaptation benchmark, by which encoders are adapted to ``vtab_tasks`` too."""
    vtab_tasks: tuple[str, ...] = ()
    """Tasks of the suite vtab-desk."""
    train: int = 10_000
    test: int = 5_000
    backend: Backend = "lightgbm"

    def __post_init__(self) -> None:
        metrics_of((*self.metrics, *self.sampled))
        self.settings()
        for name in self.vtab:
            find_adaptation(name)
        for name in self.vtab_tasks:
            if name not in DESK:
                raise unknown("task of vtab-desk", name, DESK)
        if bool(self.vtab) != bool(self.vtab_tasks):
            raise MetapriorError("judge.vtab names protocols, and judge.vtab_tasks tasks; give both, or neither")
        for name in self.validation:
            if find_criterion(name).looks_at != "labels":
                raise MetapriorError(f"'{name}' is no score on labels, so it cannot be among judge.validation")

    @property
    def by_representation(self) -> dict[Representation, tuple[str, ...]]:
        """The metrics of each representation that is judged."""
        both: dict[Representation, tuple[str, ...]] = {"mean": self.metrics, "sampled": self.sampled}
        return {representation: metrics for representation, metrics in both.items() if metrics}

    def settings(self, representation: Representation = "mean") -> Settings:
        """How the judge draws."""
        return Settings(train=self.train, test=self.test, backend=self.backend, representation=representation)


@dataclass(frozen=True)
class Task:
    """One training, and all that is asked of its model."""

    id: str
    """Of the training's choices alone: it does not change when the study grows."""
    experiment: Experiment
    points: tuple[int, ...] = ()
    """The points of the grid that it serves, by their indices."""
    labels: tuple[Labels, ...] = ()
    """The labelled sets that it is validated on."""

    def asked_too(self, labels: Iterable[Mapping[str, Any]]) -> "Task":
        """The same task, validated on these labelled sets too."""
        others = tuple(from_plain(Labels, dict(each), "labels") for each in labels)
        return replace(self, labels=tuple(dict.fromkeys((*self.labels, *others))))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Task":
        """A task from what :func:`metaprior.core.to_plain` makes of it."""
        labels = tuple(from_plain(Labels, each, "labels") for each in plain["labels"])
        return cls(plain["id"], Experiment.from_plain(plain["experiment"]), tuple(plain["points"]), labels)


@dataclass(frozen=True)
class Study:
    """Points of a grid, and the trainings that they come to. Points of unsupervised models that differ in the labels
    they are validated on share a training."""

    name: str
    grid: Grid
    parts: Mapping[str, int]
    """How many points each part of the grid has, in their order."""
    tasks: Mapping[str, Task]
    """The trainings by their ids, in the order of the grid."""
    judging: Judging = field(default_factory=Judging)
    about: str = ""

    def shard(self, number: int, of: int) -> dict[str, Task]:
        """Every ``of``-th training, beginning with the one of that number, from 1."""
        if of < 1:
            raise MetapriorError(f"a study has at least 1 shard, not {of}; 1/1 is all of it")
        if not 1 <= number <= of:
            raise MetapriorError(f"a shard is one of 1 to {of}, as in 1/{of}, not {number}")
        return {task.id: task for i, task in enumerate(self.tasks.values()) if i % of == number - 1}


def study_of(name: str, grids: Mapping[str, Grid], judging: Judging | None = None, about: str = "") -> Study:
    """The study of some grids, one part after the other.

    >>> from metaprior.study.grid import product, values
    >>> grid = product(values("recipe", "beta-vae"), values("method.beta", 1.0, 4.0), values("labels", 100, 1000))
    >>> study = study_of("mine", {"all": grid})
    >>> len(study.grid), len(study.tasks)
    (4, 2)
    """
    if not re.fullmatch(r"[\w. -]+", name):
        raise MetapriorError(f"a study's name is letters, digits, dots and dashes, which '{name}' is not")
    grid = tuple(point for each in grids.values() for point in each)
    tasks: dict[str, Task] = {}
    for index, point in enumerate(grid):
        experiment, labels = what_of(point)
        name_of_run = run_id(experiment)
        known = tasks.setdefault(name_of_run, Task(name_of_run, experiment))
        asked = known.labels if labels is None or labels in known.labels else (*known.labels, labels)
        tasks[known.id] = replace(known, points=(*known.points, index), labels=asked)
    if not tasks:
        raise MetapriorError(f"the study '{name}' has no points")
    return Study(name, grid, {part: len(each) for part, each in grids.items()}, tasks, judging or Judging(), about)


def what_of(point: Point) -> tuple[Experiment, Labels | None]:
    """The experiment of a point, and the labels that its model is validated on, where it learns from none."""
    plain: dict[str, Any] = {}
    for name, value in point.items():
        home = plain
        *path, last = name.split(".")
        for key in path:
            home = home.setdefault(key, {})
            if not isinstance(home, dict):
                raise MetapriorError(f"a point of the grid has the field '{name}', and '{key}' as a whole too")
        if last in home:
            raise MetapriorError(f"a point of the grid has '{name}' as a whole, and fields of it too")
        home[last] = value
    if not isinstance(plain.get("recipe"), str):
        raise MetapriorError("a point of the grid names no recipe")
    _check_data(plain.get("data", "dsprites"))
    if plain.get("labels", 0) is None:  # as config.json has it where a model learns from none
        for name in _LABELS:
            plain.pop(name, None)
    learns = _needs_labels(plain["recipe"])
    if learns and "labels" not in plain:
        raise MetapriorError(f"{plain['recipe']} learns from labels; give its points the field 'labels'")
    shown = {_LABELS[name]: plain[name] for name in _LABELS if name in plain}
    if shown and "count" not in shown:
        raise MetapriorError("a point of the grid says of which kind its labels are and not how many: 'labels'")
    labels = from_plain(Labels, shown, "labels") if shown else None
    if labels is not None and labels.count < 1:
        raise MetapriorError(f"a point of the grid needs at least 1 label, not {labels.count}")
    if learns:
        return Experiment.from_plain(plain), None
    for name in (*_LABELS, "label_share"):
        plain.pop(name, None)
    return Experiment.from_plain(plain), labels


@functools.cache
def _check_data(name: Any) -> None:
    """An error for data that cannot be named so, here or anywhere."""
    if not isinstance(name, str):
        raise MetapriorError(f"the field 'data' names a data set, which {name!r} does not")
    find_entry(name)


ASKED_SINCE: dict[str, Any] = {"clusters": False, "vtab": [], "vtab_tasks": []}
"""What of :class:`Judging` came after results were kept, and the values at which nothing more is asked: with these it
is no part of what a result answers, so that models of older studies are not judged again."""
ADDED = {"hidden": None, "likelihood": "auto", "variance": 1.0}
_WEIGHTS = {"alpha": 1.0, "gamma": 1.0, "estimator": "study"}
ADDED_TO: dict[str, dict[str, Any]] = {
    "hsic-vae": {"attribute": None},
    "beta-tcvae": _WEIGHTS,
    "s2-beta-tcvae": _WEIGHTS,
}
"""Choices that methods have been given since ids were fixed, and the values by which all is as it was before: with
these they are no part of an id, so that the trainings of older studies keep theirs."""


def run_id(experiment: Experiment) -> str:
    """Twelve hexadecimal digits of all that decides the model."""
    plain = to_plain(experiment)
    plain["loop"] = {name: value for name, value in plain["loop"].items() if name not in OF_THE_RUN_ALONE}
    added = ADDED | ADDED_TO.get(experiment.recipe, {})
    plain["method"] = {
        name: value for name, value in plain["method"].items() if name not in added or value != added[name]
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]


@functools.cache
def _needs_labels(recipe: str) -> bool:
    from metaprior.methods import find_recipe

    return find_recipe(recipe).needs_labels
