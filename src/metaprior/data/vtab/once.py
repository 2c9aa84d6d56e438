"""What is read once and kept: of a file until it changes, of anything else for good."""

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

Content = TypeVar("Content")


def once_per_file(maxsize: int) -> Callable[[Callable[[Path], Content]], Callable[[Path], Content]]:
    """Keep what a function of a path gave for the last few files; a file of another size or time is read again."""

    def decorate(read: Callable[[Path], Content]) -> Callable[[Path], Content]:
        @lru_cache(maxsize=maxsize)
        def kept(path: Path, size: int, time: int) -> Content:
            return read(path)

        @wraps(read)
        def of_file(path: Path) -> Content:
            if not path.is_file():
                return read(path)  # which says what is wrong
            state = path.stat()
            return kept(path, state.st_size, state.st_mtime_ns)

        return of_file

    return decorate


def once(read: Callable[[], Content]) -> Callable[[], Content]:
    """Keep what a function gives; threads that ask meanwhile wait for it, rather than read the same a second time."""
    reading = threading.Lock()
    kept = lru_cache(maxsize=1)(read)

    @wraps(read)
    def of_first() -> Content:
        with reading:
            return kept()

    return of_first
