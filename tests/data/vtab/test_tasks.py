"""The table of the 19 tasks."""

from collections import Counter
from dataclasses import replace

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.task import TaskData
from metaprior.data.vtab.tasks import VTAB
from tests.judge.vtab.pictures import coloured


def test_the_nineteen():
    assert Counter(task.group for task in VTAB.values()) == {"natural": 7, "specialized": 4, "structured": 8}
    assert len({task.pictures for task in VTAB.values()}) == 16


def test_totals():
    """1.5 million examples in the full setting, and 287,026 distinct test pictures (5 of the card)."""
    by_pictures = {task.pictures: task.sizes for task in VTAB.values()}
    assert sum(sizes[2] for sizes in by_pictures.values()) == 287_026
    assert sum(sizes[0] + sizes[1] for sizes in by_pictures.values()) == 1_475_494


@pytest.mark.parametrize("name", VTAB)
def test_a_task_says_what_to_fetch(name: str):
    task = VTAB[name]
    assert task.name == name
    assert task.fetch
    assert task.bytes > 1e7
    assert task.licence


def test_a_task_is_of_a_group_and_tells_classes_apart():
    with pytest.raises(MetapriorError, match="unknown group 'structure'; did you mean 'structured'"):
        replace(VTAB["dtd"], group="structure")  # type: ignore[arg-type]
    with pytest.raises(MetapriorError, match="dtd has 1 classes; a task has 2 or more"):
        replace(VTAB["dtd"], classes=1)


def test_data_have_examples_of_the_same_classes_in_each_part():
    some = coloured("a", 6, 0)
    with pytest.raises(MetapriorError, match="mine has no examples in val"):
        TaskData("mine", some, some.take([]), some, "made")
    with pytest.raises(MetapriorError, match="of different classes: 3 in train, 3 in val, 4 in test"):
        TaskData("mine", some, some, replace(some, classes=4), "made")
