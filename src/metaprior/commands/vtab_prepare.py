"""``metaprior vtab prepare``."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import tyro
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from metaprior.commands.command import Json, as_json
from metaprior.commands.vtab_folder import chosen_tasks, progress_of_tasks, vtab_folder
from metaprior.core import MetapriorError


@dataclass(frozen=True)
class Prepare:
    """Build the splits of the tasks on the disk, from whatever sources are there; nothing is downloaded.

    Examples:
      metaprior vtab prepare --data-dir ~/downloads --out ~/vtab-1k
      metaprior vtab prepare --data-dir ~/downloads --out ~/vtab-1k --tasks pets dtd
      metaprior vtab prepare --suite vtab-desk --out desk
    """

    recipe: ClassVar[str] = "prepare"
    out: Path | None = None
    """Where to build them: a folder a task, in the layout of the community's vtab-1k, with lossless pictures."""
    suite: Literal["vtab", "vtab-desk"] = "vtab"
    """The 19 tasks, or the stand-ins."""
    tasks: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ()
    """Some of them; by default all whose data are there."""
    setting: Literal["1k", "full"] = "1k"
    """The 1,000 training examples, or all there are."""
    data_dir: Path | None = None
    """Where the sources lie; by default vtab below $METAPRIOR_DATA."""
    quiet: Json = False
    """Show no progress."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Write what is there; tell of each task what became of it."""
        from metaprior.data.vtab import prepare

        if self.out is None:
            raise MetapriorError("say where to build the splits: metaprior vtab prepare --out DIR")
        chosen = chosen_tasks(self.suite, self.tasks)
        with self.shown() as told:
            done = prepare(vtab_folder(self.data_dir), self.out.expanduser(), chosen, self.setting, told)
        if self.json:
            as_json({"prepared": [{**dataclasses.asdict(each), "path": str(each.path)} for each in done]})
        else:
            Console().print(prepared_table(done))
        absent = [each for each in done if each.state in ("missing", "failed")]
        failed = any(each.state == "failed" for each in done)
        return 2 if failed or len(absent) == len(done) or (self.tasks and absent) else 0

    @contextmanager
    def shown(self) -> Iterator[Any]:
        """A bar on standard error: which task, and how many of its pictures are written."""
        with progress_of_tasks("preparing", self.quiet) as bar:
            yield lambda task, done, of: bar(task, "pictures", done, of)


def prepared_table(done: Sequence[Any]) -> Group:
    """What became of each task."""
    table = Table(box=None, header_style="bold")
    for title in ("task", "", "pictures"):
        table.add_column(title, no_wrap=True)
    table.add_column("where, or why not", overflow="fold")
    for each in done:
        pictures = f"{each.pictures:,}" if each.pictures else ""
        table.add_row(each.task, each.state, pictures, Text(each.reason or str(each.path)))
    count = sum(each.state in ("written", "there") for each in done)
    return Group(table, Text(f"\n{count} of {len(done)} tasks are prepared"))
