"""A folder as TFDS prepares it, written without TensorFlow: an independent writer for the reader's tests."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from metaprior.data.vtab import splits
from metaprior.data.vtab.classes import CALTECH101, EUROSAT, RESISC45
from metaprior.data.vtab.order import stored_order
from metaprior.data.vtab.sources.tfds import NAMES
from tests.data.vtab.small import encoded, pixels


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


DEPTHS = (7.5, 8.25, 8.75, 9.25, 9.75, 11.0)


def made(pictures: str, split: str, i: int) -> tuple[str, dict[str, object], dict[str, int]]:
    """An example's key, features and labels."""
    image = encoded(pixels(i))
    label = i % 2
    text = {"dtd": "file_name", "pets": "file_name", "flowers102": "file_name", "sun397": "file_name"}
    text |= {"patch-camelyon": "id", "retinopathy": "name", "dmlab": "filename"}
    if pictures in text:
        key = f"/a/abbey/sun_{split}{i}.jpg"
        return key, {"image": image, text[pictures]: key, "label": label}, {pictures: label}
    if pictures in ("cifar100", "svhn"):
        features = {"image": image, "label": label} | ({"id": f"{split}_{i:05d}"} if pictures == "cifar100" else {})
        return str(i), features, {pictures: label}
    if pictures == "caltech101":
        label = i % len(CALTECH101)
        name = f"image_{i:04d}.jpg"
        return (
            f"{CALTECH101[label]}/{name}",
            {"image": image, "image/file_name": name, "label": label},
            {pictures: label},
        )
    if pictures in ("eurosat", "resisc45"):
        classes = EUROSAT if pictures == "eurosat" else RESISC45
        label = i % 10
        name = f"{classes[label]}_{i}.jpg"
        return f"{classes[label]}_{name}", {"image": image, "filename": name, "label": label}, {pictures: label}
    if pictures == "clevr":
        key, count = f"CLEVR_{split}_{i:06d}.png", 3 + i % 8
        depths = [DEPTHS[i % 6] + 0.125 * (j > 0) for j in range(count)]
        coordinates = [float(c) for depth in depths for c in (20.0, 30.0, depth)]
        features = {"image": image, "file_name": key, "objects/color": [0] * count}
        return key, features | {"objects/pixel_coords": coordinates}, {"clevr-count": i % 8, "clevr-distance": i % 6}
    if pictures == "kitti":
        key = f"{i:06d}.png"
        kinds, z = ([3, i % 3], [1.0, (5.0, 15.0, 50.0)[i % 4]]) if i % 4 < 3 else ([3, 7], [1.0, 2.0])
        features = {"image": image, "image/file_name": key, "objects/type": kinds}
        return (
            key,
            features | {"objects/location": [x for each in z for x in (0.5, 1.5, each)]},
            {"kitti-distance": i % 4},
        )
    if pictures == "dsprites":
        index = i * 36_007 + 5
        latents = np.unravel_index(index, (3, 6, 40, 32, 32))
        names = ("shape", "scale", "orientation", "x_position", "y_position")
        features = {f"label_{name}": int(value) for name, value in zip(names, latents, strict=True)}
        image = encoded(pixels(i, channels=1) % 2)
        labels = {"dsprites-location": latents[3] // 2, "dsprites-orientation": int(latents[2] / 2.5)}
        return str(index), features | {"image": image}, labels
    features = {"image": image, "image2": image, "label_azimuth": i % 18, "label_elevation": i % 9}
    return str(i), features, {"smallnorb-azimuth": i % 18, "smallnorb-elevation": i % 9}


def stored(pictures: str, split: str) -> list[tuple[str, dict[str, object], dict[str, int]]]:
    """The examples of a split in the order that TFDS writes them in."""
    count = splits.STORED[pictures][split]
    everything = [made(pictures, split, i) for i in range(count)]
    return [everything[place] for place in stored_order([key for key, _, _ in everything], split)]


def write(folder: Path, pictures: str) -> Path:
    path = folder / NAMES[pictures] / "3.0.1"
    for split in splits.STORED[pictures]:
        features = [each for _, each, _ in stored(pictures, split)]
        write_split(path, NAMES[pictures].split("/")[0], split, [features[:3], features[3:4], features[4:]])
    return path
