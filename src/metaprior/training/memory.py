"""Memory of what a CPU does over and over: what one step frees, the next one takes again."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's malloc.h
_LARGEST_MMAP_THRESHOLD = 32 * 2**20  # glibc accepts no more


def keep_freed_memory() -> None:
    """Ask glibc to keep freed memory for the next step instead of giving it back to the system; no-op elsewhere.

    By default every step may give back tens of megabytes and fault them in anew, page by page: a quarter of a step's
    time, in some processes and not in others (docs/decisions/006-convolutions.md). It holds for the whole process.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
