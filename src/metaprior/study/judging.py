"""A run judged: its model's scores on data, marked where these are the examples that it was trained on; or judging."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from metaprior.core import unknown
from metaprior.data import load as load_data
from metaprior.data import load_unseen
from metaprior.data.store import home
from metaprior.data.vtab import PRESETS, SUITES
from metaprior.judge import (
    EXTRACTORS,
    USUAL,
    Extractor,
    Scores,
    Settings,
    clusters,
    encoder,
    judge,
    rate_distortion,
    was_seen,
)
from metaprior.judge.features import Progress
from metaprior.judge.vtab import Place, SuiteScores, Way, judge_suite, of_model
from metaprior.study.experiment import load
from metaprior.training import Run


def judge_run(
    folder: Path,
    data: Any,
    data_name: str,
    *,
    metrics: Sequence[str] = USUAL,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Scores of the protocol disentanglement of a run's model, with ``seen`` as it is."""
    model: Any = load(folder)
    scores = judge(
        model, data, metrics=metrics, settings=settings, model_name=str(folder), data_name=data_name, progress=progress
    )
    return replace(scores, seen=was_seen(Run(folder).config, data))


def rate_distortion_of_run(
    folder: Path, data_name: str, *, images: int, samples: int, seed: int = 0, progress: Progress | None = None
) -> Scores:
    """Scores of the protocol rd of a run's model: on the part to test on where the data are divided, else on them."""
    model: Any = load(folder)
    data, split = load_unseen(data_name)
    train = None if split == "train" else load_data(data_name)
    scores = rate_distortion(
        model, data, train,
        images=images, samples=samples, seed=seed, model_name=str(folder), data_name=data_name, progress=progress,
    )  # fmt: skip
    return replace(scores, seen=was_seen(Run(folder).config, data))


def clusters_of_run(folder: Path, data_name: str, *, seed: int = 0, progress: Progress | None = None) -> Scores:
    """Scores of the protocol clusters of a run's model, on the same examples as those of rd."""
    model: Any = load(folder)
    data, split = load_unseen(data_name)
    train = None if split == "train" else load_data(data_name)
    scores = clusters(model, data, train, seed=seed, model_name=str(folder), data_name=data_name, progress=progress)
    return replace(scores, seen=was_seen(Run(folder).config, data))


def vtab_of_run(
    folder: Path,
    suite: str,
    protocol: str,
    tasks: Sequence[str] = (),
    *,
    data: Path | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> SuiteScores:
    """Scores of a run's encoder on tasks of a suite, shown pictures of its own size; kept in the run's folder."""
    model: Any = load(folder)
    way, place = Way(protocol, PRESETS["native"], seeds=(seed,)), folder / "vtab"
    where = Place(data or home() / "vtab", place / protocol.replace("/", "-"), place / "features", device)
    return judge_suite(of_model(model, str(folder)), suite, SUITES[suite], way, where, tasks)


def find_extractor(name: str) -> Extractor:
    """The extractor of features that a name stands for: one that needs nothing, or ``run:FOLDER``, a run's encoder.

    >>> find_extractor("pixel")
    Traceback (most recent call last):
    metaprior.core.errors.MetapriorError: unknown extractor 'pixel'; did you mean 'pixels'?
    """
    kind, _, folder = name.partition(":")
    if kind == "run" and folder:
        model: Any = load(folder)
        return encoder(model, f"run:{Path(folder).resolve().name}")
    if name not in EXTRACTORS:
        raise unknown("extractor", name, [*EXTRACTORS, "run:FOLDER"])
    return EXTRACTORS[name]()
