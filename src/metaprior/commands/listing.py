"""``metaprior list``."""

from dataclasses import dataclass
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from metaprior.commands.command import Json, as_json, place
from metaprior.core import unknown

_ROOM = 60
"""Characters that what is said of a name needs beside it."""


@dataclass(frozen=True)
class List:
    """What there is: methods, metrics, data, nets, tasks, claims.

    Examples:
      metaprior list
      metaprior list methods
      metaprior list claims --json
    """

    kind: Annotated[str, tyro.conf.Positional, place("[KIND]")] = "all"
    """methods, metrics, data, nets, tasks or claims; all of them without one."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Print the tables."""
        found = everything()
        if self.kind != "all":
            if self.kind not in found:
                raise unknown("kind", self.kind, ["all", *found])
            found = {self.kind: found[self.kind]}
        if self.json:
            as_json(found)
            return 0
        console = Console()
        for kind, rows in found.items():
            console.print(f"[bold]{kind}[/bold]")
            print_rows(console, rows)
            console.print()
        return 0


def print_rows(console: Console, rows: list[dict[str, Any]]) -> None:
    """Name, summary and paper of each; a name is never cut, and has a line of its own where it must."""
    if not rows:
        console.print(" none yet")
        return
    longest = max(len(row["name"]) for row in rows)
    if console.width >= longest + _ROOM:
        table = Table(box=None, show_header=False)
        table.add_column(no_wrap=True, min_width=longest)
        for row in rows:
            table.add_row(row["name"], row["summary"], row["paper"] or "")
        console.print(table)
        return
    for row in rows:
        console.print(f" {row['name']}", soft_wrap=True)
        console.print(Padding(" · ".join(filter(None, (row["summary"], row["paper"]))), (0, 3)))


def everything() -> dict[str, list[dict[str, Any]]]:
    """All that can be named, by kind."""
    from metaprior.data import CATALOGUE
    from metaprior.data.vtab import SUITES
    from metaprior.methods import RECIPES
    from metaprior.metrics import METRICS
    from metaprior.nets import AUTOENCODERS
    from metaprior.papers import PAPERS
    from metaprior.papers.ae_review import meta_priors_of, to_come

    def first_line(thing: Any) -> str:
        return (thing.__doc__ or "").strip().splitlines()[0]

    return {
        "methods": [
            *(
                {"name": n, "summary": r.summary, "paper": r.paper, "meta_priors": meta_priors_of(n), "here": True}
                for n, r in RECIPES.items()
            ),
            *(
                {
                    "name": work.name,
                    "summary": "still to come",
                    "paper": work.paper,
                    "meta_priors": work.meta_priors,
                    "here": False,
                }
                for work in to_come()
            ),
        ],
        "metrics": [
            {"name": score, "summary": summary, "paper": metric.paper}
            for metric in METRICS.values()
            for score, summary in metric.scores.items()
        ],
        "data": [{"name": n, "summary": e.summary, "paper": None} for n, e in CATALOGUE.items()],
        "nets": [{"name": n, "summary": first_line(net), "paper": None} for n, net in AUTOENCODERS.items()],
        "tasks": [
            {"name": task.name, "summary": f"{task.group}: {task.summary}", "paper": suite}
            for suite, tasks in SUITES.items()
            for task in tasks.values()
        ],
        "claims": [
            {"name": f"{paper}/{claim.id}", "summary": claim.statement, "paper": claim.source}
            for paper, claims in PAPERS.items()
            for claim in claims.values()
        ],
    }
