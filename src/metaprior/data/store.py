"""Where data lie on this machine, whether they are what they should be, and files that are whole or not there."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from metaprior.core import MetapriorError


def home() -> Path:
    """``$METAPRIOR_DATA``, or ``~/.cache/metaprior``."""
    return Path(os.environ.get("METAPRIOR_DATA") or "~/.cache/metaprior").expanduser()


def find(file: str) -> Path | None:
    """The file under ``$METAPRIOR_DATA``, or in ``../shared/data`` beside the checkout or the current directory."""
    beside = [Path(__file__).parents[4], Path.cwd().parent]
    folders = [home(), *(parent / "shared" / "data" for parent in beside)]
    return next((folder / file for folder in folders if (folder / file).is_file()), None)


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
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise MetapriorError(
            f"{path} is damaged or another version (SHA-256 {found[:12]}… in place of {sha256[:12]}…); fetch it again"
        )
    with suppress(MetapriorError), written(notes) as file:
        file.write(json.dumps(known | {str(path.resolve()): entry}, indent=1).encode())


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that appears under its name only when it is complete and on the disk.

    If anything goes wrong nothing is left behind; what a killed process left is removed by the next writer.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise MetapriorError(f"cannot write {path}: {error.strerror or error}; nothing was left behind") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _sweep(path: Path) -> None:
    """Remove partial files of writers that are no more."""
    for left in path.parent.glob(f"{path.name}.*.partial"):
        owner = left.name.split(".")[-2]
        if owner.isdigit() and not _alive(int(owner)):
            left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
