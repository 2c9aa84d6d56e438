"""The published numbers of Caltech101's 1,000, against other draws."""

import numpy as np
import pytest

from metaprior.data.vtab.caltech101 import caltech101_caveat, published


def keys(numbers: list[int]) -> list[str]:
    return [f"accordion/image_{number:04d}.jpg" for number in numbers]


def test_there_are_a_thousand():
    train, val = published()
    assert (train.total(), val.total()) == (800, 200)
    assert max(train | val) <= 800  # of airplanes, the largest class
    assert train[546] == train[662] == train[794] == 1  # of large classes, where numbers seldom recur


def test_those_that_were_published_need_no_caveat():
    train, val = (list(counter.elements()) for counter in published())
    assert caltech101_caveat(keys(train), keys(val)) == ""


@pytest.mark.parametrize("seed", [0, 1])
def test_another_draw_is_told(seed: int):
    """30 of the numbers of each of 102 classes of about the sizes that the set has, the median 59."""
    generator = np.random.default_rng(seed)
    sizes = [*generator.integers(31, 128, 96), 200, 239, 435, 435, 798, 800]
    drawn = np.concatenate([generator.permutation(size)[:30] + 1 for size in sizes])
    few = generator.permutation(drawn)[:1000].tolist()
    assert "another draw of TFDS" in caltech101_caveat(keys(few[:800]), keys(few[800:]))
