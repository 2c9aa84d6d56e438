"""Tar files as CLIP benchmark exports them, and what cannot be had from them."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data.vtab.sources.webdataset import NAMES, WEBDATASET
from metaprior.data.vtab.task import Task
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import pixels


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def write(folder: Path, counts: dict[str, list[int]], values: int = 100) -> Path:
    """So many examples in each tar of each split, whose labels count up."""
    for split, tars in counts.items():
        (folder / split).mkdir(parents=True)
        (folder / split / "nshards.txt").write_text(f"{len(tars)}\n")
        i = 0
        for number, count in enumerate(tars):
            with tarfile.open(folder / split / f"{number}.tar", "w") as archive:
                for _ in range(count):
                    file = io.BytesIO()
                    Image.fromarray(pixels(i)).save(file, "webp", lossless=True)
                    add(archive, f"s{i:07d}.cls", str(i % values).encode())
                    add(archive, f"s{i:07d}.webp", file.getvalue())
                    i += 1
    (folder / "classnames.txt").write_text("apple\n\n")
    return folder


def small(name: str, train: int = 20, test: int = 8) -> Task:
    return replace(VTAB[name], sizes=(train, 5, test))


def load(task: Task, folder: Path):
    found = WEBDATASET.find(task, folder, "full")
    assert found is not None
    assert not found.lacks
    return WEBDATASET.load(task, found.path, "full")


def test_the_last_tenth_of_train_selects_and_it_is_said(tmp_path: Path):
    write(tmp_path / "clip-benchmark" / "wds_vtab-cifar100", {"train": [12, 8], "test": [8]})
    data = load(small("cifar100"), tmp_path)
    assert data.train.labels.tolist() == list(range(18))
    assert data.val.labels.tolist() == [18, 19]
    assert "without the validation set" in data.caveat
    for i in range(18):
        assert (data.train.pictures[i].permute(1, 2, 0).numpy() == pixels(i)).all()


def test_the_1000_are_refused_with_the_reason(tmp_path: Path):
    write(tmp_path / "wds_vtab-cifar100", {"train": [20], "test": [8]})
    found = WEBDATASET.find(small("cifar100"), tmp_path, "1k")
    assert found is not None
    assert "val200 (the export has no validation set" in found.lacks


@pytest.mark.parametrize(("name", "values"), [("dsprites-location", 32), ("dsprites-orientation", 40)])
def test_labels_that_were_exported_unbinned_are_binned(name: str, values: int, tmp_path: Path):
    write(tmp_path / f"wds_vtab-{NAMES[name]}", {"train": [values], "test": [values]}, values)
    data = load(small(name, values, values), tmp_path)
    assert data.test.labels.tolist() == [int(value / (values / 16)) for value in range(values)]


def test_a_tar_that_is_missing(tmp_path: Path):
    write(tmp_path / "wds_vtab-cifar100", {"train": [12, 8], "test": [8]})
    (tmp_path / "wds_vtab-cifar100" / "train" / "1.tar").unlink()
    found = WEBDATASET.find(small("cifar100"), tmp_path, "full")
    assert found is not None
    assert found.lacks.startswith("all tar files of train in ")


def test_exports_with_a_fault(tmp_path: Path):
    path = write(tmp_path / "wds_vtab-cifar100", {"train": [20], "test": [8]})
    with pytest.raises(MetapriorError, match=r"train has 20 examples, not 21"):
        load(small("cifar100", 21), tmp_path)
    with tarfile.open(path / "test" / "0.tar", "a") as archive:
        add(archive, "s0000099.webp", b"no label")
    with pytest.raises(MetapriorError, match=r"0\.tar has a picture or a label alone for s0000099"):
        load(small("cifar100", 20, 9), tmp_path)


def test_sun397_was_exported_with_another_split(tmp_path: Path):
    assert WEBDATASET.find(VTAB["sun397"], tmp_path, "full") is None


def test_a_damaged_tar_is_named(tmp_path: Path):
    path = write(tmp_path / "wds_vtab-cifar100", {"train": [20], "test": [8]})
    (path / "test" / "0.tar").write_bytes(b"no tar")
    with pytest.raises(MetapriorError, match=r"0\.tar is damaged"):
        load(small("cifar100"), tmp_path)
