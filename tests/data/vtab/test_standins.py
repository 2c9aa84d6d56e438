"""The suite of stand-ins: its names, groups and sizes."""

from collections import Counter

from metaprior.data.vtab.standins import DESK


def test_twelve_tasks_in_three_groups_each_named_a_stand_in() -> None:
    assert Counter(task.group for task in DESK.values()) == {"natural": 5, "specialized": 1, "structured": 6}
    assert all(name == task.name and name.startswith("standin/") for name, task in DESK.items())


def test_all_test_on_few_enough_pictures() -> None:
    """At most 18,000 distinct ones in the setting of 1,000 examples: each costs a net a pass."""
    worlds = {task.pictures: task.sizes for task in DESK.values()}
    assert len(worlds) == 9
    assert sum(min(train, 800) + min(val, 200) + test for train, val, test in worlds.values()) == 17_188
    assert max(test for _, _, test in worlds.values()) <= 1000
