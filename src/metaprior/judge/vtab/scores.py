"""The score of a benchmark, of its groups and tasks; withheld, not faked, where tasks are missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from metaprior.data.vtab.task import GROUPS, Task
from metaprior.data.vtab.tasks import VTAB
from metaprior.judge.scores import Score


@dataclass(frozen=True)
class Mean:
    """A mean of accuracies, its standard error where all of them have one, and how many there are of how many."""

    value: float | None
    se: float | None
    k: int
    of: int

    @property
    def complete(self) -> bool:
        """Whether every task is there."""
        return self.k == self.of

    def to_json(self) -> dict[str, Any]:
        """The mean as plain values."""
        return {"value": self.value, "se": self.se, "k": self.k, "of": self.of}


@dataclass(frozen=True, eq=False)
class SuiteScores:
    """What one model scores on the tasks of a suite, by one protocol.

    ``missing`` says of each task without a score why. Two means are in use and differ (card 1.6): of all tasks, which
    the benchmark reports, and of the means of the three groups, which parameter-efficient tuning reports.

    >>> tasks = {f"t{i}": Task(f"t{i}", group, 2, (1, 1, 1), "", "", None) for i, group in enumerate(
    ...     ("natural", "natural", "specialized", "structured"))}
    >>> scores = {name: Score(value, 100, 0, "ridge") for name, value in zip(tasks, (0.2, 0.4, 0.6, 0.9))}
    >>> found = SuiteScores("mine", "own", "ridge", tasks, scores)
    >>> round(found.mean_tasks.value, 3), round(found.mean_groups.value, 3)
    (0.525, 0.6)
    """

    model: str
    suite: str
    protocol: str
    tasks: Mapping[str, Task]
    """All tasks of the suite."""
    scores: Mapping[str, Score]
    missing: Mapping[str, str] = field(default_factory=dict)
    encoder: Mapping[str, Any] = field(default_factory=dict)
    """What was judged, and how it was shown pictures: name, hash, feature point, preset."""

    def __getitem__(self, name: str) -> Score:
        return self.scores[name]

    def group(self, group: str) -> Mean:
        """The mean of the tasks of a group that have a score."""
        return _mean(self.scores, [name for name, task in self.tasks.items() if task.group == group])

    @property
    def mean_tasks(self) -> Mean:
        """The mean of all tasks: VTAB's own score, if the suite is VTAB and complete."""
        return _mean(self.scores, self.tasks)

    @property
    def mean_groups(self) -> Mean:
        """The mean of the means of the groups."""
        groups = [mean for mean in map(self.group, self.groups) if mean.value is not None]
        errors = [mean.se for mean in groups if mean.se is not None]
        se = sum(error**2 for error in errors) ** 0.5 / len(groups) if groups and len(errors) == len(groups) else None
        value = sum(mean.value or 0.0 for mean in groups) / len(groups) if groups else None
        return Mean(value, se, self.mean_tasks.k, len(self.tasks))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that the suite has tasks of."""
        return tuple(group for group in GROUPS if any(task.group == group for task in self.tasks.values()))

    @property
    def cut(self) -> tuple[str, ...]:
        """The tasks that were not tested on their whole test."""
        return tuple(name for name, score in self.scores.items() if score.n != self.tasks[name].sizes[2])

    @property
    def is_vtab(self) -> bool:
        """Whether these are all of VTAB's own tasks, on all of their tests, so that the means are VTAB scores."""
        own = self.suite == "vtab" and self.tasks.keys() == VTAB.keys()
        return own and self.mean_tasks.complete and not self.cut

    def to_json(self) -> dict[str, Any]:
        """What ``metaprior vtab --json`` prints: ``mean_tasks`` and ``mean_groups`` are VTAB scores, or null.

        ``k`` counts tasks of VTAB. Means of what is there are under ``partial``, with how many they are of.
        """
        vtab = self.suite == "vtab"
        return {
            "model": self.model,
            "suite": self.suite,
            "protocol": self.protocol,
            "tasks": {name: self.scores[name].to_json() for name in self.tasks if name in self.scores},
            "missing": dict(self.missing),
            "mean_tasks": self.mean_tasks.value if self.is_vtab else None,
            "mean_groups": self.mean_groups.value if self.is_vtab else None,
            "complete": self.is_vtab,
            "k": self.mean_tasks.k if vtab else 0,
            "partial": {
                "suite": self.suite,
                "mean_tasks": self.mean_tasks.to_json(),
                "mean_groups": self.mean_groups.to_json(),
                "groups": {group: self.group(group).to_json() for group in self.groups},
            },
            "encoder": dict(self.encoder),
        }


def _mean(scores: Mapping[str, Score], names: Iterable[str]) -> Mean:
    asked = list(names)
    there = [scores[name] for name in asked if name in scores and scores[name].value is not None]
    errors = [score.se for score in there if score.se is not None]
    se = sum(error**2 for error in errors) ** 0.5 / len(there) if there and len(errors) == len(there) else None
    return Mean(sum(score.value or 0.0 for score in there) / len(there) if there else None, se, len(there), len(asked))
