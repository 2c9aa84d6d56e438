"""``metaprior select``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from metaprior.commands.command import Json, as_json, place, progress, run_folders
from metaprior.core import MetapriorError
from metaprior.data import LabellerName


@dataclass(frozen=True)
class Select:
    """Rank runs and name the best: by a metric on few labels, by held-out labels, or without any.

    Examples:
      metaprior select runs/beta-vae-* --by dci_disentanglement --labels 100
      metaprior select runs/beta-vae-* --by mig --labels 1000 --labeller noisy --label-seed 3
      metaprior select runs/s2-* --by supervised
      metaprior select runs/s2-* --by mig --labels 1000 --label-share 0.9
      metaprior select runs/beta-vae-* --by udr --json
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, place("RUN ...")] = ()
    """Run folders."""
    by: Annotated[str, tyro.conf.arg(metavar="NAME")] = "dci_disentanglement"
    """What to rank by."""
    labels: int | None = None
    """Labelled examples for a metric to look at; by default 100."""
    label_seed: int = 0
    """Seed of the labelled set: the same for all runs."""
    labeller: LabellerName = "perfect"
    """What the labels say of the true factors."""
    label_share: float = 0.0
    """Share of them that the runs trained on, as they were told: a metric looks at the others alone."""
    data: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Data to draw from; by default what each run was trained on."""
    out: Path | None = None
    """A file to keep the ranking in, as JSON."""
    json: Json = False
    """Print one JSON object."""

    @staticmethod
    def notes() -> str:
        """The criteria."""
        from metaprior.study.criteria import criteria_by_name

        criteria = criteria_by_name()
        scores = [name for name, each in criteria.items() if each.looks_at == "labels"]
        unified = [name for name in scores if name.startswith("unified")]
        others = [name for name in scores if name not in unified]
        return (
            "Criteria (--by):\n"
            f"  on labels: {', '.join(others)};\n"
            f"    {unified[0]} to {unified[-1]}: each matrix in each way\n"
            "  supervised: R_sup on the labels that a run held out (train it with --label-share 0.9)\n"
            "  without labels: negative_elbo, reconstruction, kl (nats, 1,000 images);\n"
            "    udr: likeness to runs that differ in their seed alone"
        )

    def run(self) -> int:
        """Rank, keep the ranking, print it."""
        from metaprior.study import Labels, select
        from metaprior.study.selection import write_selection

        count = 100 if self.labels is None else self.labels
        labels = Labels(count, self.label_seed, self.labeller, self.label_share)
        chosen = labels if self.labels is not None or labels != Labels() else None
        with progress("judging runs") as shown:
            selection = select(run_folders(self.runs), self.by, labels=chosen, data=self.data, progress=shown)
        if self.out:
            write_selection(selection, self.out)
        if self.json:
            as_json(selection.to_json())
        else:
            Console().print(ranking(selection))
        if selection.candidates[0].value is None:
            raise MetapriorError(f"no run has a value of '{self.by}': {selection.candidates[0].reason}")
        return 0


def ranking(selection: Any) -> Group:
    """What runs are ranked by, and they in their order with their values; what chance gives, where that is known."""
    labels = selection.labels
    what = f"by {selection.by}, {'larger' if selection.larger_is_better else 'smaller'} is better"
    if labels:
        held = f"{labels.shown} held out of " if labels.shown < labels.count else ""
        what += f", on {held}{labels.count} {labels.labeller} labels of seed {labels.seed}"
    chances = any(each.chance is not None for each in selection.candidates)
    table = Table("", "run", "value", *["by chance"] * chances, box=None, header_style="bold")
    for rank, each in enumerate(selection.candidates, start=1):
        value = f"{each.value:.4f}" if each.value is not None else f"– ({each.reason})"
        chance = [f"{each.chance:.4f}" if each.chance is not None else ""] * chances
        table.add_row("best" if rank == 1 and each.value is not None else str(rank), str(each.run), value, *chance)
    return Group(Text(what), table)
