"""The visual task adaptation benchmark in the terminal: models beside each other, data there are, published results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from metaprior.data.vtab import Status
from metaprior.judge.scores import Score
from metaprior.judge.vtab import Mean, SuiteScores
from metaprior.papers.vtab.published import PREPARED_BY, Published, comparable

MEANS = "mean of the tasks"
CELL = len("55.5 ± 10.5")
"""The width of a score."""


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
    cut = f", {len(scores.cut)} on another number of test examples than they have" if scores.cut else ""
    return f"{mean.k} of {mean.of} tasks{cut}: no VTAB score"


def vtab_table(judged: Sequence[SuiteScores], compare: bool = False, width: int = 120) -> Group:
    """Rows are tasks by group and then the means, columns are models; accuracies in percent with standard errors.

    Models that do not fit beside each other in ``width`` characters are told in several tables.
    """
    longest = max(map(len, [MEANS, *judged[0].tasks])) + 4
    fit = max(1, (width - longest - 9) // (CELL + 4))
    tables = [Padding(table_of(judged[i : i + fit], longest), (i > 0, 0, 0, 0)) for i in range(0, len(judged), fit)]
    ways = dict.fromkeys(each.protocol + how(each) for each in judged)
    notes = ["accuracy in %, ± standard error", *(f"protocol: {way}" for way in ways)]
    notes += dict.fromkeys(verdict(each) for each in judged)
    notes += missing_notes(judged)
    notes += caveats(judged) if judged[0].suite == "vtab" else []
    return Group(*tables, *(Text(f"\n{note}") for note in notes), *(standing(each) for each in judged if compare))


def table_of(judged: Sequence[SuiteScores], longest: int) -> Table:
    """Models beside each other; names are folded, not cut, which might make them the same."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2))
    table.add_column("", no_wrap=True, min_width=longest - 2)
    table.add_column("test", justify="right", style="dim", no_wrap=True)
    for scores in judged:
        table.add_column(Text(scores.model), justify="right", overflow="fold", min_width=CELL)
    beside = "\n" if len(judged) > 1 else " "
    for group in judged[0].groups:
        table.add_row(
            Text(group, style="bold"), "", *(Text(cell_of_mean(each.group(group), beside)) for each in judged)
        )
        for name, task in judged[0].tasks.items():
            there = [each.scores.get(name) for each in judged]
            if task.group == group and any(there):
                n = next(score.n for score in there if score)
                table.add_row(f"  {name}", f"{n:,}", *(cell(score) for score in there))
    table.add_row("", "")
    for title, means in (
        (MEANS, [each.mean_tasks for each in judged]),
        ("mean of the groups", [each.mean_groups for each in judged]),
    ):
        cells = (Text(cell_of_mean(mean, beside), style="bold") for mean in means)
        table.add_row(Text(title, style="bold"), "", *cells)
    return table


def how(scores: SuiteScores) -> str:
    """What else a way says, where it is not as usual: several seeds, another precision."""
    way: Mapping[str, Any] = scores.encoder.get("way", {})
    seeds, precision = way.get("seeds", [0]), way.get("precision", "float32")
    told = f"; mean of the seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else ""
    return told + (f"; {precision}" if precision != "float32" else "")


def cell(score: Score | None) -> str:
    """One accuracy; a dash where there is none."""
    return "–" if score is None else percent(score.value, score.se)


def cell_of_mean(mean: Mean, beside: str = " ") -> str:
    """A mean, and of how many tasks it is where some are missing."""
    of = "" if mean.complete or mean.value is None else f"{beside}({mean.k} of {mean.of})"
    return percent(mean.value, mean.se) + of


def missing_notes(judged: Sequence[SuiteScores]) -> list[str]:
    """Which tasks have no score for want of data, and where it is said what to fetch."""
    missing = list(dict.fromkeys(name for each in judged for name in each.missing))
    if not missing:
        return []
    asked = "" if judged[0].suite == "vtab" else f" --suite {judged[0].suite}"
    return [f"no data for {len(missing)}: {', '.join(missing)}; 'metaprior vtab --status{asked}' says what to fetch"]


