"""How a model is judged, and where: all but the model and the task."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from metaprior.core import MetapriorError, unknown
from metaprior.data.vtab.presets import Preset
from metaprior.data.vtab.task import Setting
from metaprior.judge.vtab.protocols import find_adaptation
from metaprior.training import Loop

SETTINGS: tuple[Setting, ...] = ("1k", "full")
PRECISIONS = ("float32", "bf16")


@dataclass(frozen=True)
class Way:
    """How a model is judged: all that decides a task's score but the model and the data."""

    protocol: str
    preset: Preset
    setting: Setting = "1k"
    seeds: tuple[int, ...] = (0,)
    precision: Literal["float32", "bf16"] = "float32"

    def __post_init__(self) -> None:
        find_adaptation(self.protocol)
        for what, given, known in (("setting", self.setting, SETTINGS), ("precision", self.precision, PRECISIONS)):
            if given not in known:
                raise unknown(what, given, known)
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or any(int(seed) != seed for seed in self.seeds):
            raise MetapriorError(f"seeds must be different integers, and at least one; they are {list(self.seeds)}")

    def plain(self) -> dict[str, Any]:
        """The way as plain values, as results record it."""
        return dataclasses.asdict(self) | {"preset": self.preset.to_json(), "seeds": list(self.seeds)}

    def told(self, train: int | str = "train", val: int | str = "val", both: int | str = "both") -> str:
        """The way in words, as a score's ``protocol`` has it: what trains, what selects, and both, or how many."""
        selects = find_adaptation(self.protocol).selects
        trains = f"fit to {train}, select on {val}, refit to {both}" if selects else f"fit to {both}"
        return f"{self.setting}, {self.protocol}, {self.preset.name}; {trains}, test once"


@dataclass(frozen=True)
class Place:
    """Where things are: data below ``data``, features and scores kept below ``out``, and the device to compute on.

    ``device`` may be ``auto``; an error where there is none of its name. ``batch`` pictures are shown at once; None:
    as many as suit the device.
    """

    data: Path
    out: Path
    features: Path
    device: str = "cpu"
    batch: int | None = None

    def __post_init__(self) -> None:
        if self.batch is not None and self.batch < 1:
            raise MetapriorError(f"batch must be at least 1, not {self.batch}")
        object.__setattr__(self, "device", str(Loop(device=self.device).find_device()))
