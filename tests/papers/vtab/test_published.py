"""Published results: each line agrees with itself, and with the order of the tasks."""

import pytest

from metaprior.data.vtab.task import GROUPS
from metaprior.data.vtab.tasks import VTAB
from metaprior.papers.vtab.published import ORDER, PUBLISHED, comparable

WHOLE = [line for line in PUBLISHED if line.tasks]


def test_the_order_is_that_of_the_tasks():
    assert set(VTAB) == set(ORDER)
    assert len(ORDER) == 19
    assert [VTAB[name].group for name in ORDER] == ["natural"] * 7 + ["specialized"] * 4 + ["structured"] * 8


@pytest.mark.parametrize("line", WHOLE, ids=lambda line: f"{line.model}, {line.setting}")
def test_tasks_average_to_the_published_means(line):
    assert len(line.tasks) == 19
    if line.mean_tasks is not None:
        assert sum(line.tasks) / 19 == pytest.approx(line.mean_tasks, abs=0.1)
    for group, published in zip(GROUPS, line.groups, strict=True):
        own = [line.task(name) for name in ORDER if VTAB[name].group == group]
        assert sum(own) / len(own) == pytest.approx(published, abs=0.1)


def test_two_means_of_one_run_differ():
    best = next(line for line in comparable("lightweight", "1k") if line.model == "Sup-Rotation-100%")
    assert (best.mean_tasks, round(best.mean_groups, 1)) == (68.0, 70.7)


def test_models_stand_in_the_benchmarks_order():
    for setting, best, last in (("1k", 68.0, 33.3), ("full", 90.2, 46.8)):
        means = [line.mean_tasks for line in comparable("lightweight", setting)]
        assert len(means) == 16
        assert (max(means), min(means)) == (best, last)
    assert not comparable("lightweight", "800")


@pytest.mark.parametrize(
    "line",
    [line for line in PUBLISHED if line.groups and line.mean_tasks],
    ids=lambda line: f"{line.model}, {line.setting}",
)
def test_means_of_groups_make_the_mean_of_tasks(line):
    """Of 7, 4 and 8 tasks, to the rounding of four published numbers."""
    assert sum(n * mean for n, mean in zip((7, 4, 8), line.groups, strict=True)) / 19 == pytest.approx(
        line.mean_tasks, abs=0.12
    )


@pytest.mark.parametrize("line", WHOLE, ids=lambda line: f"{line.model}, {line.setting}")
def test_tasks_are_as_hard_as_they_are_to_all(line):
    """A column that slipped by a place would give a task the accuracy of another kind."""
    if line.setting == "1k":
        assert line.task("caltech101") > line.task("cifar100")
    assert line.task("eurosat") > max(line.task("resisc45"), line.task("patch-camelyon"))
    assert 68 < line.task("retinopathy") < 80  # 73.6 is the majority's share
    assert line.task("dsprites-orientation") < 97  # two orientations look the same


def test_what_the_card_has_from_memory_says_so():
    remembered = {line.model.rpartition(", ")[2] for line in PUBLISHED if line.remembered}
    assert remembered == {"VPT-shallow", "BiT-L R152x4 (JFT-300M)", "ViT-H/14 (JFT-300M)"}
    (linear,) = (line for line in PUBLISHED if line.model.endswith(", linear"))
    assert "means from memory" in linear.source
