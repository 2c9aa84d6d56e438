"""SUN397: the shipped lists, and a small tree of the archive's layout."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metaprior.core import MetapriorError
from metaprior.data.pictures import decode
from metaprior.data.vtab import splits
from metaprior.data.vtab.order import is_stored_order, stored_order
from metaprior.data.vtab.sources import sun397
from metaprior.data.vtab.sources.choose import choose
from metaprior.data.vtab.tasks import VTAB
from tests.data.vtab.small import encoded, pixels, shrink


def folder_of(name: str) -> str:
    return name.rsplit("/", 1)[0]


def test_two_bits_a_name_make_up_the_three_lists():
    assert np.bincount(sun397.split_of_each(108_753)).tolist() == [76_128, 10_875, 21_750]


def test_the_published_1000():
    names = sun397.few()
    train, val = names[:800], names[800:]
    assert train[0] == "/r/rope_bridge/sun_biqflnsoednmhvce.jpg"
    assert val[0] == "/b/boathouse/sun_armmkazxnlvxglwr.jpg"
    assert (len(set(train)), len(set(val)), len(set(names))) == (800, 200, 1000)
    assert is_stored_order(train, "train")
    assert is_stored_order(val, "validation")
    classes = {folder_of(name) for name in train}, {folder_of(name) for name in val}
    assert (len(classes[0]), len(classes[1]), len(classes[1] - classes[0])) == (309, 136, 16)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Forty pictures in four folders, the split of each drawn at random."""
    shrink(monkeypatch)
    folders = ("a/abbey", "c/car_interior/backseat", "c/car_interior/frontseat", "y/youth_hostel")
    names = sorted(f"/{folders[i % 4]}/sun_{i:04d}.jpg" for i in range(40))
    for i, name in enumerate([*names, sun397.UNUSED]):
        file = tmp_path / "SUN397" / name[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(pixels(i, 300, 500) if i == 0 else pixels(i)))
    drawn = np.random.default_rng(0).permutation([0] * 20 + [1] * 10 + [2] * 10)
    monkeypatch.setattr(sun397, "split_of_each", lambda count: drawn[:count])
    monkeypatch.setattr(sun397, "NAMES_SHA256", sha256("".join(f"{n}\n" for n in names).encode()).hexdigest())
    return [f"{split} {name}" for split, name in zip(drawn, names, strict=True)]


def test_examples_are_cut_from_the_stored_order(tree: list[str], tmp_path: Path):
    data = choose(VTAB["sun397"], tmp_path, "1k")
    own = [line[2:] for line in tree if line.startswith("0")]
    assert list(data.train.pictures.keys) == [own[i] for i in stored_order(own, "train")[:4]]
    classes = sorted({folder_of(line[2:]) for line in tree})
    assert data.test.labels.tolist() == [classes.index(folder_of(key)) for key in data.test.pictures.keys]
    assert (len(data.train), len(data.val), len(data.test)) == (4, 2, 10)
    assert data.caveat


def test_large_pictures_are_shrunk_and_all_are_coded_again(tree: list[str], tmp_path: Path):
    large = sun397.small((tmp_path / "SUN397" / tree[0][3:]).read_bytes(), "large")
    assert decode(large, "large").shape == (3, 268, 447)  # of 300×500, scaled by the root of 120,000 / 150,000
    assert Image.open(tmp_path / "SUN397" / tree[1][3:]).size == (7, 5)
    assert decode(sun397.small(encoded(pixels(1)), "small"), "small").shape == (3, 5, 7)


def test_another_set_of_names(tree: list[str], tmp_path: Path):
    (tmp_path / "SUN397" / tree[3][3:]).unlink()
    with pytest.raises(MetapriorError, match="39 pictures that are not the 108,753 of SUN397"):
        choose(VTAB["sun397"], tmp_path, "1k")


def test_parts_are_of_the_whole(monkeypatch: pytest.MonkeyPatch):
    assert splits.STORED["sun397"] == {"train": 76_128, "validation": 10_875, "test": 21_750}
