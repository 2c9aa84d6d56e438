"""Arguments → typed options: short names, optional values, a hint for each typo, help with examples."""

import contextlib
import dataclasses
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import tyro

from metaprior.commands.command import below_options
from metaprior.core import MetapriorError, Scalar, parse_scalar, unknown

T = TypeVar("T")
_KINDS = {int: "INT", float: "FLOAT", str: "STR", Path: "PATH"}


def parse(kind: type[T], given: list[str], default: T | None = None, *, name: str) -> T:
    """The typed options that the arguments describe; a nested option may be written without its prefix."""
    registry = tyro.constructors.ConstructorRegistry()

    @registry.primitive_rule
    def scalar(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec | None:
        if info.type != Scalar:
            return None
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar="FLOAT|SCHEDULE",
            instance_from_str=lambda words: parse_scalar(words[0]),
            is_instance=lambda value: isinstance(value, Scalar),
            str_from_instance=lambda value: [str(value)],
        )

    @registry.primitive_rule
    def optional(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec | None:
        kinds = [each for each in get_args(info.type) if each is not type(None)]
        if type(None) not in get_args(info.type) or len(kinds) != 1 or kinds[0] not in _KINDS:
            return None
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar=_KINDS[kinds[0]],
            instance_from_str=lambda words: None if words[0] in ("None", "none") else kinds[0](words[0]),
            is_instance=lambda value: value is None or isinstance(value, kinds[0]),
            str_from_instance=lambda value: [str(value)],
        )

    words = with_prefixes(given, options_of(kind))
    options: dict[str, Any] = {} if default is None else {"default": default}
    flags = (tyro.conf.FlagConversionOff,)
    try:
        with registry, one_line_faults(words):
            return tyro.cli(kind, args=words, prog=f"metaprior {name}", config=flags, **options)
    except SystemExit as stop:
        if not stop.code:
            print("\n" + below_options(kind))
        raise


def options_of(kind: type, prefix: str = "") -> dict[str, type]:
    """The options of a dataclass by their dotted names, with their types."""
    options: dict[str, type] = {}
    hints = get_type_hints(kind)
    for each in dataclasses.fields(kind):
        if dataclasses.is_dataclass(hints[each.name]):
            options |= options_of(hints[each.name], f"{prefix}{each.name}.")
        else:
            options[prefix + each.name] = hints[each.name]
    return options


def with_prefixes(given: list[str], options: dict[str, type]) -> list[str]:
    """``--beta 8`` as ``--method.beta 8`` where only one option ends so; flags get their value; typos get a hint.

    >>> with_prefixes(["--beta", "8", "--json"], {"method.beta": float, "json": bool})
    ['--method.beta', '8', '--json', 'True']
    """
    words = []
    for place, word in enumerate(given):
        match = re.fullmatch(r"--([A-Za-z][\w.-]*)(=.*)?", word, flags=re.DOTALL)
        if not match or word == "--help":
            words.append(word)
            continue
        name, value = match[1].replace("-", "_"), match[2] or ""
        fitting = [option for option in options if option == name] or [
            option for option in options if option.rpartition(".")[2] == name
        ]
        if not fitting:
            shown = sorted({option.rpartition(".")[2].replace("_", "-") for option in options} | {"help"})
            raise unknown("option", f"--{match[1]}", (f"--{option}" for option in shown))
        words.append(f"--{fitting[0].replace('_', '-')}{value}")
        following = given[place + 1] if place + 1 < len(given) else ""
        if options[fitting[0]] is bool and not value and following not in ("True", "False"):
            words.append("True")
    return words


@contextlib.contextmanager
def one_line_faults(words: list[str]) -> Iterator[None]:
    """What the option parser says in a box, as one line."""
    if {"-h", "--help"} & set(words):
        yield
        return
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            yield
    except SystemExit as stop:
        if not stop.code:
            raise
        told = [line.strip("│|╭╮╰╯─- \t") for line in box.getvalue().splitlines()]
        told = list(itertools.takewhile(lambda line: "helptext" not in line, filter(None, told)))[1:]
        raise MetapriorError(" ".join(told) or "these options cannot be understood; see --help") from None
