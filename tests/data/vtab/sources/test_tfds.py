"""Folders as TFDS prepares them: every task from records with the features that its builder writes."""

from pathlib import Path

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab import splits
from metaprior.data.vtab.classes import CALTECH101, EUROSAT, RESISC45
from metaprior.data.vtab.order import stored_order, stored_order_of_numbers
from metaprior.data.vtab.sources.tfds import NAMES, TFDS
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels, shrink
from tests.data.vtab.tfds_tree import write_split

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
