"""``metaprior judge``."""

import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
import tyro
from rich.console import Console

from metaprior.commands.command import Json, as_json, place, progress, run_folders
from metaprior.commands.judging import JudgingOptions, RateDistortionOptions
from metaprior.core import MetapriorError, unknown

UNREADABLE = (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError)
"""What NumPy raises for files of arrays that are damaged, packed in a way that Python cannot unpack, or other files."""
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True)
class Judge:
    """Score runs, or codes of any origin.

    Examples:
      metaprior judge disentanglement runs/s2-beta-vae-0
      metaprior judge disentanglement runs/* --metrics mig dci
      metaprior judge disentanglement runs/vae-0 --metrics all --representation sampled
      metaprior judge disentanglement --codes codes.npy --factors factors.npy --json
      metaprior judge udr runs/beta-vae-0 runs/beta-vae-1 runs/beta-vae-2
      metaprior judge probe runs/vae-0 --data mnist:size=32
      metaprior judge clusters runs/joint-vae-0
      metaprior judge rd runs/beta-vae-0 --images 500
      metaprior judge samples runs/vae-0 --extractor pixels
    """

    protocol: Annotated[str, tyro.conf.Positional, place("PROTOCOL")] = ""
    """disentanglement (needs factors), udr (needs several runs), probe or clusters (need labels), rd (rate and
    distortion) or samples (needs images)."""
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, place("[RUN ...]")] = ()
    """Run folders; their scores are kept there too."""
    codes: Path | None = None
    """Codes N×D as .npy, in place of a run."""
    factors: Path | None = None
    """Factors N×F as .npy."""
    data: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Data to judge on; by default what the run was trained on."""
    metrics: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ()
    """Metrics of the protocol disentanglement, or all; by default the study's, without downstream tasks."""
    extractor: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Features of the protocol samples: pixels, random-conv (the default) or run:FOLDER, the encoder of a run."""
    seed: int = 0
    """Seed of the draws."""
    judging: JudgingOptions = field(default_factory=JudgingOptions)
    """How to draw and to fit."""
    rd: RateDistortionOptions = field(default_factory=RateDistortionOptions)
    """How much rd draws."""
    json: Json = False
    """Print one JSON object."""

    @staticmethod
    def notes() -> str:
        """The metrics, and the scores of each."""
        from metaprior.judge import metrics_of
        from metaprior.metrics import METRICS

        rows = {name: list(METRICS[name].scores) for name in metrics_of(["all"])}
        lines = [name if scores == [name] else f"{name} ({shortened(scores)})" for name, scores in rows.items()]
        return "Metrics, and their scores (--metrics takes either name, or all):\n  " + "\n  ".join(lines)

    def run(self) -> int:
        """Judge, keep the scores in the runs, print them."""
        from metaprior.judge import PROTOCOLS, write_scores
        from metaprior.report import judgement

        if not self.protocol:
            names = ", ".join(PROTOCOLS)
            raise MetapriorError(f"say how to judge: metaprior judge PROTOCOL RUN, where PROTOCOL is one of {names}")
        if self.protocol not in PROTOCOLS:
            raise unknown("protocol", self.protocol, PROTOCOLS)
        if bool(self.runs) == (self.codes is not None):
            raise MetapriorError("judge run folders, or arrays with --codes and --factors")
        self.refuse_what_would_be_ignored()
        judged: list[Any] = []
        for scores in self.judged():
            if self.runs:
                write_scores(scores, Path(scores.model))
            judged.append(scores)
            if not self.json:
                print(f"{scores.model} on {scores.data}")  # a title of the table would be broken to the table's width
                Console().print(judgement(scores))
        if self.json:
            told = [scores.to_json() for scores in judged]
            as_json(told[0] if len(told) == 1 else {"protocol": self.protocol, "judged": told})
        return 0

    def refuse_what_would_be_ignored(self) -> None:
        """An error for options that say nothing of what is judged."""
        if self.runs and self.factors is not None:
            raise MetapriorError("--factors goes with --codes; a run is judged by the factors of its data")
        if self.codes is not None and self.data is not None:
            raise MetapriorError("--data goes with runs; codes are judged by --factors")
        if self.protocol != "rd" and (changed := chosen(self.rd, RateDistortionOptions())):
            raise MetapriorError(f"--{changed[0]} is of the protocol rd; {self.protocol} has no such choice")
        if self.extractor is not None and self.protocol != "samples":
            raise MetapriorError(f"--extractor is of the protocol samples; {self.protocol} has no such choice")
        if self.protocol == "disentanglement":
            return
        given = chosen(self.judging, JudgingOptions())
        given += ["metrics"] * bool(self.metrics)
        if given:
            raise MetapriorError(f"--{given[0]} is of the protocol disentanglement; {self.protocol} has no such choice")

    def judged(self) -> Iterator[Any]:
        """The scores of each run, or of the arrays, as they come."""
        if not self.runs:
            yield self.of_arrays()
        elif self.protocol == "udr":
            yield from self.beside_each_other()
        else:
            yield from map(self.of_run, run_folders(self.runs))

    def of_arrays(self) -> Any:
        """Scores of codes and factors from files."""
        from metaprior.judge import judge

        if self.protocol != "disentanglement":
            raise MetapriorError(
                f"--codes and --factors are for the protocol disentanglement; {self.protocol} takes runs"
            )
        codes, factors = read_array(self.codes, "codes"), read_array(self.factors, "factors")
        return judge(
            codes, factors, metrics=self.asked(), settings=self.judging.settings(self.seed),
            model_name=str(self.codes), data_name=str(self.factors),
        )  # fmt: skip

    def of_run(self, folder: Path) -> Any:
        """Scores of a run's model, on its own data or on other data."""
        from metaprior.training import Run

        judges = {
            "disentanglement": self.by_factors,
            "probe": self.by_labels,
            "clusters": self.by_clusters,
            "samples": self.by_images,
            "rd": self.by_rate,
        }
        with progress("judging") as shown:
            return judges[self.protocol](folder, self.data or Run(folder).config["data"], shown)

    def by_factors(self, folder: Path, data: str, shown: Progress) -> Any:
        """The metrics of disentanglement."""
        from metaprior.data import load as load_data
        from metaprior.study import judge_run

        metrics, source = self.asked(), load_data(data)
        refuse_without_factors(source, data)
        settings = self.judging.settings(self.seed)
        return judge_run(folder, source, data, metrics=metrics, settings=settings, progress=shown)

    def by_labels(self, folder: Path, data: str, shown: Progress) -> Any:
        """Probes on the model's features."""
        from metaprior import load
        from metaprior.data import load as load_data
        from metaprior.judge import probe

        model: Any = load(folder)
        train: Any = load_data(data)
        refuse_without_labels(train, data)
        test = load_data(data, "test")
        return probe(model, train, test, seed=self.seed, model_name=str(folder), data_name=data, progress=shown)

    def by_clusters(self, folder: Path, data: str, shown: Progress) -> Any:
        """The model's clusters beside the labels of unseen examples, where there are such."""
        from metaprior.data import load_unseen
        from metaprior.study import clusters_of_run

        refuse_without_labels(load_unseen(data)[0], data)
        return clusters_of_run(folder, data, seed=self.seed, progress=shown)

    def by_rate(self, folder: Path, data: str, shown: Progress) -> Any:
        """Rate, distortion, usefulness."""
        from metaprior.study import rate_distortion_of_run

        return rate_distortion_of_run(folder, data, **vars(self.rd), seed=self.seed, progress=shown)

    def by_images(self, folder: Path, data: str, shown: Progress) -> Any:
        """The distance of the model's own images from those of the data, from unseen ones where there are such."""
        from metaprior import load
        from metaprior.data import load_unseen
        from metaprior.judge import sample_quality, was_seen
        from metaprior.study import find_extractor
        from metaprior.training import Run

        extractor = find_extractor(self.extractor or "random-conv")
        model: Any = load(folder)
        source, split = load_unseen(data)
        scores = sample_quality(
            model, source, extractor, seed=self.seed, split=split, model_name=str(folder), data_name=data,
            progress=shown,
        )  # fmt: skip
        return replace(scores, seen=was_seen(Run(folder).config, source))

    def beside_each_other(self) -> list[Any]:
        """UDR of several runs, on the first one's data or on other data."""
        from metaprior import load
        from metaprior.data import load as load_data
        from metaprior.judge import rank
        from metaprior.study.selection import refuse_other_data
        from metaprior.training import Run

        folders = run_folders(self.runs)
        configs = {folder: Run(folder).config for folder in folders}
        if self.data is None:
            refuse_other_data({folder: config["data"] for folder, config in configs.items()})
        refuse_other_choices(configs)
        data = self.data or configs[folders[0]]["data"]
        models: dict[str, Any] = {str(folder): load(folder) for folder in folders}
        with progress("encoding") as shown:
            return list(rank(models, load_data(data), seed=self.seed, data_name=data, progress=shown).values())

    def asked(self) -> tuple[str, ...]:
        """The metrics asked for; a name that is wrong is an error before anything is encoded."""
        from metaprior.judge import USUAL, metrics_of

        return metrics_of(self.metrics or USUAL)


