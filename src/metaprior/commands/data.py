"""``metaprior data``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from metaprior.commands.command import Json, as_json, place


@dataclass(frozen=True)
class Data:
    """Which data sets are on this machine, and what to fetch otherwise; or what one of them holds.

    Examples:
      metaprior data
      metaprior data mnist
      metaprior data folder:path=pictures,size=64
      metaprior data dsprites --render
    """

    name: Annotated[str, tyro.conf.Positional, place("[NAME]")] = ""
    """One data set, with options if it takes any: dsprites:size=32. It is loaded and described."""
    render: Json = False
    """Render a whole world once and keep it under $METAPRIOR_DATA (dSprites at 64 px: 3.0 GB)."""
    json: Json = False
    """Print one JSON object."""

    def run(self) -> int:
        """Print the catalogue, or what one set holds; or render."""
        from metaprior.data import available, contents, describe, load, render_to_disk

        if self.render:
            path = render_to_disk(load(self.name))
            as_json({"path": str(path)}) if self.json else print(f"rendered: {path}")
            return 0
        if not self.name:
            rows = available()
            as_json({"data": rows}) if self.json else print_catalogue(rows)
            return 0
        plain, _, options = self.name.partition(":")
        row = describe(plain)
        can_load = options or (row["present"] and not any(option["required"] for option in row["options"]))
        if can_load:
            row |= contents(self.name)
        as_json({"data": [row]}) if self.json else print_set(self.name, row)
        return 0


def print_catalogue(rows: list[dict[str, Any]]) -> None:
    """Every set in a line."""
    table = Table("", "data set", "what it is", "licence", "otherwise fetch", box=None, header_style="bold")
    for row in rows:
        here = row["present"]
        table.add_row("●" if here else "○", row["name"], row["summary"], row["licence"], "" if here else row["fetch"])
    Console().print(
        table,
        "",
        "● on this machine   ○ to be put under $METAPRIOR_DATA (default ~/.cache/metaprior)",
        "'metaprior data NAME' loads a set and says what it holds and which options it takes.",
    )


def print_set(name: str, row: dict[str, Any]) -> None:
    """One set: what it is, what it holds if it was loaded, its options."""
    console = Console(highlight=False)
    console.print(f"[bold]{escape(name)}[/bold]", soft_wrap=True)
    console.print(escape(row["summary"]))
    table = Table.grid(padding=(0, 2))
    for what, said in [*facts(row), *(("caveat", row["caveat"]),) * bool(row["caveat"])]:
        table.add_row(f" {what}", Text(said))
    console.print("", table)
    if row["options"]:
        console.print("\n[bold]options[/bold]", escape(f"({row['name']}:OPTION=VALUE,OPTION=VALUE)"))
        for option in row["options"]:
            default = "optional" if option["default"] is None else f"default {option['default']}"
            kind = option["type"].removesuffix(" | None")
            console.print(escape(f" {option['name']}: {kind}, {'must be given' if option['required'] else default}"))
    console.print("", escape(re.sub(r"(?<!\n)\n(?!\n|- )", " ", row["about"])), sep="\n")


def facts(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is known of a set, line by line: of its contents too, where it was loaded."""
    yield "licence", row["licence"]
    if not row["present"] and "examples" not in row:
        yield "fetch", f"not on this machine; put {' or '.join(row['files'])} under $METAPRIOR_DATA: {row['fetch']}"
    if row["path"]:
        yield "file", row["path"]
    if "examples" not in row:
        return
    of = ", ".join(f"{count:,} in {split}" for split, count in row["splits"].items())
    times = "once" if row["hidden"] == 1 else f"{row['hidden']:,} times, unlike in what is no factor"
    examples = of or f"{row['examples']:,}, each combination of the factors {times}"
    yield "texts" if row["tokens"] else "examples", examples
    if len(row["splits"]) > 1:
        yield "below", f"of the split '{row['split']}'"
    if row["tokens"]:
        yield "tokens", f"{row['examples']:,} bytes"
    if row["image_shape"]:
        yield "images", "{}×{}×{} (channels, height, width)".format(*row["image_shape"])
    if row["value_shape"]:
        yield "values", "×".join(map(str, row["value_shape"]))
    if row["classes"]:
        yield "classes", f"{len(row['classes'])}: {some(row['classes'])}"
    for i, factor in enumerate(row["factors"]):
        values = f": {some(factor['values'])}" if factor["values"] else ""
        lacking = f" ({factor['missing']:,} missing)" if factor["missing"] else ""
        yield "factors" if i == 0 else "", f"{factor['name']}, {factor['size']} values{values}{lacking}"
    combinations = row["combinations"]
    if combinations and row["splits"]:
        repeated = f", {combinations['repeated']:,} of them more than once" if combinations["repeated"] else ""
        yield "", f"{combinations['present']:,} of {combinations['possible']:,} combinations are there{repeated}"
    missing = row["missing"]
    if missing["factors"]:
        yield "missing", f"{missing['factors']:,} cells in {missing['rows']:,} rows, which scores leave out"
    if missing["labels"]:
        yield "missing", f"{missing['labels']:,} labels"


def some(values: list[str], most: int = 10) -> str:
    """All values if they are few, else the first and the last ones.

    >>> some(list("abcdefgh"), most=4)
    'a, b, c … h'
    """
    return ", ".join(values) if len(values) <= most else f"{', '.join(values[: most - 1])} … {values[-1]}"
