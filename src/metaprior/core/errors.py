"""What goes wrong because of what a person typed: one clear line each."""

import difflib
from collections.abc import Iterable

MOST = 60
"""Names that an error lists."""


class MetapriorError(Exception):
    """Bad input: the message says what is wrong, why, and what to do. The command line prints it and exits with 2."""


class Diverged(MetapriorError):
    """A training whose loss or weights are no longer finite: other hyper-parameters may do."""


def unknown(kind: str, name: str, known: Iterable[str], within: str = "") -> MetapriorError:
    """An error for a name that is not in a table, with the nearest names that are; it is told as ``within.name``.

    >>> print(unknown("metric", "migg", ["mig", "dci", "sap"]))
    unknown metric 'migg'; did you mean 'mig'?
    >>> print(unknown("metric", "zzzz", ["mig", "dci"]))
    unknown metric 'zzzz'; known: dci, mig
    >>> print(unknown("key", "sed", ["seed", "clip"], within="loop"))
    unknown key 'loop.sed'; did you mean 'seed'?
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
    known_names = ", ".join(names) if len(names) <= MOST else f"{', '.join(names[:MOST])} … ({len(names):,} in all)"
    hint = "did you mean " + " or ".join(f"'{n}'" for n in near) + "?" if near else f"known: {known_names}"
    return MetapriorError(f"unknown {kind} '{within}{'.' * bool(within)}{name}'; {hint}")
