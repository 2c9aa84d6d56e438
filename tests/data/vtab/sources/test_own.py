"""The makers' own files: small trees of the exact official layouts, and what goes wrong in them."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data import dsprites_official
from metaprior.data.vtab import splits
from metaprior.data.vtab.order import stored_order
from metaprior.data.vtab.sources.own import OWN, OWN_FILES
from metaprior.data.vtab.splits import Part
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.own_trees import counts, dsprites, put, write
from tests.data.vtab.small import pixels, shrink


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


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
