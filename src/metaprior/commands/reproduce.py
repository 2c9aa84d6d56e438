"""``metaprior reproduce``."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from metaprior.commands.command import Json, as_json, place
from metaprior.commands.study import shown, tell_cost
from metaprior.core import MetapriorError, unknown


@dataclass(frozen=True)
class Reproduce:
    """Check a paper's claims: each an experiment with a rule that was fixed before it ran.

    Examples:
      metaprior reproduce disentangle
      metaprior reproduce disentangle --claim few-labels-beat-none --json
      metaprior reproduce disentangle --scale gpu --dry-run
    """

    paper: Annotated[str, tyro.conf.Positional, place("PAPER")] = ""
    """Whose claims: the part before the / in the list below."""
    scale: Annotated[str, tyro.conf.arg(metavar="SCALE")] = "smoke"
    """How large the experiments are; the list below says which scales each claim is written at."""
    claim: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Only this claim: PAPER/ID, ID or its number."""
    out: Path = Path("runs/reproduce")
    """Where the experiments keep their models; finished ones are used again, a stopped one goes on."""
    dry_run: Json = False
    """Count the models and estimate what they cost, from a few timed steps; train nothing."""
    workers: int | None = None
    """Processes of one thread each; by default one a core, and at the scale smoke this process alone."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object."""

    @staticmethod
    def notes() -> str:
        """The claims of each paper, and the scales that they are written at."""
        from metaprior.papers import PAPERS

        told = []
        for paper, claims in PAPERS.items():
            scales = dict.fromkeys(scale for claim in claims.values() for scale in claim.scales)
            lines = [f"{claim.number or '':>4} {claim.id}" for claim in claims.values()]
            told.append("\n".join([f"Claims of {paper}, at the scales {', '.join(scales)}:", *lines]))
        return "\n\n".join(told)

    def run(self) -> int:
        """Run the claims that have this scale and print their verdicts."""
        from metaprior.papers import check, together

        paper, chosen = self.chosen()
        if self.dry_run:
            return tell_cost(together(chosen, self.scale), self.quiet, self.json)  # pyright: ignore
        usual = 0 if self.scale == "smoke" else os.cpu_count() or 1
        workers = usual if self.workers is None else self.workers
        with shown(f"{paper}, {self.scale}", self.quiet) as report:
            results = check(chosen, self.scale, self.out / paper, workers, report)  # pyright: ignore
        if self.json:
            as_json({"claims": results})
            return 0
        table = Table("claim", "published", "measured", "rule", "verdict", box=None, header_style="bold")
        for result in results:
            found = result["measured"].items()
            measured = ", ".join(f"{name} {v:.3f}" if isinstance(v, float) else f"{name} {v}" for name, v in found)
            verdict = result["verdict"] + (f": {result['reason']}" if result["reason"] else "")
            table.add_row(result["statement"], result["published"] or "", measured, result["rule"], verdict)
        Console().print(table)
        return 0

    def chosen(self) -> tuple[str, list[Any]]:
        """The paper, and its claims that were asked for and are written at this scale."""
        from metaprior.papers import PAPERS

        before, _, id = (self.claim or "").rpartition("/")
        paper = self.paper or before
        if not paper:
            names = ", ".join(PAPERS)
            raise MetapriorError(f"say which paper: metaprior reproduce PAPER, where PAPER is one of {names}")
        if paper not in PAPERS:
            raise unknown("paper", paper, PAPERS)
        claims = PAPERS[paper]
        id = next((name for name, claim in claims.items() if id == str(claim.number)), id)
        if self.claim is not None and (id not in claims or before not in ("", paper)):
            raise unknown("claim", self.claim, [f"{paper}/{name}" for name in claims] if before else claims)
        asked = [claims[id]] if id else list(claims.values())
        chosen = [claim for claim in asked if self.scale in claim.scales]
        if not chosen:
            scales = list(dict.fromkeys(scale for claim in asked for scale in claim.scales))
            what = f"the claim {id}" if id else f"no claim of {paper}"
            verb = "is not written" if id else "is written"
            raise MetapriorError(f"{what} {verb} at the scale '{self.scale}'; there is {', '.join(scales)}")
        return paper, chosen
