"""The benchmark in the terminal: a table by group, what may be called a VTAB score, models among published ones."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from metaprior.data.vtab import VTAB, Status
from metaprior.papers.vtab.published import ORDER, PUBLISHED, comparable
from metaprior.report.vtab_terminal import (
    comparison,
    published_table,
    status_table,
    verdict,
    vtab_table,
)
from tests.report.judged import BEST, complete, desk, of_vtab, partial, scored


def printed(what: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=250).print(what)
    return file.getvalue()


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each line by its first one."""
    cells = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    return {first: rest for first, *rest in cells}


def test_tasks_stand_below_their_groups_and_means_last() -> None:
    text = printed(vtab_table([complete()]))
    names = [line.split("  ")[0].strip() or line.split()[0] for line in text.splitlines()[1:] if line.strip()]
    groups = {group: names.index(group) for group in ("natural", "specialized", "structured")}
    assert groups == {"natural": 0, "specialized": 8, "structured": 13}
    for name, task in VTAB.items():
        above = max((place, group) for group, place in groups.items() if place < names.index(name))
        assert above[1] == task.group
    assert names[22:24] == ["mean of the tasks", "mean of the groups"]


def test_numbers_are_in_percent_with_their_errors() -> None:
    found = rows(printed(vtab_table([complete()])))
    assert found["pets"] == ["3,669", "88.1 ± 1.2"]
    assert found["natural"][0].startswith("73.6 ±")
    assert found["mean of the tasks"][0].startswith("68.0 ±")
    assert found["mean of the groups"][0].startswith("70.7 ±")


def test_models_stand_beside_each_other_and_a_task_that_one_lacks_is_a_dash() -> None:
    both = [partial("first", "pets", "dtd"), partial("second", "dtd", "svhn")]
    found = rows(printed(vtab_table(both)))
    assert found["test"] == ["first", "second"]
    assert found["pets"] == ["3,669", "40.0 ± 1.2", "–"]
    assert found["svhn"] == ["26,032", "–", "40.0 ± 1.2"]
    assert found["dtd"] == ["1,880", "40.0 ± 1.2", "40.0 ± 1.2"]
    assert "eurosat" not in found
    assert found["specialized"] == ["–", "–"]


def test_a_score_without_a_value_is_a_dash_and_not_in_the_means() -> None:
    found = rows(printed(vtab_table([of_vtab("mine", {"pets": scored(None), "dtd": scored(0.5)})])))
    assert found["pets"] == ["1,000", "–"]
    assert found["mean of the tasks"] == ["50.0 ± 1.2 (1 of 19)"]


def test_many_models_at_eighty_characters_stand_in_several_tables_whose_names_are_whole() -> None:
    names = [f"timm:vit_base_patch16_224.{i}" for i in range(5)]
    file = io.StringIO()
    console = Console(file=file, width=80)
    console.print(vtab_table([partial(name, "pets", "dtd") for name in names], width=console.width))
    text = file.getvalue()
    assert text.count("mean of the tasks") == 2
    assert text.count("40.0 ± 1.2") >= 2 * len(names)
    assert len(re.findall(r"^  pets  +3,669", text, re.MULTILINE)) == 2
    assert "…" not in text
    assert text.count("no VTAB score") == 1


def test_several_seeds_and_another_precision_are_told() -> None:
    way = {"seeds": [3, 5], "precision": "bf16"}
    mine = partial("mine", "pets")
    told = printed(vtab_table([replace(mine, encoder={**mine.encoder, "way": {**mine.encoder.get("way", {}), **way}})]))
    assert "; mean of the seeds 3, 5; bf16" in told
    assert "seed" not in printed(vtab_table([mine]))


def test_means_of_some_tasks_say_of_how_many() -> None:
    text = printed(vtab_table([partial("mine", "pets", "eurosat")]))
    found = rows(text)
    assert found["natural"] == ["40.0 ± 1.2 (1 of 7)"]
    assert found["mean of the tasks"][0].endswith("(2 of 19)")
    assert found["mean of the groups"][0].endswith("(2 of 19)")
    assert "2 of 19 tasks: no VTAB score" in text
    assert "no data for 2: dmlab, sun397; 'metaprior vtab --status' says what to fetch" in text


def test_stand_ins_are_never_called_vtab() -> None:
    text = printed(vtab_table([desk()], compare=True))
    assert verdict(desk()) == "vtab-desk, 12 of 12 stand-ins: not a VTAB score"
    assert "VTAB" not in text.replace("not a VTAB score", "")
    assert all(f"standin/{name}" in text for name in ("mnist", "clevr-count"))
    assert not set(rows(text)) & {line.model for line in PUBLISHED}


def test_missing_stand_ins_are_looked_up_among_stand_ins() -> None:
    lacking = replace(desk(), missing={"standin/mnist": "fetch it"})
    assert "'metaprior vtab --status --suite vtab-desk' says what to fetch" in printed(vtab_table([lacking]))


def test_a_complete_run_is_vtab() -> None:
    assert verdict(complete()) == "VTAB, complete"
    for gone in ORDER:
        scores = {name: score for name, score in complete().scores.items() if name != gone}
        assert verdict(replace(complete(), scores=scores)) == "18 of 19 tasks: no VTAB score"


