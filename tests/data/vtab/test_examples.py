"""Pictures by key, and examples made of them."""

import numpy as np
import pytest
import torch

from metaprior.core import MetapriorError
from metaprior.data.vtab.examples import Examples, Pictures


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
    assert len({one.digest, pictures("b", 3).digest, one.take([1, 0, 2]).digest, one.take([0, 1]).digest}) == 4


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