def caveats(judged: Sequence[SuiteScores]) -> list[str]:
    """How the data of tasks differ from what the benchmark publishes, said once each."""
    found: dict[str, list[str]] = {}
    for each in judged:
        for name, score in each.scores.items():
            if said := score.details.get("caveat"):
                found.setdefault(str(said), []).append(name.removeprefix("standin/"))
    return [f"{', '.join(dict.fromkeys(names))}: {said}" for said, names in found.items()]


def standing(scores: SuiteScores) -> Group:
    """A model among the published ones of its protocol; or one line about why it cannot be."""
    lines, reason = comparison(scores)
    if reason:
        return Group(Text(f"\n{scores.model} is not shown among published results: {reason}"))
    table = table_of_means()
    for name, numbers, own in lines:
        table.add_row(Text(name, style="bold" if own else ""), *map(number, numbers))
    return Group(Text(), table)


def table_of_means() -> Table:
    """The head of a table of models and their means; names are folded, not cut, which might make them the same."""
    means = ("mean\nof 19", "natural", "specialized", "structured", "mean of\ngroups")
    return Table(Column("", overflow="fold"), *(Column(mean, justify="right") for mean in means), box=None)


def number(percent: float | None) -> str:
    """A published accuracy, or nothing."""
    return f"{percent:.1f}" if percent is not None else ""


def comparison(scores: SuiteScores) -> tuple[list[tuple[str, tuple[float | None, ...], bool]], str]:
    """A model's means in percent among the published ones, the best first; or why they cannot be compared."""
    others, reason = peers(scores)
    if reason:
        return [], reason
    own = [scores.mean_tasks, *(scores.group(group) for group in scores.groups), scores.mean_groups]
    lines = [(each.model, figures(each), False) for each in others]
    lines.append((scores.model, tuple(100 * (mean.value or 0.0) for mean in own), True))
    return sorted(lines, key=lambda line: -(line[1][0] or 0.0)), ""


def peers(scores: SuiteScores) -> tuple[Sequence[Published], str]:
    """The published lines that a model may be seen among; or why there are none."""
    way: Mapping[str, Any] = scores.encoder.get("way", {})
    protocol, setting, preset = way.get("protocol"), way.get("setting"), way.get("preset", {}).get("name")
    if not scores.is_vtab:
        return [], verdict(scores)
    if not (found := comparable(str(protocol), str(setting))):
        return [], f"nothing was published by the protocol {protocol}, {setting}"
    theirs = PREPARED_BY.get(str(protocol))
    if theirs is None:
        return [], f"those by {protocol} chose resolution and cropping too, which this library's does not"
    if theirs != preset:
        return [], f"those by {protocol} are of pictures by the preset {theirs}, and these are by {preset}"
    return found, ""


def figures(line: Published) -> tuple[float | None, ...]:
    """The means of a published line in percent: of tasks, of each group, of the groups."""
    return line.mean_tasks, *(line.groups or (None, None, None)), line.mean_groups


def published_table(lines: Sequence[Published]) -> Group:
    """Everything that was published: a table for each protocol and setting, and its sources below."""
    shown: list[Text | Table] = []
    for protocol, setting in dict.fromkeys((line.protocol, line.setting) for line in lines):
        theirs = [line for line in lines if (line.protocol, line.setting) == (protocol, setting)]
        table, sources = table_of_means(), dict[str, list[str]]()
        for line in theirs:
            table.add_row(Text(line.model), *map(number, figures(line)))
            sources.setdefault(line.source + " (from memory)" * line.remembered, []).append(line.model)
        told = [f"{', '.join(models)}: {source}" for source, models in sources.items()]
        told = told if len(told) > 1 else list(sources)
        shown += [Text(f"{protocol}, {setting}", style="bold"), table, Text("\n".join(told) + "\n", style="dim")]
    note = (
        "Lines of one protocol and setting may be compared with each other, and with a complete run of that protocol."
    )
    return Group(*shown, Text(note))


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
