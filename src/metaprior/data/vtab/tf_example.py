"""The features of a ``tf.Example``, from its bytes, without TensorFlow."""

import struct
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from metaprior.core import MetapriorError

Values: TypeAlias = list[bytes] | np.ndarray
"""Of one feature: strings of bytes, float32 or int64."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
STRINGS, FLOATS, WHOLES = 1, 2, 3


def parse_example(content: bytes) -> dict[str, Values]:
    """The features by name.

    An ``Example`` holds ``Features`` (field 1), a map (field 1) of entries of a name (1) and a ``Feature`` (2), which
    is a list of bytes (1), floats (2) or integers (3). Source: TensorFlow, ``core/example/{example,feature}.proto``.
    """
    try:
        return dict(_entry(entry) for features in _messages(memoryview(content), 1) for entry in _messages(features, 1))
    except (IndexError, ValueError, struct.error, KeyError) as error:
        raise MetapriorError(f"not a tf.Example: {error}") from error


def _entry(entry: memoryview) -> tuple[str, Values]:
    fields = {number: value for number, _, value in _fields(entry)}
    return str(bytes(fields[1]), "utf-8"), _values(fields[2])


def _values(feature: memoryview) -> Values:
    for kind, _, content in _fields(feature):
        parts = [(wire, value) for number, wire, value in _fields(content) if number == 1]
        if kind == STRINGS:
            return [bytes(value) for _, value in parts]
        if kind == FLOATS:  # packed in one part, or one part a number
            return np.frombuffer(b"".join(bytes(value) for _, value in parts), "<f4")
        if kind == WHOLES:
            numbers = [n for wire, value in parts for n in (_varints(value) if wire == BYTES else [_number(value)])]
            return np.array(numbers, np.uint64).astype(np.int64)
    return []


def _messages(content: memoryview, wanted: int) -> Iterator[memoryview]:
    return (value for number, _, value in _fields(content) if number == wanted)


def _fields(content: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Number, wire type and bytes of each field of a message."""
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        wire = tag & 7
        if wire == BYTES:
            length, place = _varint(content, place)
            end = place + length
        elif wire in (FIXED32, FIXED64):
            end = place + (4 if wire == FIXED32 else 8)
        elif wire == VARINT:
            end = _varint(content, place)[1]
        else:
            raise ValueError(f"a field of wire type {wire}")
        if end > len(content):
            raise ValueError(f"a field ends {end - len(content)} bytes after its message")
        yield tag >> 3, wire, content[place:end]
        place = end


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = content[place]
    if value < 128:  # most are of one byte
        return value, place + 1
    value = shift = 0
    while True:
        byte = content[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7


def _number(content: memoryview) -> int:
    return _varint(content, 0)[0]


def _varints(content: memoryview) -> Iterator[int]:
    place = 0
    while place < len(content):
        value, place = _varint(content, place)
        yield value
