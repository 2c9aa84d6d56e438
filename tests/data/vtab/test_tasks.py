"""The table of the 19 tasks."""

from collections import Counter

import pytest

from metaprior.data.vtab.tasks import VTAB


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
