"""TFDS's stored order: the vectors of the card's 1.3."""

import time

import numpy as np
import pytest

from metaprior.data.vtab.order import is_stored_order, stored_order, stored_order_of_numbers


@pytest.mark.parametrize(
    ("count", "salt", "start", "expected"),
    [
        (50_000, "train", 0, [16399, 1680, 47917, 17307, 27051, 48736, 26263, 1456, 19135, 31598, 12970, 4223]),
        (50_000, "train", 45_000, [13431, 9237, 17462]),
        (73_257, "train", 0, [16399, 1680, 47917, 17307, 27051, 70594]),
        (73_257, "train", 65_931, [21145, 64736, 23870]),
        (737_280, "train", 0, [16399, 634903, 206287, 470425]),
        (737_280, "train", 589_824, [220697, 85843, 84902]),
        (24_300, "train", 0, [16399, 1680, 17307, 1456]),
        (24_300, "test", 0, [23018, 16932, 19084]),
    ],
)
def test_numbers(count: int, salt: str, start: int, expected: list[int]):
    assert stored_order_of_numbers(count, salt)[start : start + len(expected)].tolist() == expected


@pytest.mark.parametrize(
    ("keys", "salt", "start", "expected"),
    [
        ([f"train_{i}" for i in range(262_144)], "train", 0, ["train_251464", "train_132287"]),
        ([f"valid_{i}" for i in range(32_768)], "validation", 0, ["valid_3270", "valid_10310"]),
        (
            [f"CLEVR_train_{i:06d}.png" for i in range(70_000)],
            "train",
            0,
            ["CLEVR_train_043876.png", "CLEVR_train_033421.png", "CLEVR_train_062025.png"],
        ),
        (
            [f"CLEVR_train_{i:06d}.png" for i in range(70_000)],
            "train",
            63_000,
            ["CLEVR_train_035084.png", "CLEVR_train_029360.png"],
        ),
    ],
)
def test_names(keys: list[str], salt: str, start: int, expected: list[str]):
    order = stored_order(keys, salt)[start : start + len(expected)]
    assert [keys[place] for place in order] == expected


def test_published_examples_of_retinopathy_are_among_the_first_800_of_35126():
    """Names that a published list of train800 begins with, in its own order, and where all of train could have been.

    Keys that were drawn at random would have all of their hashes below this bound once in 10^28 times.
    """
    published = "24261_left 20555_right 16398_left 39321_right 4082_left 15593_right 6819_left 40193_right 35116_left "
    published += "7739_left 31426_left 14723_left 33031_right 27072_left 10046_right 42174_left 10787_right 23089_left"
    rank = stored_order([*published.split(), *(f"{i}_{side}" for i in range(17_560) for side in ("l", "r"))], "train")
    assert np.flatnonzero(rank < len(published.split())).max() < 900


def test_order_is_recognised():
    keys = [f"image_{i}" for i in range(1000)]
    order = [keys[place] for place in stored_order(keys, "test")]
    assert is_stored_order(order, "test")
    assert not is_stored_order(order, "train")
    assert not is_stored_order(order[::-1], "test")


def test_the_largest_set_takes_about_a_second_once():
    stored_order_of_numbers.cache_clear()
    start = time.perf_counter()
    first = stored_order_of_numbers(737_280, "train")
    assert time.perf_counter() - start < 5
    assert stored_order_of_numbers(737_280, "train") is first
