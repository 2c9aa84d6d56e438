"""``metaprior pipeline``: train a cohort, select by few labels, judge the selected model."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from metaprior.commands.command import Json, as_json, below_options
from metaprior.commands.experiment import ExperimentOptions, options_of_method
from metaprior.commands.judging import JudgingOptions
from metaprior.commands.select import ranking
from metaprior.core import MetapriorError


@dataclass(frozen=True)
class Pipeline(ExperimentOptions):
    """Train a cohort, select one model by few labels, judge it: U/S or S2/S of the few-labels study.

    Examples:
      metaprior pipeline beta-vae --vary beta=1,2,4,8 --seeds 0 1 2 --labels 100 --steps 5000 --out runs/us
      metaprior pipeline s2-beta-vae --vary beta=1,4 gamma_sup=1,4,10 --labels 100 --labeller noisy --out runs/s2s
      metaprior pipeline beta-vae --seeds 0 1 2 3 --labels 1000 --by mig --out runs/by-mig --json
    """

    vary: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=VALUE,... ...")] = ()
    """Choices of the method that differ over the cohort, with their values; every combination is trained."""
    seeds: Annotated[tuple[int, ...], tyro.conf.arg(metavar="INT ...")] = ()
    """Seeds, with each of which every combination is trained; by default --seed."""
    by: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Criterion, as in select; by default R_sup on held-out labels where the method learns from labels, else DCI on
    the labels. A metric looks at labels that did not train: those held out, where the method learns from labels."""
    metrics: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ()
    """Test metrics of the selected model; by default the study's."""
    judging: JudgingOptions = field(default_factory=JudgingOptions)
    """How the selected model is judged."""
    out: Path | None = None
    """Folder of the cohort; what is there already is gone on with."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object."""

    @staticmethod
    def of_method(given: list[str]) -> tuple[type, list[str], Any]:
        """The options' type, which depends on the method, the remaining arguments, the defaults."""
        if not given or given[0].startswith("-"):
            from metaprior.methods import RECIPES

            names = ", ".join(RECIPES)
            if {"-h", "--help"} & set(given):
                print(f"usage: metaprior pipeline METHOD [options]\n\nmethods: {names}\n\n{below_options(Pipeline)}")
                raise SystemExit(0)
            raise MetapriorError(f"say what to train: metaprior pipeline METHOD, where METHOD is one of {names}")
        kind, default = options_of_method(Pipeline, {"recipe": given[0]})
        return kind, given[1:], default

    def carry_out(self, experiment: Any) -> int:
        """Train what is missing, select, judge, print."""
        from metaprior.judge import USUAL, metrics_of
        from metaprior.report import judgement
        from metaprior.study import pipeline

        if self.out is None:
            raise MetapriorError("say where the cohort lies: --out runs/us")
        if self.seeds and experiment.loop.seed not in (0, *self.seeds):
            raise MetapriorError(f"--seed {experiment.loop.seed} is none of --seeds; give the one or the other")
        shown = None if self.quiet else lambda line: print(f"metaprior: {line}", file=sys.stderr, flush=True)
        outcome = pipeline(
            experiment, self.out, vary=varied(self.vary), seeds=self.seeds or None, by=self.by,
            metrics=metrics_of(self.metrics or USUAL), settings=self.judging.settings(), progress=shown,
        )  # fmt: skip
        if self.json:
            as_json(outcome.to_json())
            return 0
        Console().print(ranking(outcome.selection))
        print(f"\n{outcome.scores.model} on {outcome.scores.data}")
        Console().print(judgement(outcome.scores))
        return 0


def varied(words: Sequence[str]) -> dict[str, list[Any]]:
    """Names with their values, numbers as numbers.

    >>> varied(["beta=1,4", "loss=xent,l2"])
    {'beta': [1, 4], 'loss': ['xent', 'l2']}
    >>> varied(["sigma=none,1", "gamma_sup=linear(0, 4, 1000),4"])
    {'sigma': [None, 1], 'gamma_sup': ['linear(0, 4, 1000)', 4]}
    """
    found: dict[str, list[Any]] = {}
    for word in words:
        name, _, given = word.partition("=")
        name, values = name.strip().replace("-", "_"), [value.strip() for value in apart(given)]
        if not all(values):
            raise MetapriorError(f"cannot read '{word}'; write --vary NAME=VALUE,VALUE such as beta=1,4,16")
        if name in found:
            raise MetapriorError(f"'{name}' is varied twice; give all its values at once")
        found[name] = list(map(_value, values))
        if len(set(map(str, found[name]))) < len(found[name]):
            raise MetapriorError(f"'{word}' gives a value twice")
    return found


def apart(values: str) -> list[str]:
    """Values between commas; those within brackets are a schedule's, and a bracket without its other is an error.

    >>> apart("1,linear(0, 4, 1000),piecewise(values=(0, 4), boundaries=(9,))")
    ['1', 'linear(0, 4, 1000)', 'piecewise(values=(0, 4), boundaries=(9,))']
    """
    parts, depth = [""], 0
    for letter in values:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise MetapriorError(f"'{values}' has a bracket without its other; write schedules as in linear(0, 4, 1000)")
    return parts


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False, "none": None}.get(text.lower(), text)
