"""A run judged: its model's scores on data, marked where these are the examples that it was trained on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from metaprior.data import load as load_data
from metaprior.data.catalogue import find_entry
from metaprior.judge import USUAL, Scores, Settings, judge, rate_distortion, was_seen
from metaprior.judge.features import Progress
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
    entry, options = find_entry(data_name)
    divided = entry.splits is not None and "test" in entry.splits(options)
    data, train = (load_data(data_name, "test"), load_data(data_name)) if divided else (load_data(data_name), None)
    scores = rate_distortion(
        model, data, train,
        images=images, samples=samples, seed=seed, model_name=str(folder), data_name=data_name, progress=progress,
    )  # fmt: skip
    return replace(scores, seen=was_seen(Run(folder).config, data))
