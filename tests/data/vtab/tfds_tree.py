"""A folder as TFDS prepares it, written without TensorFlow: an independent writer for the reader's tests."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def slow_crc32c(content: bytes) -> int:
    """CRC-32C bit by bit, as it is defined."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(content: bytes) -> bytes:
    crc = slow_crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32)


def varint(value: int) -> bytes:
    value %= 2**64
    parts = []
    while True:
        value, low = value >> 7, value & 127
        parts.append(low | (128 if value else 0))
        if not value:
            return bytes(parts)


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def example(features: dict[str, object]) -> bytes:
    """A tf.Example of bytes or text, whole numbers or floats, or lists of them."""
    entries = b""
    for name, value in features.items():
        values = value if isinstance(value, list | np.ndarray) else [value]
        if all(isinstance(v, bytes | str) for v in values) and len(values):
            feature = message(1, b"".join(message(1, v.encode() if isinstance(v, str) else v) for v in values))
        elif any(isinstance(v, float) for v in values):
            feature = message(2, message(1, struct.pack(f"<{len(values)}f", *values)))
        else:
            feature = message(3, message(1, b"".join(varint(int(v)) for v in values)))
        entries += message(1, message(1, name.encode()) + message(2, feature))
    return message(1, entries)


def record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def write_split(folder: Path, name: str, split: str, shards: Sequence[Sequence[dict[str, object]]]) -> None:
    """The shards of one split, and its entry in ``dataset_info.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, shard in enumerate(shards):
        file = folder / f"{name}-{split}.tfrecord-{i:05d}-of-{len(shards):05d}"
        file.write_bytes(b"".join(record(example(features)) for features in shard))
    info = folder / "dataset_info.json"
    known = json.loads(info.read_text()) if info.is_file() else {"name": name, "fileFormat": "tfrecord", "splits": []}
    known["splits"].append({"name": split, "shardLengths": [str(len(shard)) for shard in shards], "numBytes": "1"})
    info.write_text(json.dumps(known))
