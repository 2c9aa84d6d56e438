"""The commands: typed options, and what each calls and prints."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
import tyro
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from metaprior.core import MetapriorError, to_plain, unknown

Json = Annotated[bool, tyro.conf.arg(metavar="")]


def as_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(value, indent=1, allow_nan=False))


class Command(Protocol):
    """Options that can be carried out; returns the exit code."""

    def run(self) -> int: ...


@dataclass(frozen=True)
class List:
    """What there is: methods, metrics, data, nets, tasks, claims.

    Examples:
      metaprior list
      metaprior list methods
      metaprior list --json
    """

    kind: Annotated[str, tyro.conf.Positional] = "all"
    """all, methods, metrics, data, nets, tasks or claims."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Print the tables."""
        found = everything()
        if self.kind != "all":
            if self.kind not in found:
                raise unknown("kind", self.kind, ["all", *found])
            found = {self.kind: found[self.kind]}
        if self.json:
            as_json(found)
            return 0
        console = Console()
        for kind, rows in found.items():
            table = Table(title=kind, title_justify="left", title_style="bold", box=None, show_header=False)
            for row in rows:
                table.add_row(row["name"], row["summary"], row.get("paper") or "")
            if rows:
                console.print(table, "")
        return 0


def everything() -> dict[str, list[dict[str, Any]]]:
    """All that can be named, by kind."""
    from metaprior.data import CATALOGUE
    from metaprior.methods import RECIPES
    from metaprior.metrics import METRICS
    from metaprior.nets import AUTOENCODERS
    from metaprior.papers import PAPERS

    def first_line(thing: Any) -> str:
        return (thing.__doc__ or "").strip().splitlines()[0]

    return {
        "methods": [{"name": n, "summary": r.summary, "paper": r.paper} for n, r in RECIPES.items()],
        "metrics": [
            {"name": score, "summary": m.summary, "paper": m.paper} for m in METRICS.values() for score in m.scores
        ],
        "data": [{"name": n, "summary": e.summary, "paper": None} for n, e in CATALOGUE.items()],
        "nets": [{"name": n, "summary": first_line(net), "paper": None} for n, net in AUTOENCODERS.items()],
        "tasks": [],
        "claims": [
            {"name": f"{paper}/{claim.id}", "summary": claim.statement, "paper": claim.source}
            for paper, claims in PAPERS.items()
            for claim in claims.values()
        ],
    }


@dataclass(frozen=True)
class Data:
    """Which data sets are on this machine, and what to fetch otherwise.

    Examples:
      metaprior data
      metaprior data mnist
      metaprior data dsprites --render
    """

    name: Annotated[str, tyro.conf.Positional] = ""
    """One data set, with options if it takes any: dsprites:size=32."""
    render: Json = False
    """Render a whole world once and keep it under $METAPRIOR_DATA (dSprites at 64 px: 3.0 GB)."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Print the catalogue, or one row of it; or render."""
        from metaprior.data import available, load, render_to_disk

        plain = self.name.partition(":")[0]
        rows = available()
        if self.name and plain not in [row["name"] for row in rows]:
            raise unknown("data set", plain, [row["name"] for row in rows])
        if self.render:
            path = render_to_disk(load(self.name))
            as_json({"path": str(path)}) if self.json else print(f"rendered: {path}")
            return 0
        chosen = [row for row in rows if not self.name or row["name"] == plain]
        if self.json:
            as_json({"data": chosen})
            return 0
        table = Table("", "data set", "what it is", "licence", "otherwise fetch", box=None, header_style="bold")
        for row in chosen:
            here = row["present"]
            fetch = "" if here else row["fetch"]
            table.add_row("●" if here else "○", row["name"], row["summary"], row["licence"], fetch)
        Console().print(table, "", "● on this machine   ○ to be put under $METAPRIOR_DATA (default ~/.cache/metaprior)")
        return 0


@dataclass(frozen=True)
class TrainBase:
    """Options of ``train`` that are the same for every method."""

    data: str = "dsprites"
    """Data set and its options: dsprites:size=16,orientation=8. See 'metaprior data'."""
    labels: int | None = None
    """Labelled examples, for methods that learn from them."""
    label_seed: int = 0
    """Seed of the labelled set."""
    out: Path | None = None
    """Run folder; by default the next free runs/<method>-<i>."""
    resume: Json = False
    """Go on with the run in --out, from its newest checkpoint."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object about the finished run."""

    def run(self) -> int:
        """Carried out by the class that :func:`train_options` makes for a method."""
        raise MetapriorError("say what to train: metaprior train METHOD")


