"""The visual task adaptation benchmark in the terminal: models beside each other, data there are, published results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from metaprior.data.vtab import Status
from metaprior.judge.scores import Score
from metaprior.judge.vtab import Mean, SuiteScores
from metaprior.papers.vtab.published import Published, comparable


def percent(value: float | None, se: float | None = None) -> str:
    """An accuracy in percent, with its standard error.

    >>> percent(0.5), percent(0.123, 0.0101), percent(None)
    ('50.0', '12.3 ± 1.0', '–')
    """
    if value is None:
        return "–"
    return f"{100 * value:.1f}" + (f" ± {100 * se:.1f}" if se is not None else "")


def verdict(scores: SuiteScores) -> str:
    """What the means of a model may be called.

    >>> verdict(SuiteScores("mine", "vtab", "ridge", {}, {}))
    '0 of 0 tasks: no VTAB score'
    """
    mean = scores.mean_tasks
    if scores.is_vtab:
        return "VTAB, complete"
    if scores.suite != "vtab":
        return f"{scores.suite}, {mean.k} of {mean.of} stand-ins: not a VTAB score"
    return f"{mean.k} of {mean.of} tasks: no VTAB score"


def vtab_table(judged: Sequence[SuiteScores], compare: bool = False) -> Group:
    """Rows are tasks by group and then the means, columns are models; accuracies in percent with standard errors."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2))
    table.add_column("")
    table.add_column("test", justify="right", style="dim")
    for scores in judged:
        table.add_column(Text(scores.model), justify="right")
    for group in judged[0].groups:
        table.add_row(Text(group, style="bold"), "", *(Text(cell_of_mean(each.group(group))) for each in judged))
        for name, task in judged[0].tasks.items():
            there = [each.scores.get(name) for each in judged]
            if task.group == group and any(there):
                n = next(score.n for score in there if score)
                table.add_row(f"  {name}", f"{n:,}", *(cell(score) for score in there))
    table.add_row("", "")
    for title, means in (
        ("mean of the tasks", [each.mean_tasks for each in judged]),
        ("mean of the groups", [each.mean_groups for each in judged]),
    ):
        table.add_row(Text(title, style="bold"), "", *(Text(cell_of_mean(mean), style="bold") for mean in means))
    notes = [f"accuracy in %, ± standard error; protocol: {judged[0].protocol}"]
    notes += dict.fromkeys(verdict(each) for each in judged)
    notes += missing_notes(judged)
    return Group(table, *(Text(f"\n{note}") for note in notes), *(standing(each) for each in judged if compare))


def cell(score: Score | None) -> str:
    """One accuracy; a dash where there is none."""
    return "–" if score is None else percent(score.value, score.se)


def cell_of_mean(mean: Mean) -> str:
    """A mean, and of how many tasks it is where some are missing."""
    of = "" if mean.complete or mean.value is None else f" ({mean.k} of {mean.of})"
    return percent(mean.value, mean.se) + of


def missing_notes(judged: Sequence[SuiteScores]) -> list[str]:
    """Which tasks have no score for want of data, and where it is said what to fetch."""
    missing = list(dict.fromkeys(name for each in judged for name in each.missing))
    if not missing:
        return []
    return [f"no data for {len(missing)}: {', '.join(missing)}; 'metaprior vtab --status' says what to fetch"]


def standing(scores: SuiteScores) -> Group:
    """A model among the published ones of its protocol; or one line about why it cannot be."""
    lines, reason = comparison(scores)
    if reason:
        return Group(Text(f"\n{scores.model} is not shown among published results: {reason}"))
    table = Table("", "mean of 19", "natural", "specialized", "structured", "mean of groups", box=None, title="")
    for name, numbers, own in lines:
        table.add_row(Text(name, style="bold" if own else ""), *(f"{n:.1f}" if n is not None else "" for n in numbers))
    return Group(table)


def comparison(scores: SuiteScores) -> tuple[list[tuple[str, tuple[float | None, ...], bool]], str]:
    """A model's means in percent among the published ones, the best first; or why they cannot be compared."""
    way: Mapping[str, Any] = scores.encoder.get("way", {})
    if not scores.is_vtab:
        return [], verdict(scores)
    others = comparable(str(way.get("protocol")), str(way.get("setting")))
    if not others:
        return [], f"nothing was published by the protocol {way.get('protocol')}, {way.get('setting')}"
    own = [scores.mean_tasks, *(scores.group(group) for group in scores.groups), scores.mean_groups]
    lines = [(each.model, figures(each), False) for each in others]
    lines.append((scores.model, tuple(100 * (mean.value or 0.0) for mean in own), True))
    return sorted(lines, key=lambda line: -(line[1][0] or 0.0)), ""


def figures(line: Published) -> tuple[float | None, ...]:
    """The means of a published line in percent: of tasks, of each group, of the groups."""
    return line.mean_tasks, *(line.groups or (None, None, None)), line.mean_groups


def published_table(lines: Sequence[Published]) -> Group:
    """Everything that was published, by protocol."""
    head = ("", "setting", "protocol", "mean of 19", "natural", "specialized", "structured", "mean of groups", "source")
    table = Table(*head, box=None, header_style="bold")
    for line in lines:
        numbers = [f"{n:.1f}" if n is not None else "" for n in figures(line)]
        source = line.source + " (from memory)" * line.remembered
        table.add_row(Text(line.model), line.setting, line.protocol, *numbers, Text(source))
    note = (
        "Lines of one protocol and setting may be compared with each other, and with a complete run of that protocol."
    )
    return Group(table, Text(f"\n{note}"))


def status_table(rows: Sequence[Status], folder: Path) -> Group:
    """Which tasks' data are there, a line a task, and below it what to fetch; once for tasks of the same files."""
    marks = {"present": "●", "partial": "◐", "missing": "○"}
    longest = max(len(row.task) for row in rows)
    lines: list[Text | Padding] = []
    before = ""
    for row in rows:
        said = f"read from {row.source}" if row.state == "present" else row.state
        lines.append(Text(f"{marks[row.state]} {row.task:<{longest}}  {said} · licence: {row.licence}"))
        if row.lacks:
            lines.append(Padding(Text(row.lacks), (0, 4)))
        if row.state != "present" and row.fetch:
            fetch = "as above" if row.fetch == before else f"{row.fetch} ({size_of(row.bytes)})"
            lines.append(Padding(Text(f"fetch {fetch}", style="dim"), (0, 4)))
            before = row.fetch
    there = sum(row.state == "present" for row in rows)
    note = f"● there   ◐ in part   ○ missing: {there} of {len(rows)} tasks are there, looked for below {folder}"
    return Group(*lines, Text(f"\n{note}"))


def size_of(count: int) -> str:
    """Bytes in words.

    >>> size_of(28_024_106), size_of(19_021_600_724)
    ('28 MB', '19.0 GB')
    """
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
