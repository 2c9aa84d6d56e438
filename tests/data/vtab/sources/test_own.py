"""The makers' own files: small trees of the exact official layouts, and what goes wrong in them."""

import csv
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from scipy.io import savemat

from metaprior.core import MetapriorError
from metaprior.data import dsprites_official, smallnorb
from metaprior.data.vtab import splits
from metaprior.data.vtab.classes import CALTECH101, DTD, EUROSAT, RESISC45
from metaprior.data.vtab.kitti_split import kitti_split
from metaprior.data.vtab.order import stored_order
from metaprior.data.vtab.sources.own import OWN, OWN_FILES
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels, shrink
from tests.data.vtab.test_kitti_split import texts
from tests.data.vtab.tfds_tree import example, record

Written = dict[str, dict[str, tuple[int, np.ndarray | None]]]
"""Label and, where files are not coded again, pixels of each key, by split."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


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
    (folder / "svhn").mkdir(exist_ok=True)
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
    (folder / "pcam").mkdir(exist_ok=True)
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
    (folder / "dsprites").mkdir(exist_ok=True)
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


def load(name: str, folder: Path, setting="1k"):
    found = OWN.find(VTAB[name], folder, setting)
    assert found is not None
    assert not found.lacks
    return OWN.load(VTAB[name], found.path, setting)


TASKS = [name for name in VTAB if name != "sun397"]


@pytest.mark.parametrize("name", TASKS)
def test_examples_are_cut_from_the_stored_order(name: str, tmp_path: Path):
    written = write(name, tmp_path)
    assert OWN.find(VTAB[name], tmp_path / "elsewhere", "1k") is None
    for setting in ("1k", "full"):
        data = load(name, tmp_path, setting)
        for part, examples in zip(
            splits.parts(VTAB[name].pictures, setting), (data.train, data.val, data.test), strict=True
        ):
            its = written[part.split]
            keys = [list(its)[i] for i in stored_order(list(its), part.split)][part.start : part.stop]
            assert list(examples.pictures.keys) == keys
            assert examples.labels.tolist() == [its[key][0] for key in keys]
    assert (len(load(name, tmp_path).train), len(load(name, tmp_path).val)) == (4, 2)


@pytest.mark.parametrize("name", [name for name in TASKS if name != "retinopathy"])
def test_pixels_are_those_of_the_files(name: str, tmp_path: Path):
    written = write(name, tmp_path)
    data = load(name, tmp_path)
    for part, examples in zip(splits.parts(VTAB[name].pictures, "1k"), (data.train, data.val, data.test), strict=True):
        for i, key in enumerate(examples.pictures.keys):
            expected = written[part.split][key][1]
            assert expected is not None
            shown = examples.pictures[i].numpy()
            assert (shown == (expected[None] if expected.ndim == 2 else expected.transpose(2, 0, 1))).all()


@pytest.mark.parametrize("name", TASKS)
def test_one_example_less_is_another_order(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(name, tmp_path)
    split = splits.parts(VTAB[name].pictures, "1k")[0].split
    stored = splits.STORED[VTAB[name].pictures]
    monkeypatch.setitem(splits.STORED, VTAB[name].pictures, stored | {split: stored[split] + 1})
    with pytest.raises(MetapriorError, match="make up the order that the benchmark cuts"):
        load(name, tmp_path)


@pytest.mark.parametrize("name", TASKS)
def test_a_file_that_is_missing_is_named(name: str, tmp_path: Path):
    write(name, tmp_path)
    layout, names = next(
        (layout, names)
        for layout, names in OWN_FILES[VTAB[name].pictures].layouts
        if (found := OWN.find(VTAB[name], tmp_path, "1k")) and found.path == tmp_path / layout
    )
    if len(names) == 1:
        return
    there = next((tmp_path / layout).glob(names[-1]))
    for each in (tmp_path / layout).glob(names[-1]):
        each.rename(each.with_name("away"))
    found = OWN.find(VTAB[name], tmp_path, "1k")
    assert found is not None
    assert there.name.split("-0000")[0].rstrip("*") in found.lacks


def test_cifar_as_python_pickles_it(tmp_path: Path):
    """Protocol 2 with Latin letters, as Python 2 wrote it, of the same examples as the binary files."""
    write("cifar100", tmp_path)
    binary = load("cifar100", tmp_path)
    root = tmp_path / "python" / "cifar-100-python"
    for split, count in counts("cifar100").items():
        rows = np.stack([pixels(i + 100 * (split == "test"), 32, 32).transpose(2, 0, 1).ravel() for i in range(count)])
        content = {b"data": rows, b"fine_labels": [i % 100 for i in range(count)], b"coarse_labels": [0] * count}
        put(root / split, pickle.dumps(content, protocol=2).replace(b"numpy._core", b"numpy.core"))
    pickled = load("cifar100", tmp_path / "python")
    assert list(pickled.train.pictures.keys) == list(binary.train.pictures.keys)
    assert pickled.test.labels.tolist() == binary.test.labels.tolist()
    assert torch.equal(pickled.val.pictures[1], binary.val.pictures[1])


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    for split in ("train", "test"):
        put(tmp_path / "cifar-100-python" / split, pickle.dumps(Evil()))
    with pytest.raises(MetapriorError, match=r"it asks for builtins\.print"):
        load("cifar100", tmp_path)


def test_dsprites_from_the_archive_of_numpy(tmp_path: Path):
    written = dsprites(tmp_path, "dsprites-orientation", "npz")["train"]
    data = load("dsprites-orientation", tmp_path)
    for i, key in enumerate(data.train.pictures.keys):
        assert data.train.labels[i] == written[key][0]
        assert (data.train.pictures[i][0].numpy() == written[key][1]).all()


def test_gzipped_matrices_of_smallnorb(tmp_path: Path):
    import gzip

    write("smallnorb-azimuth", tmp_path)
    plain = load("smallnorb-azimuth", tmp_path)
    first = plain.val.pictures[0]
    for file in (tmp_path / "smallnorb").iterdir():
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    packed = load("smallnorb-azimuth", tmp_path)
    assert packed.val.labels.tolist() == plain.val.labels.tolist()
    assert torch.equal(packed.val.pictures[0], first)


def test_a_damaged_picture_is_named(tmp_path: Path):
    write("dtd", tmp_path)
    data = load("dtd", tmp_path)
    (tmp_path / "dtd" / "dtd" / "images" / data.train.pictures.keys[0]).write_bytes(b"no picture")
    with pytest.raises(MetapriorError, match=rf"{data.train.pictures.keys[0]} is not a readable picture"):
        data.train.pictures[0]
    (tmp_path / "dtd" / "dtd" / "images" / data.train.pictures.keys[0]).unlink()
    with pytest.raises(MetapriorError, match=rf"cannot read .*{data.train.pictures.keys[0]}"):
        data.train.pictures[0]


@pytest.mark.parametrize(
    ("name", "file", "content", "message"),
    [
        ("cifar100", "cifar-100-binary/train.bin", "12345", "train.bin is not made of rows"),
        ("svhn", "svhn/train_32x32.mat", "12345", "train_32x32.mat is not a MATLAB file"),
        ("dtd", "dtd/dtd/labels/train1.txt", "velvet/1.jpg", "a texture that DTD does not have"),
        ("pets", "oxford-iiit-pet/annotations/trainval.txt", "Abyssinian_1", "is not a list of name"),
        ("flowers102", "flowers-102/setid.mat", "12", "setid.mat is not a MATLAB file"),
        ("patch-camelyon", "pcam/camelyonpatch_level_2_split_train_y.h5", "12", "train_y.h5 is damaged"),
        ("caltech101", "caltech101/caltech101-train.txt", "x/1.jpg", "names x/1.jpg, which is not in"),
        ("retinopathy", "retinopathy/trainLabels.csv", "a,b\n1,2", "is not the contest's table"),
        ("clevr-count", "clevr/CLEVR_v1.0/scenes/CLEVR_train_scenes.json", "{}", "does not hold CLEVR's scenes"),
        ("dmlab", "dmlab/dmlab-train.tfrecord-00000", "123", "is not a whole TFRecord file"),
        ("dsprites-location", f"dsprites/{dsprites_official.STEM}.hdf5", "1", "is damaged or no such file"),
    ],
)
def test_a_damaged_file_is_named(name: str, file: str, content: str, message: str, tmp_path: Path):
    write(name, tmp_path)
    put(tmp_path / file, content)
    with pytest.raises(MetapriorError, match=message):
        load(name, tmp_path)


def test_a_damaged_label_of_kitti(tmp_path: Path):
    write("kitti-distance", tmp_path)
    for file in (tmp_path / "Kitti/raw/training/label_2").iterdir():
        file.write_text("Car 1 2")
    with pytest.raises(MetapriorError, match="does not hold KITTI's labels"):
        load("kitti-distance", tmp_path)


def test_a_label_out_of_range(tmp_path: Path):
    write("retinopathy", tmp_path)
    table = tmp_path / "retinopathy" / "trainLabels.csv"
    rows = list(csv.reader(table.read_text().splitlines()))
    put(table, "\n".join(",".join(row) for row in [rows[0], *([name, "5"] for name, _ in rows[1:])]))
    with pytest.raises(MetapriorError, match=r"the label 5 at .*, and classes are 0 to 4"):
        load("retinopathy", tmp_path)


def test_parts_of_a_stored_split():
    assert OWN_FILES.keys() == splits.STORED.keys()
    assert Part("train", 3, 8).first(2) == Part("train", 3, 5)