def train_options(given: list[str]) -> tuple[type, list[str], Any]:
    """The options of ``metaprior train METHOD``: their type, the remaining arguments, the defaults.

    The type depends on the method; the defaults are the recipe's, or those of a ``--config`` file.
    """
    from metaprior.methods import RECIPES, find_recipe
    from metaprior.study import Experiment

    given = list(given)
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
        names = ", ".join(RECIPES)
        if {"-h", "--help"} & set(given):
            print(f"usage: metaprior train METHOD [options]\n\nmethods: {names}\n\n{TRAIN_EXAMPLES}\n")
            print("'metaprior train METHOD --help' shows the options of a method and of the loop.")
            raise SystemExit(0)
        raise MetapriorError(f"say what to train: metaprior train METHOD, where METHOD is one of {names}")
    find_recipe(plain["recipe"])
    experiment = Experiment.from_plain(plain)
    method, loop = experiment.method, experiment.loop
    nested = {"method": method, "loop": loop}
    fields = [(name, type(value), field(default_factory=lambda v=value: v)) for name, value in nested.items()]

    def run(self: Any) -> int:
        return train(Experiment(
            recipe=experiment.recipe, method=self.method, data=self.data, labels=self.labels,
            label_seed=self.label_seed, loop=self.loop,
        ), self)  # fmt: skip

    kind = make_dataclass("Train", fields, bases=(TrainBase,), frozen=True, namespace={"run": run})
    kind.__doc__ = f"{type(method).__doc__}\n\n{TRAIN_EXAMPLES}"
    default = kind(data=experiment.data, labels=experiment.labels, label_seed=experiment.label_seed)
    return kind, given, default


TRAIN_EXAMPLES = """\
Examples:
  metaprior train beta-vae --data dsprites --steps 300 --seed 1 --out runs/first
  metaprior train s2-beta-vae --data dsprites:size=16 --labels 100 --beta 4 --gamma-sup 4
  metaprior train vae --data digits --lr "cosine(peak=1e-3, steps=20000, warmup=500)" --steps 20000
  metaprior train --config runs/first/config.json --out runs/again
  metaprior train ./mine.py:recipe --data digits
  torchrun --nproc-per-node 2 -m metaprior train factor-vae --data dsprites"""


def read_config(path: Path) -> dict[str, Any]:
    """A config file: JSON, as ``config.json`` of a run."""
    try:
        plain = json.loads(path.read_text())
    except OSError as fault:
        raise MetapriorError(f"the config {path} cannot be read: {fault.strerror}") from None
    except ValueError as fault:
        raise MetapriorError(f"the config {path} is not JSON: {fault}") from None
    if not isinstance(plain, dict):
        raise MetapriorError(f"the config {path} must be a JSON object")
    return plain


def train(experiment: Any, options: TrainBase) -> int:
    """Carry the experiment out and say where its run lies."""
    from metaprior.study import carry_out

    run, result = carry_out(experiment, options.out, options.resume, progress=not options.quiet)
    if options.json:
        as_json({"run": str(run.folder), "finished": not result.interrupted} | to_plain(result.record))
    elif result.interrupted:
        print(f"stopped at step {result.steps}; go on with the same command and --resume --out {run.folder}")
    else:
        print(f"{run.folder}: {result.steps} steps in {result.seconds:.0f} s")
    return 130 if result.interrupted else 0


@dataclass(frozen=True)
class Judge:
    """Score a run, or codes of any origin.

    Examples:
      metaprior judge disentanglement runs/s2-beta-vae-0
      metaprior judge disentanglement --codes codes.npy --factors factors.npy --json
      metaprior judge disentanglement runs/vae-0 --metrics mig dci --backend sklearn
      metaprior judge probe runs/vae-0 --data mnist:size=32
    """

    protocol: Annotated[str, tyro.conf.Positional] = ""
    """disentanglement (needs factors) or probe (needs labels)."""
    run_folder: Annotated[Path | None, tyro.conf.Positional] = None
    """Run folder; its scores are kept there too."""
    codes: Path | None = None
    """Codes N×D as .npy, in place of a run."""
    factors: Path | None = None
    """Factors N×F as .npy."""
    data: str | None = None
    """Data to judge on; by default what the run was trained on."""
    metrics: tuple[str, ...] = ("mig", "dci", "factor_vae_score")
    """Metrics of the protocol disentanglement."""
    backend: Literal["lightgbm", "sklearn"] = "lightgbm"
    """Boosted trees for DCI: lightgbm is fast, sklearn is the reference's own and takes minutes."""
    train: int = 10_000
    """Examples to fit on."""
    test: int = 5_000
    """Examples to test on."""
    seed: int = 0
    """Seed of the draws."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Judge, keep the scores in the run, print them."""
        from metaprior.judge import PROTOCOLS, write_scores

        if self.protocol not in PROTOCOLS:
            raise unknown("protocol", self.protocol, PROTOCOLS)
        if (self.run_folder is None) == (self.codes is None):
            raise MetapriorError("judge a run folder, or arrays with --codes and --factors")
        scores = self.of_arrays() if self.run_folder is None else self.of_run(self.run_folder)
        if self.run_folder is not None:
            write_scores(scores, self.run_folder)
        if self.json:
            as_json(scores.to_json())
            return 0
        title = f"{scores.model} on {scores.data}"
        table = Table("", "", "at most", "n", "protocol", box=None, header_style="bold", title=title)
        for name, score in scores.scores.items():
            ceiling = score.details.get("ceiling")
            value = f"{score.value:.3f}" if score.value is not None else f"– ({score.reason})"
            table.add_row(name, value, f"{ceiling:.3f}" if ceiling else "", str(score.n), score.protocol)
        Console().print(table)
        return 0

    def of_arrays(self) -> Any:
        """Scores of codes and factors from files."""
        from metaprior.judge import judge

        if self.protocol != "disentanglement":
            raise MetapriorError("--codes and --factors are for the protocol disentanglement; probes take a run")
        codes, factors = read_array(self.codes, "codes"), read_array(self.factors, "factors")
        return judge(
            codes, factors, metrics=self.metrics, settings=self.settings(),
            model_name=str(self.codes), data_name=str(self.factors),
        )  # fmt: skip

    def of_run(self, folder: Path) -> Any:
        """Scores of a run's model, on its own data or on other data."""
        from metaprior import load
        from metaprior.data import load as load_data
        from metaprior.judge import judge, probe
        from metaprior.training import Run

        data = self.data or Run(folder).config["data"]
        names: dict[str, Any] = {"model_name": str(folder), "data_name": data}
        model: Any = load(folder)
        with progress("encoding") as shown:
            if self.protocol == "probe":
                train, test = load_data(data, "train"), load_data(data, "test")
                return probe(model, train, test, seed=self.seed, progress=shown, **names)
            source: Any = load_data(data)
            return judge(model, source, metrics=self.metrics, settings=self.settings(), progress=shown, **names)

    def settings(self) -> Any:
        """How much to draw, and how to fit."""
        from metaprior.judge import Settings

        return Settings(train=self.train, test=self.test, backend=self.backend, seed=self.seed, threads=2)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; the value is a function of (done, of)."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def read_array(path: Path | None, name: str) -> np.ndarray:
    """An array from a .npy file, never a pickle."""
    if path is None:
        raise MetapriorError(f"--{name} is missing: give both --codes and --factors")
    try:
        return np.load(path, allow_pickle=False)
    except OSError as fault:
        raise MetapriorError(f"--{name}: {path} cannot be read: {fault.strerror or fault}") from None
    except ValueError as fault:
        raise MetapriorError(f"--{name}: {path} is not an .npy file of numbers: {fault}") from None