def chosen(options: Any, plain: Any) -> list[str]:
    """The names of options that are not as they are by default."""
    return [name for name in vars(plain) if getattr(options, name) != getattr(plain, name)]


def shortened(names: Sequence[str]) -> str:
    """Names in a line; of very many, the first and the last.

    >>> shortened(["a", "b"]), shortened([f"a{i}" for i in range(18)])
    ('a, b', 'a0 to a17, 18 in all')
    """
    return ", ".join(names) if len(names) < 10 else f"{names[0]} to {names[-1]}, {len(names)} in all"


def refuse_other_choices(configs: Mapping[Path, Mapping[str, Any]]) -> None:
    """UDR asks whether one recipe finds the same codes again: an error where runs differ in more than their seed."""
    (first, its), *others = configs.items()
    for folder, config in others:
        if any(config.get(key) != its.get(key) for key in ("recipe", "method")):
            raise MetapriorError(f"UDR judges runs of one recipe with the same choices; {first} and {folder} differ")


def refuse_without_labels(source: Any, name: str) -> None:
    """Say what to do where a protocol of labels meets data without classes."""
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


def read_array(path: Path | None, name: str) -> np.ndarray:
    """An array from a .npy file, or from an .npz file of one array; never a pickle."""
    if path is None:
        raise MetapriorError(f"--{name} is missing: give both --codes and --factors")
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            held = found.files
            only = found[held[0]] if len(held) == 1 else None
    except OSError as fault:
        raise MetapriorError(f"--{name}: {path} cannot be read: {fault.strerror or fault}") from None
    except MemoryError:
        raise MetapriorError(f"--{name}: {path} says that it holds more than the memory of this machine") from None
    except UNREADABLE as fault:
        what = "holds Python objects" if "Object arrays" in str(fault) else "is damaged, or no .npy or .npz file"
        raise MetapriorError(f"--{name}: {path} {what}; save a matrix of numbers with numpy.save") from None
    if isinstance(only, np.ndarray):
        return only
    names = ", ".join(held) or "nothing"
    raise MetapriorError(f"--{name}: {path} holds {names}; save the one array that is meant as an .npy file")
