"""Arrays that are made once and kept on the disk."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from metaprior.core import MetapriorError
from metaprior.files import whole

_MAKING = threading.Lock()
"""Held while an array is made: pictures are read by several threads, which would all make the same one."""


def kept(path: Path, make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array in this file, mapped into memory; it is made, and the file written, where there is none yet."""
    if not path.is_file():
        with _MAKING:
            if not path.is_file():
                made = make()
                with whole(path) as temporary, temporary.open("wb") as file:
                    np.save(file, made, allow_pickle=False)
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MetapriorError(f"{path} is damaged ({error}); delete it, and it will be made again") from error
