"""A run judged: its model's scores on data, marked where these are the examples that it was trained on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from metaprior.judge import USUAL, Scores, Settings, judge, was_seen
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
