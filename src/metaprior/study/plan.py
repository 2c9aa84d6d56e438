"""A study: which models are trained, what is asked of each, and the file that says so."""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from metaprior.core import MetapriorError, from_plain, to_plain, unknown
from metaprior.judge import USUAL, Settings, metrics_of
from metaprior.judge.codes import Representation
from metaprior.metrics import Backend
from metaprior.study.criteria import find_criterion
from metaprior.study.experiment import Experiment
from metaprior.study.grid import Grid, Point, read_grid
from metaprior.study.selection import Labels

_LABELS = {"labels": "count", "label_seed": "seed", "labeller": "labeller"}
"""Fields that say on which labels a model is validated, where its method does not learn from them."""
_OF_THE_RUN_ALONE = ("keep", "log_every", "checkpoint_every", "tensorboard", "wandb", "explode")
"""Options of the loop that do not decide the model."""


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What is asked of every model of a study."""

    metrics: tuple[str, ...] = USUAL
    """Metrics of mean codes on the world: the test scores."""
    sampled: tuple[str, ...] = ()
    """Metrics of sampled codes on the world."""
    validation: tuple[str, ...] = ("mig", "dci_disentanglement", "sap")
    """Scores on few labels, of models that have not learned from these."""
    train: int = 10_000
    test: int = 5_000
    backend: Backend = "lightgbm"

    def __post_init__(self) -> None:
        metrics_of((*self.metrics, *self.sampled))
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
        if not 1 <= number <= of:
            raise MetapriorError(f"a shard is one of 1 to {of}, as in 1/{of}, not {number}")
        return {task.id: task for i, task in enumerate(self.tasks.values()) if i % of == number - 1}


@dataclass(frozen=True)
class _File:
    """A study file as it is written."""

    name: str
    parts: dict[str, Any]
    about: str = ""
    common: dict[str, Any] = field(default_factory=dict)
    judge: Judging = field(default_factory=Judging)
    desk: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Desk:
    """What is other at desk scale."""

    common: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    """Fields of the grid with other values."""
    also: list[Any] = field(default_factory=list)
    """Fields for some of the points, as in a grid."""
    parts: list[str] | None = None
    """The parts that are kept."""
    judge: dict[str, Any] = field(default_factory=dict)


def read_study(path: str | Path, desk: bool = False) -> Study:
    """The study of a YAML file, or of one that comes with the library, by its name; at desk scale where asked for.

    >>> read_study("few_labels").parts["unsupervised"]
    23040
    """
    file = from_plain(_File, _read_yaml(path), f"{path}")
    scale = from_plain(_Desk, file.desk, "desk") if desk else _Desk()
    if desk and not file.desk:
        raise MetapriorError(f"{path} has no desk scale")
    kept = list(file.parts) if scale.parts is None else scale.parts
    if strange := next((name for name in kept if name not in file.parts), None):
        raise unknown("part of the study", strange, file.parts)
    common = file.common | scale.common
    also: dict[str, Any] = {"also": scale.also} if scale.also else {}
    grids = {name: read_grid({**file.parts[name], **also}, f"parts.{name}", scale.values) for name in kept}
    grids = {name: tuple({**common, **point} for point in grid) for name, grid in grids.items()}
    return study_of(
        file.name + "-desk" * desk, grids, from_plain(Judging, scale.judge, "judge", base=file.judge), file.about
    )


def study_of(name: str, grids: Mapping[str, Grid], judging: Judging | None = None, about: str = "") -> Study:
    """The study of some grids, one part after the other.

    >>> from metaprior.study.grid import product, values
    >>> grid = product(values("recipe", "beta-vae"), values("method.beta", 1.0, 4.0), values("labels", 100, 1000))
    >>> study = study_of("mine", {"all": grid})
    >>> len(study.grid), len(study.tasks)
    (4, 2)
    """
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
        home[last] = value
    if not isinstance(plain.get("recipe"), str):
        raise MetapriorError("a point of the grid names no recipe")
    if _needs_labels(plain["recipe"]):
        return Experiment.from_plain(plain), None
    shown = {_LABELS[name]: plain.pop(name) for name in _LABELS if name in plain}
    plain.pop("label_share", None)
    labels = from_plain(Labels, shown, "labels") if "count" in shown else None
    return Experiment.from_plain(plain), labels


def run_id(experiment: Experiment) -> str:
    """Twelve hexadecimal digits of all that decides the model."""
    plain = to_plain(experiment)
    plain["loop"] = {name: value for name, value in plain["loop"].items() if name not in _OF_THE_RUN_ALONE}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]


@functools.cache
def _needs_labels(recipe: str) -> bool:
    from metaprior.methods import find_recipe

    return find_recipe(recipe).needs_labels


def _read_yaml(path: str | Path) -> dict[str, Any]:
    import yaml

    own = resources.files("metaprior.study") / "studies" / f"{Path(path).stem}.yaml"
    source = Path(path) if Path(path).is_file() or not own.is_file() else own
    try:
        plain = yaml.safe_load(source.read_text())
    except OSError as fault:
        known = sorted(each.name for each in (resources.files("metaprior.study") / "studies").iterdir())
        raise MetapriorError(f"{path} cannot be read: {fault.strerror}; studies at hand: {', '.join(known)}") from None
    except yaml.YAMLError as fault:
        told = " ".join(str(fault).split())
        raise MetapriorError(f"{path} is not YAML: {told}") from None
    if not isinstance(plain, dict) or not {"name", "parts"} <= plain.keys():
        raise MetapriorError(f"{path} must be a mapping with a name and parts, each part a grid")
    return plain
