"""Small trees of the exact layouts in which the makers of the data sets publish them."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

from metaprior.data import dsprites_official, smallnorb
from metaprior.data.vtab import splits
from metaprior.data.vtab.classes import CALTECH101, DTD, EUROSAT, RESISC45
from metaprior.data.vtab.kitti_split import kitti_split
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels
from tests.data.vtab.test_kitti_split import texts
from tests.data.vtab.tfds_tree import example, record

Written = dict[str, dict[str, tuple[int, np.ndarray | None]]]
"""Label and, where files are not coded again, pixels of each key, by split."""


def put(file: Path, content: bytes | str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def counts(pictures: str) -> dict[str, int]:
    return splits.STORED[pictures]


def cifar100(folder: Path, split: str, count: int) -> dict[str, tuple[int, np.ndarray]]:
    pictures = [pixels(i + 100 * (split == "test"), 32, 32) for i in range(count)]
    rows = b"".join(bytes([i % 20, i % 100]) + p.transpose(2, 0, 1).tobytes() for i, p in enumerate(pictures))
    put(folder / "cifar-100-binary" / f"{split}.bin", rows)
    return {str(i): (i % 100, p) for i, p in enumerate(pictures)}


def svhn(folder: Path, split: str, count: int) -> dict[str, tuple[int, np.ndarray]]:
    pictures = [pixels(i, 32, 32) for i in range(count)]
    (folder / "svhn").mkdir(parents=True, exist_ok=True)
    labels = [[i % 10 or 10] for i in range(count)]
    savemat(folder / "svhn" / f"{split}_32x32.mat", {"X": np.stack(pictures, axis=-1), "y": np.array(labels, np.uint8)})
    return {str(i): (i % 10, p) for i, p in enumerate(pictures)}


def dtd(folder: Path, split: str, count: int) -> dict[str, tuple[int, np.ndarray]]:
    names = [f"{DTD[i % 47]}/{DTD[i % 47]}_{split}{i:04d}.jpg" for i in range(count)]
    for i, name in enumerate(names):
        put(folder / "dtd" / "dtd" / "images" / name, encoded(pixels(i)))
    file = {"train": "train1", "validation": "val1", "test": "test1"}[split]
    put(folder / "dtd" / "dtd" / "labels" / f"{file}.txt", "".join(f"{name}\n" for name in names))
    return {name: (i % 47, pixels(i)) for i, name in enumerate(names)}


def pets(folder: Path, split: str, count: int) -> dict[str, tuple[int, np.ndarray]]:
    root = folder / "oxford-iiit-pet"
    names = [f"Breed_{split}_{i}" for i in range(count)]
    for i, name in enumerate(names):
        put(root / "images" / f"{name}.jpg", encoded(pixels(i)))
    file = {"train": "trainval", "test": "test"}[split]
    put(root / "annotations" / f"{file}.txt", "".join(f"{n} {i % 37 + 1} 1 {i}\n" for i, n in enumerate(names)))
    return {f"{name}.jpg": (i % 37, pixels(i)) for i, name in enumerate(names)}


def patch_camelyon(folder: Path, split: str, count: int) -> dict[str, tuple[int, np.ndarray]]:
    name = "valid" if split == "validation" else split
    pictures = [pixels(i, 96, 96) for i in range(count)]
    (folder / "pcam").mkdir(parents=True, exist_ok=True)
    labels = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1) % 2
    for kind, array in {"x": np.stack(pictures), "y": labels}.items():
        with h5py.File(folder / "pcam" / f"camelyonpatch_level_2_split_{name}_{kind}.h5", "w") as file:
            file[kind] = array
    return {f"{name}_{i}": (i % 2, p) for i, p in enumerate(pictures)}


def class_folders(folder: Path, classes: tuple[str, ...], count: int) -> dict[str, tuple[int, np.ndarray]]:
    written = {}
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for i in range(count):
        name = classes[i % len(classes)]
        put(folder / name / f"{name}_{i}.jpg", encoded(pixels(i)))
        written[f"{name}_{name}_{i}.jpg"] = (i % len(classes), pixels(i))
    return written


def dmlab(folder: Path, split: str, count: int) -> dict[str, tuple[int, np.ndarray]]:
    rows = [{"image": encoded(pixels(i)), "filename": f"{split}-{i}.jpeg", "label": i % 6} for i in range(count)]
    for k in range(2):
        put(folder / "dmlab" / f"dmlab-{split}.tfrecord-0000{k}", b"".join(record(example(row)) for row in rows[k::2]))
    return {f"{split}-{i}.jpeg": (i % 6, pixels(i)) for i in range(count)}


def matrix(array: np.ndarray, magic: int) -> bytes:
    shape = (*array.shape, *(1,) * (3 - array.ndim))
    return struct.pack(f"<Ii{len(shape)}i", magic, array.ndim, *shape) + array.tobytes()


def smallnorb_files(folder: Path, split: str, count: int, column: int) -> dict[str, tuple[int, np.ndarray]]:
    part = smallnorb.PARTS[split == "test"]
    pairs = np.stack([pixels(i, 2 * 96, 96, 1).reshape(2, 96, 96) for i in range(count)])
    info = np.array([[i % 10, i % 9, 2 * (i % 18), i % 6] for i in range(count)], "<i4")
    put(folder / "smallnorb" / f"{part}-dat.mat", matrix(pairs, 0x1E3D4C55))
    put(folder / "smallnorb" / f"{part}-cat.mat", matrix(np.zeros(count, "<i4"), 0x1E3D4C54))
    put(folder / "smallnorb" / f"{part}-info.mat", matrix(info, 0x1E3D4C54))
    return {str(i): (i % (9 if column == 1 else 18), pairs[i, 0]) for i in range(count)}


def clevr(folder: Path, split: str, count: int, name: str) -> dict[str, tuple[int, np.ndarray]]:
    root, part = folder / "clevr" / "CLEVR_v1.0", "val" if split == "validation" else split
    scenes, written = [], {}
    for i in range(count):
        file, depth = f"CLEVR_{part}_{i:06d}.png", (7.5, 8.25, 8.75, 9.25, 9.75, 11.0)[i % 6]
        put(root / "images" / part / file, encoded(pixels(i)))
        objects = [{"pixel_coords": [1, 2, depth + (j > 0)]} for j in range(3 + i % 8)]
        scenes.append({"image_filename": file, "objects": objects})
        written[file] = (i % 8 if name == "clevr-count" else i % 6, pixels(i))
    put(root / "scenes" / f"CLEVR_{part}_scenes.json", json.dumps({"info": {}, "scenes": scenes}))
    return written


def write(name: str, folder: Path) -> Written:
    """The official files of a task, and what is in them."""
    pictures = VTAB[name].pictures
    by_split: dict[str, Callable] = {"cifar100": cifar100, "svhn": svhn, "dtd": dtd, "pets": pets, "dmlab": dmlab}
    by_split |= {"patch-camelyon": patch_camelyon}
    if pictures in by_split:
        return {split: by_split[pictures](folder, split, n) for split, n in counts(pictures).items()}
    if pictures == "smallnorb":
        column = 1 if name.endswith("elevation") else 2
        return {split: smallnorb_files(folder, split, n, column) for split, n in counts(pictures).items()}
    if pictures == "clevr":
        return {split: clevr(folder, split, n, name) for split, n in counts(pictures).items()}
    if pictures == "eurosat":
        return {"train": class_folders(folder / "eurosat" / "2750", EUROSAT, 20)}
    if pictures == "resisc45":
        return {"train": class_folders(folder / "NWPU-RESISC45", RESISC45, 20)}
    return {
        "flowers102": flowers,
        "caltech101": caltech,
        "kitti": kitti,
        "dsprites": dsprites,
        "retinopathy": retinopathy,
    }[pictures](folder, name)


def flowers(folder: Path, name: str) -> Written:
    root = folder / "flowers-102"
    numbers = np.random.default_rng(0).permutation(40) + 1
    labels = np.arange(40, dtype=np.uint8) % 102 + 1
    for number in numbers:
        put(root / "jpg" / f"image_{number:05d}.jpg", encoded(pixels(int(number))))
    ids = {"trnid": numbers[:20], "valid": numbers[20:30], "tstid": numbers[30:]}
    savemat(root / "imagelabels.mat", {"labels": labels[None]})
    savemat(root / "setid.mat", {key: its[None].astype(np.uint16) for key, its in ids.items()})
    return {
        split: {f"image_{i:05d}.jpg": (int(labels[i - 1]) - 1, pixels(int(i))) for i in its}
        for split, its in zip(("train", "validation", "test"), ids.values(), strict=True)
    }


def caltech(folder: Path, name: str) -> Written:
    written: Written = {"train": {}, "test": {}}
    for i in range(30):
        split, label = ("test", "train")[i % 3 > 0], i % 102
        key = f"{CALTECH101[label]}/image_{i:04d}.jpg"
        put(folder / "caltech101" / "101_ObjectCategories" / key, encoded(pixels(i)))
        written[split][key] = (label, pixels(i))
    put(folder / "caltech101" / "101_ObjectCategories" / "BACKGROUND_Google" / "tmp", "the archive has this, too")
    put(folder / "caltech101" / "caltech101-train.txt", "\n".join(written["train"]))
    return written


def kitti(folder: Path, name: str) -> Written:
    root = folder / "Kitti" / "raw"
    order, mapping = texts()
    split = kitti_split(order, mapping)
    put(root / "mapping" / "train_rand.txt", order)
    put(root / "mapping" / "train_mapping.txt", mapping)
    splits.STORED["kitti"].update({part: len(its) for part, its in split.items()})
    rows = ("Car 0 0 0 1 2 3 4 1 1 1 0.1 0.2 {} 0", "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10")
    written: Written = {part: {} for part in split}
    for part, its in split.items():
        for i in its:
            text = "\n".join((rows[0].format((5.5, 15.5, 50.5)[i % 4]), rows[1]) if i % 4 < 3 else rows[1:])
            put(root / "training" / "label_2" / f"{i:06d}.txt", text + "\n")
            put(root / "training" / "image_2" / f"{i:06d}.png", encoded(pixels(i)))
            written[part][f"{i:06d}.png"] = (i % 4, pixels(i))
    return written


def dsprites(folder: Path, name: str, kind: str = "hdf5") -> Written:
    pictures = np.stack([pixels(i, 64, 64, 1) % 2 for i in range(20)])
    latents = np.stack([np.array([0, 1, 2, i % 40 * 2, 31 - i, i]) for i in range(20)])
    (folder / "dsprites").mkdir(parents=True, exist_ok=True)
    if kind == "npz":
        np.savez(folder / "dsprites" / f"{dsprites_official.STEM}.npz", imgs=pictures, latents_classes=latents)
    else:
        with h5py.File(folder / "dsprites" / f"{dsprites_official.STEM}.hdf5", "w") as file:
            file.create_dataset("imgs", data=pictures, chunks=(7, 64, 64))
            file["latents/classes"] = latents
    label = (lambda i: (31 - i) // 2) if name == "dsprites-location" else (lambda i: int(i * 2 / 2.5))
    return {"train": {str(i): (label(i), pictures[i] * 255) for i in range(20)}}


def retinopathy(folder: Path, name: str) -> Written:
    root, written = folder / "retinopathy", {"train": {}, "validation": {}, "test": {}}
    tables = {"trainLabels.csv": ["image,level"], "retinopathy_solution.csv": ["image,level,Usage"]}
    for i in range(40):
        split = "train" if i < 20 else ("validation", "test")[i % 2]
        key = f"{i}_left"
        put(root / ("train" if split == "train" else "test") / f"{key}.jpeg", encoded(pixels(i, 40, 50), "JPEG"))
        if split == "train":
            tables["trainLabels.csv"].append(f"{key},{i % 5}")
        else:
            usage = "Public" if split == "validation" else "Private"
            tables["retinopathy_solution.csv"].append(f"{key},{i % 5},{usage}")
        written[split][key] = (i % 5, None)
    for file, lines in tables.items():
        put(root / file, "\n".join(lines))
    return written
