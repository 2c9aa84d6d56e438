"""What a page shows of a run, read from its folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from metaprior.core import MetapriorError
from metaprior.report.effects import Effects, interventional_effects
from metaprior.report.examples import Examples
from metaprior.study.results import judgements
from metaprior.training import Run


@dataclass(frozen=True, eq=False)
class RunView:
    """Everything a page or a table shows of one run; whatever is missing is left out with a quiet note.

    ``config`` is the run's ``config.json``, ``history`` the lines of ``metrics.jsonl``, ``scores`` the files of
    ``scores/`` by protocol. ``model`` may have any of the capabilities of :mod:`metaprior.core`. ``images`` are a few
    dozen examples, float32 in [0, 1], N×C×H×W; ``codes`` are examples of codes, N×D (otherwise the images' own);
    ``examples`` are codes of many more, with their factors.
    """

    name: str
    config: dict[str, Any]
    history: Sequence[dict[str, Any]]
    scores: dict[str, dict[str, Any]]
    model: object | None = None
    images: Tensor | None = None
    codes: Tensor | None = None
    folder: Path | None = None
    """Where the run lies, for the commands that repeat it."""
    notes: tuple[str, ...] = ()
    """What could not be read."""
    examples: Examples | None = None

    @property
    def place(self) -> Path:
        """The folder, or where it would lie by its name."""
        return self.folder or Path("runs", self.name)

    @cached_property
    def effects(self) -> Effects | None:
        """What factors do to codes, where examples with factors are there."""
        found = self.examples
        if found is None or found.factors is None or not (found.factors >= 0).all(axis=1).any():
            return None
        return interventional_effects(found.codes, found.factors, found.factor_names, found.factor_values)

    @classmethod
    def from_folder(cls, folder: Path, model: object | None = None, images: Tensor | None = None) -> "RunView":
        """The view of a run folder; an error only if the folder is no run."""
        folder = Path(folder)
        config = Run(folder).config
        notes: list[str] = []
        history: list[dict[str, Any]] = []
        if (folder / "metrics.jsonl").exists():
            history = load_history(folder / "metrics.jsonl")
        else:
            notes.append("metrics.jsonl is missing: there are no curves")
        scores = compacted(folder)
        for path in sorted((folder / "scores").glob("*.json"), key=lambda path: path.stem):  # means before samples
            try:
                read = json.loads(path.read_text())
                read["scores"].items()
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                notes.append(f"scores/{path.name} cannot be read")
            else:
                scores[path.stem] = read
        name = folder.resolve().name
        return cls(name, config, history, scores, model, images, folder=folder, notes=tuple(notes))


def draws_pictures(run: RunView) -> bool:
    """Whether what the run's model decodes are pictures: all but one that was trained on other values."""
    return not (run.config.get("data_spec") or {}).get("value_shape")


def compacted(folder: Path) -> dict[str, dict[str, Any]]:
    """The scores of a run of a study that gathered them into its tables."""
    place = folder.resolve()
    return judgements(place.parent.parent, place.name) if place.parent.name == "runs" else {}


def load_history(path: Path) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``; lines that are not whole, as a killed run leaves them, are skipped."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError as fault:
        raise MetapriorError(f"{path} cannot be read: {fault.strerror}") from None
    history = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "step" in record:
            history.append(record)
    return history