@dataclass(frozen=True)
class Report:
    """A page about one run, or about several side by side.

    Examples:
      metaprior report runs/s2-beta-vae-0
      metaprior report runs/s2-beta-vae-0 runs/beta-vae-0 --out comparison.html
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Run folders."""
    out: Path | None = None
    """The page; by default report.html in the (last) run's folder."""
    json: Json = False
    """Print one JSON object with the page's path."""

    def run(self) -> int:
        """Write the page, print the table of scores and the path."""
        from metaprior.report import score_table, view_run, write_report

        if not self.runs:
            raise MetapriorError("say which run: metaprior report runs/s2-beta-vae-0")
        views = [view_run(folder) for folder in self.runs]
        path = write_report(views, self.out or self.runs[-1] / "report.html")
        if self.json:
            as_json({"report": str(path)})
            return 0
        Console().print(score_table(views), f"\nreport: {path}", soft_wrap=True)
        return 0


@dataclass(frozen=True)
class Reproduce:
    """Check a paper's claims: each an experiment with a rule that was fixed before it ran.

    Examples:
      metaprior reproduce disentangle
      metaprior reproduce disentangle --claim few-labels-beat-none --json
    """

    paper: Annotated[str, tyro.conf.Positional] = ""
    """disentangle."""
    scale: Literal["smoke", "desk", "gpu", "paper"] = "smoke"
    """smoke takes seconds to minutes here; the others are defined claim by claim."""
    claim: str | None = None
    """Only this claim."""
    out: Path = Path("runs/reproduce")
    """Where the experiments keep their runs; finished ones are used again, a stopped one goes on."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Run the claims that have this scale and print their verdicts."""
        from metaprior.papers import PAPERS, check

        if self.paper not in PAPERS:
            raise unknown("paper", self.paper, PAPERS)
        claims = PAPERS[self.paper]
        if self.claim is not None and self.claim not in claims:
            raise unknown("claim", self.claim, claims)
        chosen = [c for c in claims.values() if (c.id == self.claim if self.claim else self.scale in c.scales)]
        if not chosen:
            raise MetapriorError(f"no claim of {self.paper} is written at the scale '{self.scale}'; take --scale smoke")
        results = check(chosen, self.scale, self.out / self.paper, progress=not self.quiet)
        if self.json:
            as_json({"claims": results})
            return 0
        table = Table("claim", "published", "measured", "rule", "verdict", box=None, header_style="bold")
        for result in results:
            found = result["measured"].items()
            measured = ", ".join(f"{name} {v:.3f}" if isinstance(v, float) else f"{name} {v}" for name, v in found)
            verdict = result["verdict"] + (f": {result['reason']}" if result["reason"] else "")
            table.add_row(result["statement"], result["published"] or "", measured, result["rule"], verdict)
        Console().print(table)
        return 0


COMMANDS: dict[str, type[Command]] = {
    "list": List,
    "data": Data,
    "train": TrainBase,
    "judge": Judge,
    "report": Report,
    "reproduce": Reproduce,
}
