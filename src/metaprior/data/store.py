"""Where data lie on this machine, and whether they are what they should be."""

import json
import os
from contextlib import suppress
from pathlib import Path

from metaprior import files
from metaprior.core import MetapriorError


def home() -> Path:
    """``$METAPRIOR_DATA``, or ``~/.cache/metaprior``."""
    return Path(os.environ.get("METAPRIOR_DATA") or "~/.cache/metaprior").expanduser()


def find(file: str) -> Path | None:
    """The file or folder under ``$METAPRIOR_DATA``, or in ``../shared/data`` beside the checkout or where you are."""
    beside = [Path(__file__).parents[4], Path.cwd().parent]
    folders = [home(), *(parent / "shared" / "data" for parent in beside)]
    return next((folder / file for folder in folders if (folder / file).exists()), None)


def locate(name: str, file: str, fetch: str) -> Path:
    """The file of data set ``name``, or an error that says what to put where."""
    path = find(file)
    if path is None:
        raise missing(name, file, fetch)
    return path


def missing(name: str, file: str, fetch: str) -> MetapriorError:
    """The error for a data set whose file is nowhere."""
    return MetapriorError(
        f"data set '{name}' is not on this machine; put {file} under $METAPRIOR_DATA ({home()}): {fetch}"
    )


def verify(path: Path, sha256: str) -> None:
    """Raise unless the file has this SHA-256; a file of unchanged size and time is read only once."""
    notes = home() / "verified.json"
    state = path.stat()
    entry = [state.st_size, state.st_mtime_ns, sha256]
    known = {}
    with suppress(OSError, ValueError):
        known = json.loads(notes.read_text())
    if known.get(str(path.resolve())) == entry:
        return
    found = files.sha256(path)
    if found != sha256:
        raise MetapriorError(
            f"{path} is damaged or another version (SHA-256 {found[:12]}… in place of {sha256[:12]}…); fetch it again"
        )
    with suppress(MetapriorError), files.whole(notes) as temporary:
        temporary.write_text(json.dumps(known | {str(path.resolve()): entry}, indent=1))
