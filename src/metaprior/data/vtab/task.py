"""What a task is: its name, group, sizes and classes, and where its examples come from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from metaprior.core import MetapriorError, unknown
from metaprior.data.vtab.examples import Examples

Group: TypeAlias = Literal["natural", "specialized", "structured"]
GROUPS: tuple[Group, ...] = ("natural", "specialized", "structured")
Setting: TypeAlias = Literal["1k", "full"]
"""Train on 800 and select on 200 examples, then train on these 1,000; or on everything there is."""


class MissingTask(MetapriorError):
    """The data of a task are not on this machine, or not all of them: what to fetch, how large, which licence."""


@dataclass(frozen=True, eq=False)
class TaskData:
    """The examples of a task: what trains, what selects, and what tests once.

    Of the setting ``1k`` they are train800 and val200, whose union trains at last. ``source`` says what they were read
    from, ``caveat`` how they differ from what the benchmark publishes.
    """

    name: str
    train: Examples
    val: Examples
    test: Examples
    source: str
    caveat: str = ""

    def __post_init__(self) -> None:
        parts = {"train": self.train, "val": self.val, "test": self.test}
        if empty := next((name for name, part in parts.items() if not len(part)), None):
            raise MetapriorError(f"{self.name} has no examples in {empty}")
        if len({part.classes for part in parts.values()}) > 1:
            told = ", ".join(f"{part.classes} in {name}" for name, part in parts.items())
            raise MetapriorError(f"the examples of {self.name} are of different classes: {told}")

    @property
    def trainval(self) -> Examples:
        """What trains, then what selected: the examples of the last training."""
        return self.train + self.val


@dataclass(frozen=True)
class Task:
    """One task of a suite.

    ``sizes`` are the whole splits (train, val, test). ``pictures`` names the image set, which two tasks may share.
    ``load`` reads it from below a folder, the first argument, or raises :class:`MissingTask`. Of real tasks it is said
    what to ``fetch``, how many ``bytes`` that is, and under which ``licence``.
    """

    name: str
    group: Group
    classes: int
    sizes: tuple[int, int, int]
    pictures: str
    summary: str
    load: Callable[[Path, Setting], TaskData]
    fetch: str = ""
    bytes: int = 0
    licence: str = ""

    def __post_init__(self) -> None:
        if self.group not in GROUPS:
            raise unknown("group", self.group, GROUPS)
        if self.classes < 2:
            raise MetapriorError(f"{self.name} has {self.classes} classes; a task has 2 or more")
