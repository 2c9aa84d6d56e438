"""Slices of the stored splits: sizes as the benchmark's own tests assert them."""

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.order import stored_order
from metaprior.data.vtab.splits import PARTS, STORED, Part, ordered, ordered_numbers, parts
from metaprior.data.vtab.tasks import VTAB


@pytest.mark.parametrize("name", VTAB)
def test_sizes_of_the_slices_are_those_of_the_task(name: str):
    task = VTAB[name]
    stored = STORED[task.pictures]
    assert tuple(len(part.places(stored[part.split])) for part in PARTS[task.pictures]) == task.sizes


@pytest.mark.parametrize("name", VTAB)
def test_parts_of_one_split_do_not_overlap(name: str):
    stored = STORED[VTAB[name].pictures]
    taken = [(part.split, place) for part in PARTS[VTAB[name].pictures] for place in part.places(stored[part.split])]
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(
    ("pictures", "val200"),
    [
        ("caltech101", Part("train", 2754, 2954)),
        ("cifar100", Part("train", 45_000, 45_200)),
        ("dtd", Part("validation", 0, 200)),
        ("flowers102", Part("validation", 0, 200)),
        ("pets", Part("train", 2944, 3144)),
        ("svhn", Part("train", 65_931, 66_131)),
        ("sun397", Part("validation", 0, 200)),
        ("patch-camelyon", Part("validation", 0, 200)),
        ("eurosat", Part("train", 16_200, 16_400)),
        ("resisc45", Part("train", 18_900, 19_100)),
        ("retinopathy", Part("validation", 0, 200)),
        ("clevr", Part("train", 63_000, 63_200)),
        ("dmlab", Part("validation", 0, 200)),
        ("kitti", Part("validation", 0, 200)),
        ("dsprites", Part("train", 589_824, 590_024)),
        ("smallnorb", Part("test", 0, 200)),
    ],
)
def test_val200(pictures: str, val200: Part):
    assert parts(pictures, "1k")[:2] == (Part("train", 0, 800), val200)
    assert parts(pictures, "1k")[2] == PARTS[pictures][2]


def test_a_part_of_named_examples():
    keys = [f"image_{i:05d}.jpg" for i in range(1020)]
    chosen = ordered("flowers102", Part("validation", 0, 200), keys)
    assert (chosen == stored_order(keys, "validation")[:200]).all()


def test_names_in_another_order_give_the_same_examples():
    keys = [f"image_{i:05d}.jpg" for i in range(1020)]
    mixed = np.random.default_rng(0).permutation(keys).tolist()
    part = Part("train", 0, 800)
    assert [keys[i] for i in ordered("flowers102", part, keys)] == [
        mixed[i] for i in ordered("flowers102", part, mixed)
    ]


def test_numbers_are_names():
    part = Part("test", 12_150)
    assert (
        ordered_numbers("smallnorb", part, 24_300) == ordered("smallnorb", part, list(map(str, range(24_300))))
    ).all()


def test_an_incomplete_split_has_another_order():
    with pytest.raises(MetapriorError, match="dtd: 1,879 examples of its train split are there, and 1,880"):
        ordered("dtd", Part("train"), [str(i) for i in range(1879)])
