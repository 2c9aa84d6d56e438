"""The checksum of TFRecord files: CRC-32C, by tables."""

from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
from jaxtyping import UInt8, UInt32, UInt64

Crc = TypeVar("Crc", int, UInt64[np.ndarray, " n"])

POLYNOMIAL = np.uint32(0x82F63B78)
ONES = 0xFFFFFFFF
BLOCK = 1024
BYTE = np.uint32(0xFF)


def crc32c(content: bytes | memoryview) -> int:
    """CRC-32C (Castagnoli), 32 bits.

    The checksum is linear in the bits of the message: each byte contributes by its value and its distance from the end,
    so that a block is a sum (modulo 2) of entries of one table.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    values = np.frombuffer(content, np.uint8)
    head = len(values) % BLOCK
    sums = _sums(values[head:].reshape(-1, BLOCK))
    state = _advance(np.uint32(ONES), head) ^ _sums(values[None, :head])[0]
    for block in sums:
        state = _advance(state, BLOCK) ^ block
    return int(state) ^ ONES


def masked(crc: Crc) -> Crc:
    """A checksum, or several in 64 bits, as TFRecord files hold it: turned right by 15 bits, and a constant added.

    Source: TensorFlow, ``lib/hash/crc32c.h``.
    """
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & ONES


def crc32c_of_rows(rows: UInt8[np.ndarray, "n length"]) -> UInt32[np.ndarray, " n"]:
    """CRC-32C of each row, of at most 1,024 bytes."""
    return _advance(np.uint32(ONES), rows.shape[1]) ^ _sums(rows) ^ np.uint32(ONES)


def _sums(rows: UInt8[np.ndarray, "n length"]) -> UInt32[np.ndarray, " n"]:
    """What the bytes of each row contribute at its end."""
    table = _table()[: rows.shape[1]][::-1]
    return np.bitwise_xor.reduce(table[np.arange(rows.shape[1]), rows], axis=1, initial=0)


def _advance(state: np.uint32, count: int) -> np.uint32:
    """The state after ``count`` bytes of zero, at most a block."""
    if count < 4:
        for _ in range(count):
            state = _table()[0][state & BYTE] ^ (state >> np.uint32(8))
        return state
    places = np.arange(count - 1, count - 5, -1)
    return np.bitwise_xor.reduce(_table()[places, np.frombuffer(state.astype("<u4").tobytes(), np.uint8)])


@lru_cache(maxsize=1)
def _table() -> UInt32[np.ndarray, "block 256"]:
    """What a byte contributes when 0, 1, 2 … bytes follow it."""
    last = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        last = np.where(last & np.uint32(1), POLYNOMIAL ^ (last >> np.uint32(1)), last >> np.uint32(1))
    table = np.empty((BLOCK, 256), np.uint32)
    table[0] = last
    for before, row in pairwise(table):
        row[:] = last[before & BYTE] ^ (before >> np.uint32(8))
    return table
