"""The command line: parse, call, print. One line for what went wrong, and exit code 2."""

import contextlib
import dataclasses
import io
import itertools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_type_hints

from metaprior.core.errors import MetapriorError, unknown

_USAGE = """\
metaprior: learn, judge and use visual representations when labels are few

  metaprior list       what there is: methods, metrics, data, nets, claims
  metaprior data       which data sets are on this machine, and what to fetch otherwise
  metaprior train      learn a representation into a run folder
  metaprior judge      score a run, or codes of any origin
  metaprior report     a page about one run, or about several side by side
  metaprior reproduce  check a paper's claims

Begin with

  metaprior train s2-beta-vae --data dsprites:size=16 --labels 100 --steps 5000
  metaprior judge disentanglement runs/s2-beta-vae-0
  metaprior report runs/s2-beta-vae-0

'metaprior COMMAND --help' tells the rest, with examples. Every command takes --json (one object on standard
output) and --debug (a traceback where something goes wrong)."""

T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``metaprior`` and exit: 0 done, 2 bad input, 130 stopped by Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    try:
        code = dispatch(given)
        sys.stdout.flush()
    except MetapriorError as fault:
        if debug:
            raise
        print(f"metaprior: error: {fault}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        if debug:
            raise
        print("metaprior: stopped", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as fault:
        if debug:
            raise
        where = f"{fault.filename}: " if fault.filename else ""
        print(f"metaprior: error: {where}{fault.strerror or fault}", file=sys.stderr)
        code = 2
    sys.exit(code)


def dispatch(given: list[str]) -> int:
    """Call the command that the first argument names."""
    if not given or given[0] in ("-h", "--help", "help"):
        print(_USAGE)
        return 0
    if given[0] == "--version":
        from metaprior import __version__

        print(f"metaprior {__version__}")
        return 0
    from metaprior.commands import COMMANDS, train_options

    name, rest = given[0], given[1:]
    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    if name == "train":
        return parse(*train_options(rest), name="train").run()
    return parse(COMMANDS[name], rest, name=name).run()


def parse(kind: type[T], given: list[str], default: T | None = None, *, name: str) -> T:
    """The typed options that the arguments describe; a nested option may be written without its prefix."""
    import tyro

    from metaprior.core.schedule import Scalar, parse_scalar

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

    words = with_prefixes(given, options_of(kind))
    with registry, one_line_faults(words):
        options: dict[str, Any] = {} if default is None else {"default": default}
        return tyro.cli(kind, args=words, prog=f"metaprior {name}", config=(tyro.conf.FlagConversionOff,), **options)


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


if __name__ == "__main__":
    main()
