"""``metaprior train``: its options depend on the method, and on the run that it goes on with."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metaprior.commands.command import Json, as_json, below_options
from metaprior.commands.experiment import ExperimentOptions, options_of_method, read_config
from metaprior.core import MetapriorError, to_plain


@dataclass(frozen=True)
class Train(ExperimentOptions):
    """Learn a representation into a run folder.

    Examples:
      metaprior train beta-vae --data dsprites --steps 300 --seed 1 --out runs/first
      metaprior train s2-beta-vae --data dsprites:size=16 --labels 100 --beta 4 --gamma-sup 4
      metaprior train s2-factor-vae --data shapes3d-rendered --labels 100 --labeller noisy --steps 500
      metaprior train vae --data digits --lr "cosine(peak=1e-3, steps=20000, warmup=500)" --steps 20000
      metaprior train --resume --out runs/first
      metaprior train --config runs/first/config.json --out runs/again
      metaprior train ./mine.py:recipe --data digits
      torchrun --nproc-per-node 2 -m metaprior train factor-vae --data dsprites
    """

    out: Path | None = None
    """Run folder; by default the next free runs/METHOD-0, runs/METHOD-1 ..."""
    resume: Json = False
    """Go on with the run in --out, from its newest checkpoint; its METHOD and options need not be given again."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object about the finished run."""

    @staticmethod
    def of_method(given: list[str]) -> tuple[type, list[str], Any]:
        """The options' type, the remaining arguments, the defaults.

        The type depends on the method; the defaults are the recipe's, or those of a ``--config`` file, or without
        either those of the run that ``--resume --out`` goes on with.
        """
        plain, given = chosen(given)
        kind, default = options_of_method(Train, plain)
        return kind, given, default

    def carry_out(self, experiment: Any) -> int:
        """Train."""
        return train(experiment, self)


def chosen(given: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The config that the arguments begin from, which names the recipe, and the arguments that remain."""
    given = [part for word in given for part in (word.split("=", 1) if word.startswith("--config=") else [word])]
    plain: dict[str, Any] = {}
    if "--config" in given:
        place = given.index("--config")
        if place + 1 == len(given):
            raise MetapriorError("--config needs the name of a file")
        plain = read_config(Path(given[place + 1]))
        del given[place : place + 2]
    if given and not given[0].startswith("-"):
        if plain and plain.get("recipe") != given[0]:
            raise MetapriorError(f"the config is of the method '{plain.get('recipe')}', not '{given[0]}'")
        plain["recipe"] = given.pop(0)
    if "recipe" not in plain:
        plain = what_to_train(given)
    return plain, given


def what_to_train(given: list[str]) -> dict[str, Any]:
    """Where neither a method nor a config is named: the config of the run to go on with, or help, or an error."""
    from metaprior.methods import RECIPES
    from metaprior.training import Run

    names = ", ".join(RECIPES)
    if {"-h", "--help"} & set(given):
        print(f"usage: metaprior train METHOD [options]\n\nmethods: {names}\n\n{below_options(Train)}\n")
        print("'metaprior train METHOD --help' shows the options of a method and of the loop.")
        raise SystemExit(0)
    if not {"--resume", "--resume=True"} & set(given):
        raise MetapriorError(f"say what to train: metaprior train METHOD, where METHOD is one of {names}")
    pairs = zip(given, [*given[1:], ""], strict=True)
    out = next((word[6:] if "=" in word else after for word, after in pairs if f"{word}=".startswith("--out=")), "")
    if not out:
        raise MetapriorError(_WHICH_RUN)
    if not Run(Path(out)).begun:
        raise MetapriorError(f"there is no run in {out} to go on with; begin one: metaprior train METHOD --out {out}")
    return Run(Path(out)).config


_WHICH_RUN = "--resume goes on with the run in --out; say which, such as --resume --out runs/beta-vae-0"


def train(experiment: Any, options: Train) -> int:
    """Carry the experiment out and say where its run lies; of several processes the first one speaks."""
    from metaprior.study import carry_out
    from metaprior.study.runs import already_finished
    from metaprior.training import Run
    from metaprior.training.processes import join_processes

    if options.resume and options.out is None:
        raise MetapriorError(_WHICH_RUN)
    processes, before = join_processes(), Run(options.out or Path())
    already = options.resume and already_finished(before, experiment.loop.steps) is not None
    if options.resume and processes.first and not already and not any((before.folder / "checkpoint").glob("*")):
        print(f"metaprior: nothing to resume in {before.folder}, starting", file=sys.stderr, flush=True)
    run, result = carry_out(experiment, options.out, options.resume, progress=not options.quiet)
    if not processes.first:
        pass
    elif options.json:
        as_json({"run": str(run.folder), "finished": not result.interrupted} | to_plain(result.record))
    elif result.interrupted:
        launcher = f"torchrun --nproc-per-node {os.environ.get('LOCAL_WORLD_SIZE', processes.count)} -m "
        again = f"metaprior train --resume --out {shlex.quote(str(run.folder))}"
        print(f"stopped at step {result.steps}; go on with: {launcher if processes.count > 1 else ''}{again}")
    elif already:
        print(f"already finished: {run.folder}")
    else:
        print(f"{run.folder}: {result.steps} steps in {result.seconds:.0f} s")
    return 130 if result.interrupted else 0
