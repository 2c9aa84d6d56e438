"""Scores as a table for the terminal: of one judgement, or of a few runs beside each other."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from metaprior.judge import Scores
from metaprior.metrics import less_is_better
from metaprior.report.beside import names_beside
from metaprior.report.scores import LESS, by_heart, rows, seen, unjudged
from metaprior.report.view import RunView
from metaprior.report.words import number, signed

SEEN = "The model was trained on these very examples: the scores say nothing of new ones."
FLOOR = "floor: what as many of the data's own images score against the others."


def judgement(scores: Scores) -> Group:
    """The scores of one model; what chance gives, and what is possible or to be expected at best, where it is known."""
    found = scores.scores
    chances = any(score.chance is not None for score in found.values())
    ceilings = any(score.details.get("ceiling") is not None for score in found.values())
    floors = any(score.details.get("floor") is not None for score in found.values())
    protocols = dict.fromkeys(score.protocol for score in found.values())
    several = len(protocols) > 1
    head = [
        "",
        "",
        *["by chance"] * chances,
        *["at most"] * ceilings,
        *["floor"] * floors,
        "n",
        *["rows"] * chances,
        *["protocol"] * several,
    ]
    table = Table(*head, box=None, header_style="bold")
    for name, score in found.items():
        ceiling, floor = (score.details.get(name) for name in ("ceiling", "floor"))
        table.add_row(
            Text(name + " ↓" * less_is_better(name)),  # no markup: FD[pixels-3bf97439]
            f"{score.value:.3f}" if score.value is not None else f"– ({score.reason})",
            *[f"{score.chance:.3f}" if score.chance is not None else ""] * chances,
            *[f"{ceiling:.3f}" if ceiling is not None else ""] * ceilings,
            *[f"{floor:.3f}" if floor is not None else ""] * floors,
            str(score.n),
            *[str(score.rows)] * chances,
            *[score.protocol] * several,
        )
    below = [] if several else [Text(f"\nprotocol: {protocol}") for protocol in protocols]
    known = by_heart((name, score.details.get("test_seen")) for name, score in found.items())
    notes = [SEEN] * scores.seen + [LESS] * any(map(less_is_better, found)) + [FLOOR] * floors + known
    return Group(table, *below, *(Text(f"\n{note}") for note in notes))


def score_table(runs: Sequence[RunView]) -> Group:
    """Rows are metrics, columns are runs; then, where they are known, what chance gives, the ceiling and, for two runs
    judged alike, the difference. Runs without scores come with the command that judges them."""
    all_rows = rows(runs)
    found = [row for row in all_rows if row.of_all] or all_rows
    below = [LESS] * any(row.less_is_better for row in found) + seen(runs, found)
    if more := len(all_rows) - len(found):
        told = "score is of some runs alone; it is" if more == 1 else "scores are of some runs alone; they are"
        below.append(f"{more} more {told} on the page.")
    if to_judge := unjudged(runs):
        below += ["No scores yet. To judge:" if not found else "Not judged yet:", *(f"  {line}" for line in to_judge)]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2))
    table.add_column("")
    for head in names_beside(runs):
        table.add_column(Text("\n".join(head)), justify="right")
    chances = any(chance is not None for row in found for chance in row.chances)
    ceilings = any(row.ceiling is not None for row in found)
    for name in ["by chance"] * chances + ["at most"] * ceilings:
        table.add_column(name, justify="right", style="dim")
    if len(runs) == 2:
        table.add_column("difference", justify="right")
    several = len({row.protocol.removesuffix("-sampled") for row in found}) > 1
    for row in found:
        cells = [Text(number(value)) for value in row.values]
        name = f"{row.label}  ({row.protocol})" if several else row.label
        line = [Text(name), *cells]
        line += [Text(row.same("chance"))] * chances
        line += [Text(number(row.ceiling) if row.ceiling is not None else "")] * ceilings
        if len(runs) == 2:
            line.append(Text(signed(row.difference), style="bold") if row.difference is not None else Text(""))
        table.add_row(*line)
    return Group(*[table] * bool(found), *map(Text, below))
