"""tf.Example against a writer of its own, and against bytes spelled out by hand."""

import numpy as np
import pytest

from metaprior.core import MetapriorError
from metaprior.data.vtab.tf_example import parse_example
from tests.data.vtab.tfds_tree import example


def test_bytes_spelled_out():
    """{"a": [1, 300]} by the rules of protocol buffers: 300 is ac 02."""
    content = bytes.fromhex("0a0e 0a0c 0a0161 1207 1a05 0a03 01ac02".replace(" ", ""))
    assert parse_example(content)["a"].tolist() == [1, 300]


def test_integers_that_are_not_packed():
    content = bytes.fromhex("0a0e 0a0c 0a0161 1207 1a05 0801 08ac02".replace(" ", ""))
    assert parse_example(content)["a"].tolist() == [1, 300]


def test_each_kind_of_value():
    found = parse_example(example({"image": b"\x00\xff", "labels": [0, 7, -1], "z": [0.5, -8.25], "name": "a/é.jpg"}))
    assert found["image"] == [b"\x00\xff"]
    assert found["labels"].tolist() == [0, 7, -1]
    assert found["z"].tolist() == [0.5, -8.25]
    assert found["z"].dtype == np.float32
    assert found["name"][0].decode() == "a/é.jpg"


def test_a_feature_without_values():
    assert len(parse_example(example({"objects": []}))["objects"]) == 0


@pytest.mark.parametrize("content", [b"\x0a\x05ab", b"\xff", b"\x0b", b"\x0a\x02\x0a\x00"])
def test_other_bytes(content: bytes):
    with pytest.raises(MetapriorError, match=r"not a tf\.Example"):
        parse_example(content)
