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
    """A page about one run, about several side by side, or about a study.

    Examples:
      metaprior report runs/s2-beta-vae-0
      metaprior report runs/s2-beta-vae-0 runs/beta-vae-0 --out comparison.html
      metaprior report studies/few-labels
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, place("RUN ...")] = ()
    """Run folders, or the folder of one study."""
    out: Path | None = None
    """The page; by default report.html in the study's or the (last) run's folder."""
    json: Json = False
    """Print one JSON object with the page's path."""

    def run(self) -> int:
        """Write the page, print the table of scores and the path."""
        from metaprior.report import score_table, view_run, write_report
        from metaprior.study.results import is_study
        from metaprior.training import Run

        if not self.runs:
            raise MetapriorError("say which run: metaprior report runs/s2-beta-vae-0")
        folders = run_folders(self.runs)
        if studies := [folder for folder in folders if is_study(folder)]:
            if len(folders) > 1:
                raise MetapriorError(f"{studies[0]} is a study, which has a page of its own; name it alone")
            return self.of_study(studies[0])
        for folder in folders:
            if not Run(folder).begun:
                why = "it holds neither config.json nor results" if folder.exists() else "there is no such folder"
                raise MetapriorError(f"{folder} is neither a run nor a study: {why}")
        views = [view_run(folder) for folder in folders]
        path = write_report(views, self.out or folders[-1] / "report.html")
        if self.json:
            as_json({"report": str(path)})
            return 0
        Console().print(score_table(views), f"\nreport: {path}", soft_wrap=True)
        return 0

    def of_study(self, folder: Path) -> int:
        """Write the page of a study, print it in one sentence and the path."""
        from metaprior.report import view_study, write_study_report
        from metaprior.report.study_page import summary

        study = view_study(folder)
        path = write_study_report(study, self.out or folder / "report.html")
        if self.json:
            as_json({"report": str(path)})
            return 0
        Console().print(summary(study), f"\nreport: {path}", soft_wrap=True, highlight=False, markup=False)
        return 0
