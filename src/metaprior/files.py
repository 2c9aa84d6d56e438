"""Files that are whole or not there: written to a temporary name, synced, renamed."""

import contextlib
import errno
import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from metaprior.core.errors import MetapriorError


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target`` that takes its name when the block ends well, and goes away otherwise.

    A file or a folder may be made there. A full disk becomes a one-line error. What a killed writer left behind is
    removed by the next one. Links are followed; a device or a pipe is refused.
    """
    target = target.resolve()
    if target.exists() and not (target.is_file() or target.is_dir()):
        raise MetapriorError(f"cannot write {target}: it is neither a file nor a folder")
    temporary = target.with_name(f"{_beginning(target)}{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        yield temporary
        for each in temporary.glob("*"):
            sync(each)
        sync(temporary)
        if temporary.is_dir() and target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
        with contextlib.suppress(OSError):  # the file is whole and in its place, also where folders cannot be synced
            sync(target.parent)
    except BaseException as fault:
        _remove(temporary)
        if isinstance(fault, OSError):
            raise unwritable(target, fault) from fault
        if system := re.search(r"os error (\d+)", str(fault)):  # safetensors wraps the system's error in its own
            number = int(system[1])
            raise unwritable(target, OSError(number, os.strerror(number))) from fault
        raise


def unwritable(target: Path, fault: OSError) -> MetapriorError:
    """The error for a path that cannot be written."""
    full = fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    hint = "; free some space, or write elsewhere" if full else ""
    return MetapriorError(f"cannot write {target}: {fault.strerror or fault}; nothing was left behind{hint}")


def sync(path: Path) -> None:
    """Make a file, or a folder's list of names, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beginning(target: Path) -> str:
    return f".{target.name}.{platform.node()}."  # a process number says nothing on another machine


def _sweep(target: Path) -> None:
    """Remove what writers of this file on this machine left that are no more."""
    for left in target.parent.iterdir():
        if left.name.startswith(_beginning(target)):
            owner = left.name.removeprefix(_beginning(target)).removesuffix(".tmp")
            if owner.isdigit() and not _alive(int(owner)):
                _remove(left)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
