"""Arrays that are made once and kept on the disk, behind a checksum: a file that was altered is as good as none."""

import hashlib
import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from metaprior.data.vtab.once import once_per_file
from metaprior.files import whole

CHECKSUM = 16
"""Bytes of it that follow what NumPy writes of an array, and that NumPy passes over when it reads the file."""
_MAKING = threading.Lock()
"""Held while an array is made: pictures are read by several threads, which would all make the same one."""


def kept(path: Path, make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array in this file; it is made, and the file written, where there is none yet or it is damaged."""
    found = _read_once(path)
    if found is None:
        with _MAKING:
            found = _read_once(path)
            if found is None:
                found = make()
                write_array(path, found)
    return found


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array, all of it or nothing."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    with whole(path) as temporary:
        temporary.write_bytes(content.getvalue() + _checksum(content.getvalue()))


def read_array(path: Path) -> np.ndarray | None:
    """What :func:`write_array` wrote, mapped into memory; None where there is no such file, or another."""
    try:
        held = path.read_bytes()
    except OSError:
        return None
    if _checksum(held[:-CHECKSUM]) != held[-CHECKSUM:]:
        return None
    return np.load(path, mmap_mode="r", allow_pickle=False)


_read_once = once_per_file(maxsize=256)(read_array)


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=CHECKSUM).digest()
