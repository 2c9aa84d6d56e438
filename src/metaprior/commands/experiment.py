"""Options of the commands that train: those of every method, with the method's own and the loop's nested in them."""

import json
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from metaprior.core import MetapriorError
from metaprior.data import LabellerName


@dataclass(frozen=True)
class ExperimentOptions:
    """What decides a run, whatever its method."""

    data: Annotated[str, tyro.conf.arg(metavar="NAME")] = "dsprites"
    """Data set and its options: dsprites:size=16,orientation=8. See 'metaprior data'."""
    labels: int | None = None
    """Labelled examples, for methods that learn from them and pipelines that select by them."""
    label_seed: int = 0
    """Seed of the labelled set."""
    labeller: LabellerName = "perfect"
    """What labels say: the truth; 5 bins; 1 in 10 at random; two factors only; values without their order."""
    label_share: float = 1.0
    """Share of the labels that train; the others are held out, to select by."""
    warm_start: Annotated[str | None, tyro.conf.arg(metavar="RUN")] = None
    """Run folder whose weights to begin from."""

    def run(self) -> int:
        """Builds the experiment and carries it out, in the class that :func:`options_of_method` makes for a method."""
        raise MetapriorError("say which method")

    def carry_out(self, experiment: Any) -> int:
        """What the command does with the experiment; returns the exit code."""
        raise TypeError(f"{type(self).__name__} must say what it does with an experiment")


def options_of_method(base: type[ExperimentOptions], plain: dict[str, Any]) -> tuple[type, Any]:
    """The type of a command's options for the method that a config names, and the defaults, which are the config's."""
    from metaprior.methods import find_recipe
    from metaprior.study import Experiment

    find_recipe(plain["recipe"])
    experiment = Experiment.from_plain(plain)
    nested = {"method": experiment.method, "loop": experiment.loop}
    fields = [(name, type(value), field(default_factory=lambda v=value: v)) for name, value in nested.items()]
    shared = ("data", "labels", "label_seed", "labeller", "label_share", "warm_start")

    def run(self: Any) -> int:
        choices = {name: getattr(self, name) for name in (*shared, *nested)}
        return self.carry_out(Experiment(recipe=experiment.recipe, **choices))

    kind = make_dataclass(
        base.__name__, fields, bases=(base,), frozen=True, namespace={"run": run, "recipe": experiment.recipe}
    )
    _, _, examples = (base.__doc__ or "").partition("Examples:\n")
    kind.__doc__ = f"{type(experiment.method).__doc__}\n\nExamples:\n{examples}"
    return kind, kind(**{name: getattr(experiment, name) for name in shared})


def read_config(path: Path) -> dict[str, Any]:
    """A config file: JSON, as ``config.json`` of a run."""
    try:
        plain = json.loads(path.read_text())
    except OSError as fault:
        raise MetapriorError(f"the config {path} cannot be read: {fault.strerror}") from None
    except (ValueError, RecursionError) as fault:
        raise MetapriorError(f"the config {path} is not JSON: {fault}") from None
    if not isinstance(plain, dict):
        raise MetapriorError(f"the config {path} must be a JSON object")
    return plain