def test_a_part_of_a_test_is_not_vtab() -> None:
    scores = complete()
    short = replace(scores, scores=scores.scores | {"pets": scored(0.5, 30)})
    assert verdict(short) == "19 of 19 tasks, 1 on another number of test examples than they have: no VTAB score"


def test_how_data_differ_from_the_benchmarks_is_told_beside_its_score() -> None:
    scores = complete()
    copies = {name: replace(score, details={"caveat": "a copy"}) for name, score in scores.scores.items()}
    text = printed(vtab_table([replace(scores, scores=copies)]))
    assert "VTAB, complete" in text
    assert text.count(": a copy") == 1


def test_every_way_of_models_judged_differently_is_told() -> None:
    text = printed(vtab_table([complete("one"), complete("two", preset="native")]))
    assert "protocol: 1k, lightweight, vtab-2019\n" in text
    assert "protocol: 1k, lightweight, native\n" in text


def test_a_complete_run_stands_among_the_published_ones_by_its_mean() -> None:
    lines, reason = comparison(complete())
    assert not reason
    assert len(lines) == 17
    means = [numbers[0] or 0.0 for _, numbers, _ in lines]
    assert means == sorted(means, reverse=True)
    [(place, own)] = [(place, numbers) for place, (_, numbers, own) in enumerate(lines) if own]
    assert place < 2
    assert BEST.groups is not None
    assert own == pytest.approx((BEST.mean_tasks, *BEST.groups, BEST.mean_groups), abs=0.1)
    assert {name for name, _, _ in lines} == {"mine", *(line.model for line in comparable("lightweight", "1k"))}
    assert "Sup-Rotation-100%" in printed(vtab_table([complete()], compare=True))


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (partial("mine", "pets"), "1 of 19 tasks: no VTAB score"),
        (desk(), "vtab-desk, 12 of 12 stand-ins: not a VTAB score"),
        (complete(protocol="ridge"), "nothing was published by the protocol ridge, 1k"),
        (complete(protocol="lightweight/10"), "nothing was published by the protocol lightweight/10, 1k"),
        (complete(preset="native"), "are of pictures by the preset vtab-2019, and these are by native"),
        (complete(protocol="vit-g"), "are of pictures by the preset vit-g-2022, and these are by vtab-2019"),
        (complete(protocol="heavyweight"), "chose resolution and cropping too"),
        (complete(protocol="bit-hyperrule"), "chose resolution and cropping too"),
    ],
    ids=[
        "some tasks",
        "stand-ins",
        "another protocol",
        "a reduced budget",
        "another preset",
        "ViT-G's",
        "a search",
        "BiT's",
    ],
)
def test_what_may_not_be_compared_is_not_and_the_reason_is_told(scores, said) -> None:
    lines, reason = comparison(scores)
    assert not lines
    assert said in reason
    text = printed(vtab_table([scores], compare=True))
    assert f"mine is not shown among published results: {reason}" in text
    assert "Sup-100%" not in text


@pytest.mark.parametrize("width", [72, 80])
def test_names_are_folded_where_there_is_no_room_and_never_cut(width: int) -> None:
    names = [f"runs/a-long-name/of-a-run-{number}" for number in range(3)]
    file = io.StringIO()
    Console(file=file, width=width).print(vtab_table([complete(name) for name in names]), published_table(PUBLISHED))
    assert "…" not in file.getvalue()


def test_names_are_shown_as_they_are() -> None:
    name = "runs/[bold]x[/bold] [/a]"
    assert name in printed(vtab_table([complete(name)], compare=True)).splitlines()[0]
    assert name in printed(vtab_table([partial(name, "pets")], compare=True)).splitlines()[-1]


def test_every_published_line_is_in_the_table_with_its_source() -> None:
    text = printed(published_table(PUBLISHED))
    assert all(line.model in text and line.source in text for line in PUBLISHED)
    assert text.count("(from memory)") == sum(line.remembered for line in PUBLISHED)


STATUSES = [
    Status(task="pets", state="present", source="tfds", path=Path("d"), bytes=8 * 10**8, licence="CC BY-SA", fetch="x"),
    Status(task="clevr-count", state="missing", bytes=18 * 10**9, licence="CC BY", fetch="CLEVR's archive"),
    Status(task="clevr-distance", state="partial", lacks="no val", bytes=18 * 10**9, licence="CC BY",
           fetch="CLEVR's archive"),
]  # fmt: skip


def test_what_is_there_and_what_to_fetch_is_told_of_each_task(tmp_path: Path) -> None:
    text = printed(status_table(STATUSES, tmp_path))
    assert "● pets            read from tfds · licence: CC BY-SA\n" in text
    assert "○ clevr-count     missing · licence: CC BY\n" in text
    assert "fetch CLEVR's archive (18.0 GB)" in text
    assert text.count("CLEVR's archive") == 1
    assert "fetch as above" in text
    assert "no val" in text
    assert "1 of 3 tasks are there" in text
