"""``metaprior report``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from metaprior.commands.command import Json, as_json, place, run_folders
from metaprior.core import MetapriorError


@dataclass(frozen=True)
class Report:
    """A page about one run, or about several side by side.

    Examples:
      metaprior report runs/s2-beta-vae-0
      metaprior report runs/s2-beta-vae-0 runs/beta-vae-0 --out comparison.html
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, place("RUN ...")] = ()
    """Run folders."""
    out: Path | None = None
    """The page; by default report.html in the (last) run's folder."""
    json: Json = False
    """Print one JSON object with the page's path."""

    def run(self) -> int:
        """Write the page, print the table of scores and the path."""
        from metaprior.report import score_table, view_run, write_report

        if not self.runs:
            raise MetapriorError("say which run: metaprior report runs/s2-beta-vae-0")
        folders = run_folders(self.runs)
        views = [view_run(folder) for folder in folders]
        path = write_report(views, self.out or folders[-1] / "report.html")
        if self.json:
            as_json({"report": str(path)})
            return 0
        Console().print(score_table(views), f"\nreport: {path}", soft_wrap=True)
        return 0
