"""``metaprior judge``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console

from metaprior.commands.command import Json, as_json, place, progress
from metaprior.core import MetapriorError, unknown


@dataclass(frozen=True)
class Judge:
    """Score a run, or codes of any origin.

    Examples:
      metaprior judge disentanglement runs/s2-beta-vae-0
      metaprior judge disentanglement --codes codes.npy --factors factors.npy --json
      metaprior judge disentanglement runs/vae-0 --metrics mig dci --backend sklearn
      metaprior judge probe runs/vae-0 --data mnist:size=32
    """

    protocol: Annotated[str, tyro.conf.Positional, place("PROTOCOL")] = ""
    """disentanglement (needs factors) or probe (needs labels)."""
    run_folder: Annotated[Path | None, tyro.conf.Positional, place("[RUN]")] = None
    """Run folder; its scores are kept there too."""
    codes: Path | None = None
    """Codes N×D as .npy, in place of a run."""
    factors: Path | None = None
    """Factors N×F as .npy."""
    data: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Data to judge on; by default what the run was trained on."""
    metrics: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ("mig", "dci", "factor_vae_score")
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

    @staticmethod
    def notes() -> str:
        """The metrics, and the scores of each."""
        from metaprior.metrics import METRICS

        lines = [
            name if list(row.scores) == [name] else f"{name} ({', '.join(row.scores)})" for name, row in METRICS.items()
        ]
        return "Metrics, and their scores (--metrics takes either name):\n  " + "\n  ".join(lines)

    def run(self) -> int:
        """Judge, keep the scores in the run, print them."""
        from metaprior.judge import PROTOCOLS, write_scores
        from metaprior.report import judgement

        if not self.protocol:
            names = ", ".join(PROTOCOLS)
            raise MetapriorError(f"say how to judge: metaprior judge PROTOCOL RUN, where PROTOCOL is one of {names}")
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
        print(f"{scores.model} on {scores.data}")  # a title of the table would be broken to the table's width
        Console().print(judgement(scores))
        return 0

    def of_arrays(self) -> Any:
        """Scores of codes and factors from files."""
        from metaprior.judge import judge

        if self.protocol != "disentanglement":
            raise MetapriorError("--codes and --factors are for the protocol disentanglement; probes take a run")
        codes, factors = read_array(self.codes, "codes"), read_array(self.factors, "factors")
        return judge(
            codes, factors, metrics=metrics_of(self.metrics), settings=self.settings(),
            model_name=str(self.codes), data_name=str(self.factors),
        )  # fmt: skip

    def of_run(self, folder: Path) -> Any:
        """Scores of a run's model, on its own data or on other data."""
        from metaprior import load
        from metaprior.data import load as load_data
        from metaprior.judge import judge, probe, was_seen
        from metaprior.training import Run

        metrics = metrics_of(self.metrics)
        config = Run(folder).config
        data = self.data or config["data"]
        names: dict[str, Any] = {"model_name": str(folder), "data_name": data}
        model: Any = load(folder)
        with progress("encoding") as shown:
            if self.protocol == "probe":
                train: Any = load_data(data)
                refuse_without_labels(train, data)
                test = load_data(data, "test")
                return probe(model, train, test, seed=self.seed, progress=shown, **names)
            source: Any = load_data(data)
            refuse_without_factors(source, data)
            scores = judge(model, source, metrics=metrics, settings=self.settings(), progress=shown, **names)
            return replace(scores, seen=was_seen(config, source))

    def settings(self) -> Any:
        """How much to draw, and how to fit."""
        from metaprior.judge import Settings

        return Settings(train=self.train, test=self.test, backend=self.backend, seed=self.seed, threads=2)


def refuse_without_labels(source: Any, name: str) -> None:
    """Say what to do where a probe meets data without classes."""
    if getattr(source, "labels", None) is not None:
        return
    other = "take 'judge disentanglement'" if source.factor_sizes else "choose other --data"
    own = ", or add labels.csv or a sub-folder a class" if name.startswith("folder:") else ""
    raise MetapriorError(f"this protocol needs labels, and '{name}' has none; {other}{own}")


def refuse_without_factors(source: Any, name: str) -> None:
    """Say what to do where disentanglement is asked for and no factors are known."""
    if source.factor_sizes:
        return
    other = "take 'judge probe'" if source.labels is not None else "choose other --data"
    own = ", or add factors.csv" if name.startswith("folder:") else ""
    raise MetapriorError(f"this protocol needs factors, and '{name}' has none; {other}{own}")


def metrics_of(names: Sequence[str]) -> list[str]:
    """The metrics that these names of metrics or of their scores ask for.

    >>> metrics_of(["dci_completeness", "mig", "dci"])
    ['dci', 'mig']
    """
    from metaprior.metrics import METRICS

    owners = {score: metric for metric, row in METRICS.items() for score in (metric, *row.scores)}
    for name in names:
        if name not in owners:
            raise unknown("metric", name, owners)
    return list(dict.fromkeys(owners[name] for name in names))


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
