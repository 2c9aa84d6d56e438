"""The order in which TFDS stores the examples of a split: by the MD5 of a salt and the example's key."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import md5

import numpy as np
from jaxtyping import Int64, UInt64


def stored_order(keys: Sequence[str], salt: str) -> Int64[np.ndarray, " n"]:
    """The places of ``keys`` in the order that TFDS stores them in: ascending MD5 of ``salt`` and the key.

    The salt is the name of the split, ``train``, ``validation`` or ``test``; whole numbers are keys in decimal. Shards
    are contiguous ranges of that order, so that a slice ``train[a:b]`` of TFDS is ``stored_order(keys, "train")[a:b]``
    as a set.

    Source: TFDS 4.9.10, ``core/hashing.py``, ``shuffle.py``; 1.3 of the card. The first of CIFAR's 50,000:

    >>> stored_order([str(i) for i in range(50_000)], "train")[:3].tolist()
    [16399, 1680, 47917]
    """
    high, low = _hashes(keys, salt)
    return np.lexsort((low, high))


def is_stored_order(keys: Sequence[str], salt: str) -> bool:
    """Whether keys stand in the order that TFDS stores them in.

    >>> is_stored_order(["16399", "1680", "47917"], "train"), is_stored_order(["1680", "16399"], "train")
    (True, False)
    """
    high, low = _hashes(keys, salt)
    rising = (high[:-1] < high[1:]) | ((high[:-1] == high[1:]) & (low[:-1] < low[1:]))
    return bool(rising.all())


@lru_cache(maxsize=8)
def stored_order_of_numbers(count: int, salt: str) -> Int64[np.ndarray, " n"]:
    """The order of the keys 0, 1 … count - 1; dSprites' 737,280 take about a second once, and the result is kept."""
    order = stored_order(list(map(str, range(count))), salt)
    order.flags.writeable = False
    return order


def _hashes(keys: Sequence[str], salt: str) -> UInt64[np.ndarray, "2 n"]:
    """The 128 bits of each MD5 as two numbers, the first of more weight."""
    salted = md5(salt.encode(), usedforsecurity=False)

    def digest(key: str) -> bytes:
        content = salted.copy()
        content.update(key.encode())
        return content.digest()

    return np.frombuffer(b"".join(map(digest, keys)), ">u8").reshape(-1, 2).T.astype(np.uint64)
