"""Folders as TFDS prepares them: every task from records with the features that its builder writes."""

from pathlib import Path

import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab import splits
from metaprior.data.vtab.order import stored_order_of_numbers
from metaprior.data.vtab.sources.tfds import SHORTER, TFDS
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels, shrink
from tests.data.vtab.tfds_tree import stored, write, write_split


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch):
    shrink(monkeypatch)


def load(name: str, folder: Path, setting="1k"):
    found = TFDS.find(VTAB[name], folder, setting)
    assert found is not None
    assert not found.lacks
    return TFDS.load(VTAB[name], found.path, setting)


@pytest.mark.parametrize("below", ["", "tensorflow_datasets"])
@pytest.mark.parametrize("name", VTAB)
def test_slices_of_what_is_stored(name: str, below: str, tmp_path: Path):
    pictures = VTAB[name].pictures
    write(tmp_path / below, pictures)
    for setting in ("1k", "full"):
        data = load(name, tmp_path, setting)
        for part, examples in zip(splits.parts(pictures, setting), (data.train, data.val, data.test), strict=True):
            written = stored(pictures, part.split)[part.start : part.stop]
            assert list(examples.pictures.keys) == [key for key, _, _ in written]
            assert examples.labels.tolist() == [labels[name] for _, _, labels in written]
            assert len(examples) > 0
    assert (len(load(name, tmp_path).train), len(load(name, tmp_path).val)) == (4, 2)


def test_pixels_are_those_written(tmp_path: Path):
    write(tmp_path, "cifar100")
    train = load("cifar100", tmp_path).train
    for i, key in enumerate(train.pictures.keys):
        assert (train.pictures[i].permute(1, 2, 0).numpy() == pixels(int(key))).all()
        assert train.pictures.encoded(i) == encoded(pixels(int(key)))


def test_dsprites_is_black_and_white(tmp_path: Path):
    write(tmp_path, "dsprites")
    pictures = load("dsprites-location", tmp_path).train.pictures
    assert pictures[0].unique().tolist() == [0, 255]
    assert pictures.encoded(0) is None  # its file holds 0 and 1


def test_a_version_without_ids_is_numbered_by_the_order(tmp_path: Path):
    write(tmp_path, "svhn")
    assert list(load("svhn", tmp_path).train.pictures.keys) == [
        str(i) for i in stored_order_of_numbers(20, "train")[:4]
    ]


def test_the_newest_version(tmp_path: Path):
    write(tmp_path, "dtd").rename(tmp_path / "dtd" / "3.0.9")
    write(tmp_path, "dtd").rename(tmp_path / "dtd" / "3.0.10")
    found = TFDS.find(VTAB["dtd"], tmp_path, "1k")
    assert found is not None
    assert found.path.name == "3.0.10"


def test_a_shard_that_is_missing(tmp_path: Path):
    next(write(tmp_path, "dtd").glob("*validation*-00001-of-*")).unlink()
    found = TFDS.find(VTAB["dtd"], tmp_path, "1k")
    assert found is not None
    assert "2 of the 3 shards of validation" in found.lacks


def test_another_order(tmp_path: Path):
    path = tmp_path / "dtd" / "3.0.1"
    for split in splits.STORED["dtd"]:
        features = [each for _, each, _ in stored("dtd", split)]
        write_split(path, "dtd", split, [features[::-1]])
    with pytest.raises(MetapriorError, match=r"the train split .* not in the order of TFDS"):
        load("dtd", tmp_path)


def test_a_shard_of_another_length(tmp_path: Path):
    path = write(tmp_path, "dtd")
    (path / "dtd-train.tfrecord-00000-of-00003").write_bytes((path / "dtd-train.tfrecord-00001-of-00003").read_bytes())
    with pytest.raises(MetapriorError, match="tells of 20 examples in the 3 shards of train, and there are 18"):
        load("dtd", tmp_path)


def test_another_number_of_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "dtd")
    monkeypatch.setitem(splits.STORED, "dtd", {"train": 1880, "validation": 10, "test": 10})
    with pytest.raises(MetapriorError, match="has 20 examples in train, and there are 1,880"):
        load("dtd", tmp_path)


def test_sun397_may_lack_the_one_picture_that_newer_tfds_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "sun397")
    monkeypatch.setitem(splits.STORED, "sun397", {"train": 21, "validation": 10, "test": 10})
    with pytest.raises(MetapriorError, match="has 20 examples in train, and there are 21"):
        load("sun397", tmp_path)
    monkeypatch.setitem(SHORTER, ("sun397", "train"), 20)
    assert len(load("sun397", tmp_path, "full").train) == 20


def test_a_damaged_record_names_its_file(tmp_path: Path):
    file = write(tmp_path, "dtd") / "dtd-train.tfrecord-00000-of-00003"
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    with pytest.raises(MetapriorError, match=r"dtd-train\.tfrecord-00000-of-00003 is damaged: record 0"):
        load("dtd", tmp_path)


def test_a_picture_that_cannot_be_decoded_names_its_record(tmp_path: Path):
    path = tmp_path / "dtd" / "3.0.1"
    for split in splits.STORED["dtd"]:
        write_split(path, "dtd", split, [[each | {"image": b"no PNG"} for _, each, _ in stored("dtd", split)]])
    train = load("dtd", tmp_path).train
    with pytest.raises(
        MetapriorError, match=r"the picture of record 0 .*dtd-train\.tfrecord-00000-of-00001 is not a re"
    ):
        train.pictures[0]


def test_a_record_without_a_label(tmp_path: Path):
    path = tmp_path / "dtd" / "3.0.1"
    for split in splits.STORED["dtd"]:
        without = [{k: v for k, v in each.items() if k != "label"} for _, each, _ in stored("dtd", split)]
        write_split(path, "dtd", split, [without])
    with pytest.raises(MetapriorError, match="record 0 has no dtd: 'label'"):
        load("dtd", tmp_path)


def test_a_label_out_of_range(tmp_path: Path):
    path = tmp_path / "dtd" / "3.0.1"
    for split in splits.STORED["dtd"]:
        write_split(path, "dtd", split, [[each | {"label": 47} for _, each, _ in stored("dtd", split)]])
    with pytest.raises(MetapriorError, match=r"the label 47 at .* classes are 0 to 46"):
        load("dtd", tmp_path)
