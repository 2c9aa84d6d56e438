"""``metaprior data``."""

from dataclasses import dataclass
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from metaprior.commands.command import Json, as_json, place
from metaprior.core import unknown


@dataclass(frozen=True)
class Data:
    """Which data sets are on this machine, and what to fetch otherwise.

    Examples:
      metaprior data
      metaprior data mnist
      metaprior data dsprites --render
    """

    name: Annotated[str, tyro.conf.Positional, place("[NAME]")] = ""
    """One data set, with options if it takes any: dsprites:size=32."""
    render: Json = False
    """Render a whole world once and keep it under $METAPRIOR_DATA (dSprites at 64 px: 3.0 GB)."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Print the catalogue, or one row of it; or render."""
        from metaprior.data import available, load, render_to_disk

        plain = self.name.partition(":")[0]
        rows = available()
        if self.name and plain not in [row["name"] for row in rows]:
            raise unknown("data set", plain, [row["name"] for row in rows])
        if self.render:
            path = render_to_disk(load(self.name))
            as_json({"path": str(path)}) if self.json else print(f"rendered: {path}")
            return 0
        chosen = [row for row in rows if not self.name or row["name"] == plain]
        if self.json:
            as_json({"data": chosen})
            return 0
        table = Table("", "data set", "what it is", "licence", "otherwise fetch", box=None, header_style="bold")
        for row in chosen:
            here = row["present"]
            fetch = "" if here else row["fetch"]
            table.add_row("●" if here else "○", row["name"], row["summary"], row["licence"], fetch)
        Console().print(table, "", "● on this machine   ○ to be put under $METAPRIOR_DATA (default ~/.cache/metaprior)")
        return 0
