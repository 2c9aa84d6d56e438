"""Pictures by key, and examples made of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.encoded import pictures_of_encoded, pictures_of_files
from metaprior.data.vtab.examples import Examples, Pictures
from tests.data.vtab.small import encoded, pixels


def pictures(origin: str, count: int, start: int = 0) -> Pictures:
    keys = [f"{i}.png" for i in range(start, start + count)]
    return Pictures(origin, keys, lambda i: torch.full((1, 2, 2), start + i, dtype=torch.uint8))


def test_taken_and_joined_pictures_keep_their_keys():
    joined = pictures("a", 5).take([4, 0]) + pictures("a", 2, start=10)
    assert list(joined.keys) == ["4.png", "0.png", "10.png", "11.png"]
    assert [int(joined[i].max()) for i in range(4)] == [4, 0, 10, 11]
    assert joined.origin == "a"


def test_a_digest_tells_origin_keys_and_order():
    one = pictures("a", 3)
    assert one.digest == pictures("a", 3).digest
    renamed = Pictures("a", ["x.png", "1.png", "2.png"], one.read)
    others = (pictures("b", 3), one.take([1, 0, 2]), one.take([0, 1]), renamed)
    assert len({one.digest, *(other.digest for other in others)}) == 5


def test_a_digest_tells_shapes():
    wide, high = (torch.zeros(shape, dtype=torch.uint8) for shape in ((1, 2, 3), (1, 3, 2)))
    assert Pictures("a", ["0"], lambda i: wide).digest != Pictures("a", ["0"], lambda i: high).digest


def test_taken_and_joined_pictures_keep_their_files():
    filed = pictures_of_encoded("a", ["0", "1", "2"], lambda i: encoded(pixels(i)), str)
    joined = filed.take([2, 0]) + filed.take([1])
    assert [joined.encoded(i) for i in range(3)] == [encoded(pixels(i)) for i in (2, 0, 1)]


def test_a_digest_tells_what_a_file_holds(tmp_path: Path):
    files = [tmp_path / "0.png", tmp_path / "1.png"]

    def digest() -> str:
        return pictures_of_files("a", ["0", "1"], files).digest

    for i, file in enumerate(files):
        file.write_bytes(encoded(pixels(i)))
    first = digest()
    assert digest() == first
    files[1].write_bytes(encoded(pixels(7)))
    assert digest() != first


def test_pixels_and_a_png_of_them_are_the_same_content():
    drawn = Pictures("a", ["0"], lambda i: torch.from_numpy(pixels(3).transpose(2, 0, 1).copy()))
    filed = pictures_of_encoded("a", ["0"], lambda i: encoded(pixels(3)), str)
    assert drawn.digest == filed.digest


def test_a_picture_may_be_told_by_the_file_that_it_is_made_from(tmp_path: Path):
    original = tmp_path / "original"
    original.write_bytes(b"before")
    made = encoded(pixels(3))
    before = pictures_of_encoded("a", ["0"], lambda i: made, str, [original]).digest
    original.write_bytes(b"after")
    assert pictures_of_encoded("a", ["0"], lambda i: made, str, [original]).digest != before


def test_each_picture_is_looked_at_once_for_all_that_share_it():
    asked = []

    def read(i: int) -> torch.Tensor:
        asked.append(i)
        return torch.full((1, 2, 2), i, dtype=torch.uint8)

    whole = Pictures("a", ["0", "1", "2"], read)
    assert (whole.take([2, 0]) + whole.take([1])).digest == whole.take([2, 0, 1]).digest
    assert sorted(asked) == [0, 1, 2]


def test_joined_examples_keep_their_labels():
    first = Examples(pictures("a", 3), np.array([0, 1, 2]), 3)
    second = Examples(pictures("a", 2, start=3), np.array([2, 0]), 3)
    assert (first.take([2, 0]) + second).labels.tolist() == [2, 0, 2, 0]


@pytest.mark.parametrize("labels", [[0, 3], [0, -1]])
def test_a_label_outside_the_classes_is_named(labels: list[int]):
    with pytest.raises(MetapriorError, match=rf"the label {labels[1]} at 1.png, and classes are 0 to 2"):
        Examples(pictures("a", 2), np.array(labels), 3)


def test_as_many_labels_as_pictures():
    with pytest.raises(MetapriorError, match="2 pictures and 1 labels"):
        Examples(pictures("a", 2), np.array([0]), 3)


def test_labels_of_any_integers_become_int64():
    for labels in (np.array([0, 1], np.int32), [0, 1], torch.tensor([0, 1])):
        found = Examples(pictures("a", 2), labels, 3).labels  # type: ignore[arg-type]
        assert (found.dtype, found.tolist()) == (np.int64, [0, 1])


@pytest.mark.parametrize("labels", [np.array([0.0, 1.0]), np.array([[0], [1]]), np.array(["0", "1"])])
def test_labels_are_a_row_of_integers(labels: np.ndarray):
    with pytest.raises(MetapriorError, match="they are a row of integers"):
        Examples(pictures("a", 2), labels, 3)


@pytest.mark.parametrize("picture", [torch.zeros(4, 2, 2, dtype=torch.uint8), torch.zeros(3, 2, 2), torch.zeros(2, 2)])
def test_a_picture_that_is_none_is_named(picture: torch.Tensor):
    made = Pictures("a", ["0.png"], lambda i: picture)
    for look in (lambda: made[0], lambda: made.digest):
        with pytest.raises(MetapriorError, match=r"0\.png, a, is .*; a picture is uint8, channels x height x width"):
            look()
