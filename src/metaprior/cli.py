"""The command line: parse, call, print. One line for what went wrong, and exit code 2."""

import os
import sys
from collections.abc import Sequence

from metaprior import __version__

_USAGE = """\
metaprior: learn, judge and use visual representations when labels are few

  metaprior list       what there is: methods, metrics, data, nets, claims
  metaprior data       which data sets are on this machine, and what to fetch otherwise
  metaprior train      learn a representation into a run folder
  metaprior judge      score a run, or codes of any origin
  metaprior select     rank runs, and name the best, by a few labels
  metaprior pipeline   train a cohort, select by a few labels, judge what was selected
  metaprior study      train, judge and validate thousands of models from one file
  metaprior report     a page about one run, or about several side by side
  metaprior visualize  pictures, animations and figures of a run, as files
  metaprior vtab       judge any encoder by the Visual Task Adaptation Benchmark, or by stand-ins for it
  metaprior sample     images that a run's model makes, as a sheet, an array or files
  metaprior reproduce  check a paper's claims

Begin with

  metaprior train s2-beta-vae --labels 100 --steps 5000 --lr 1e-3 \\
      --data dsprites:size=16,orientation=4,position_x=8,position_y=8
  metaprior judge disentanglement runs/s2-beta-vae-0
  metaprior report runs/s2-beta-vae-0

'metaprior COMMAND --help' tells the rest, with examples. Every command takes --json (one object on standard
output) and --debug (a traceback where something goes wrong)."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``metaprior`` and exit: 0 done, 2 bad input, 130 stopped by Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    if said := told_at_once(given):
        print(said)
        sys.exit(0)
    try:
        code = outcome(given, debug)
    except KeyboardInterrupt:
        if debug:
            raise
        print("metaprior: stopped", file=sys.stderr)
        code = 130
    sys.exit(code)


def outcome(given: list[str], debug: bool) -> int:
    """Call the command, and say in one line what went wrong: the exit code."""
    from metaprior.core.errors import MetapriorError  # takes a second, in which Ctrl-C may be pressed

    try:
        code = dispatch(given)
        sys.stdout.flush()
        return code
    except MetapriorError as fault:
        if debug:
            raise
        said = str(fault)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as fault:
        if debug:
            raise
        where = f"{fault.filename}: " if fault.filename else ""
        said = f"{where}{fault.strerror or fault}"
    except Exception as fault:
        if debug:
            raise
        said = f"{unforeseen(fault)}; --debug shows where"
    print(f"metaprior: error: {said}", file=sys.stderr)
    return 2


def unforeseen(fault: Exception) -> str:
    """One line about a fault that no command foresaw: what it was, and the last own line of code it came from."""
    said = " ".join(str(fault).split())
    place = fault.__traceback__
    while place is not None and place.tb_next is not None and "torch" not in place.tb_next.tb_frame.f_code.co_filename:
        place = place.tb_next
    where = f" ({os.path.basename(place.tb_frame.f_code.co_filename)}, line {place.tb_lineno})" if place else ""
    return f"{type(fault).__name__}{where}: {said[:300] or 'no more is known'}"


def told_at_once(given: list[str]) -> str | None:
    """What needs no command, and so no PyTorch, whose import takes seconds: how to use this, and the version."""
    if not given or given[0] in ("-h", "--help", "help"):
        return _USAGE
    return f"metaprior {__version__}" if given[0] == "--version" else None


def dispatch(given: list[str]) -> int:
    """Call the command that the first argument names."""
    from metaprior.commands import COMMANDS, parse
    from metaprior.core import unknown

    name, rest = given[0], given[1:]
    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    kind, default = COMMANDS[name], None
    if of_method := getattr(kind, "of_method", None):  # its options depend on the method, the first argument
        kind, rest, default = of_method(rest)
        name = f"{name} {kind.recipe}".rstrip()
    return parse(kind, rest, default, name=name).run()


if __name__ == "__main__":
    main()
